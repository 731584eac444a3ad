/// Edits that belong together, and how much they change.
struct EditPlan {
    var edits: [PolicyEdit] = []
    /// How many fields and values are touched.
    var size = 0
    /// How far the edits reach beyond the request, as a rank among plans of a size.
    var reach = 0

    /// The most plans of a list that are combined with others.
    static let alternatives = 6

    init() {}

    init(_ edit: PolicyEdit, size: Int = 1, reach: Int) {
        self.edits = [edit]
        self.size = size
        self.reach = reach
    }

    /// Both together.
    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.edits += right.edits
        sum.size += right.size
        sum.reach += right.reach
        return sum
    }
}

extension [EditPlan] {
    /// The plans, the smallest first.
    var ranked: [EditPlan] {
        enumerated().sorted { left, right in
            (left.element.size, left.element.reach, left.offset)
                < (right.element.size, right.element.reach, right.offset)
        }.map(\.element)
    }

    /// Every plan of the one list with every plan of the other, as far as they are among the best of each.
    static func * (left: Self, right: Self) -> Self {
        let right = right.ranked.prefix(EditPlan.alternatives)
        return left.ranked.prefix(EditPlan.alternatives).flatMap { plan in right.map { plan + $0 } }
    }
}
