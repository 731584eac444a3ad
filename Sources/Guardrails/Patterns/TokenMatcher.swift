import RegularExpressions

/// A ``TokenPattern`` as it is looked for: it lives as long as the pattern does.
struct TokenMatcher: Sendable {
    /// One piece.
    struct Step: Sendable {
        /// Empty where the step is one of literals.
        var set = UnitBits(UnitSet())
        var least = 0
        var most = 0
        /// The literals, by their places in `ends`.
        var from = 0
        var count = 0
    }

    private let steps: PlainTable<Step>
    /// The literals of all steps, one after the other.
    private let literals: PlainTable<UInt8>
    /// Where each of them ends.
    private let ends: PlainTable<Int>

    init(_ pieces: [TokenPattern.Piece]) {
        var steps: [Step] = []
        var literals: [UInt8] = []
        var ends: [Int] = []
        for piece in pieces {
            switch piece {
            case .literals(let list, let isOptional):
                steps.append(Step(least: isOptional ? 0 : 1, from: ends.count, count: list.count))
                for literal in list {
                    literals += literal
                    ends.append(literals.count)
                }
            case .units(let set, let least, let most): steps.append(Step(set: UnitBits(set), least: least, most: most))
            }
        }
        self.steps = PlainTable(steps)
        self.literals = PlainTable(literals)
        self.ends = PlainTable(ends)
    }

    func deallocate() {
        steps.deallocate()
        literals.deallocate()
        ends.deallocate()
    }

    /// Where the token ends that starts at a place; nil where there is none.
    func end(_ reader: inout UnitReader, from start: Int) -> Int? {
        var index = start
        for number in 0..<steps.count {
            let step = steps[number]
            if step.count > 0 {
                var found = step.least == 0
                for place in step.from..<step.from + step.count {
                    let first = place > 0 ? ends[place - 1] : 0
                    let last = ends[place]
                    var at = first
                    while at < last, reader[index + at - first] == literals[at] { at += 1 }
                    if at == last {
                        index += last - first
                        found = true
                        break
                    }
                }
                if !found { return nil }
            } else {
                var taken = 0
                while taken < step.most, step.set.contains(reader[index + taken]) { taken += 1 }
                if taken < step.least { return nil }
                index += taken
            }
        }
        return index
    }
}
