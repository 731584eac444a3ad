/// A regular expression as steps that a machine takes for all its ways at once (Thompson's construction).
struct ExpressionProgram: Sendable {
    enum Step: Sendable {
        case match
        case read(Int)
        case jump(Int)
        case split(Int, Int)
        case assert(ExpressionTree.Assertion)
        /// The place must be one that a look found, or must not.
        case look(Int, isNegative: Bool)
    }

    /// A look ahead or behind, which is a program of its own.
    struct Look: Sendable {
        let program: ExpressionProgram
        let isAhead: Bool
    }

    private(set) var steps: [Step] = []
    private(set) var sets: [ScalarSet] = []
    private(set) var looks: [Look] = []
    let isAnchored: Bool

    /// The most steps that an expression may have, repetitions written out.
    static let maximumSteps = 10_000

    /// Writes an expression out; every look in it, and every look in those, takes from the same `room` of steps.
    init(_ tree: ExpressionTree, room: inout Int) throws(ExpressionFailure) {
        isAnchored = tree.isAnchored
        try emit(tree, &room)
        try add(.match, &room)
    }

    /// The steps of the expression and of every look in it.
    var size: Int { looks.reduce(steps.count) { $0 + $1.program.size } }

    private mutating func add(_ step: Step, _ room: inout Int) throws(ExpressionFailure) {
        guard room > 0 else {
            throw ExpressionFailure(message: "the expression is too large: write fewer repetitions", offset: 0)
        }
        room -= 1
        steps.append(step)
    }

    private mutating func emit(_ tree: ExpressionTree, _ room: inout Int) throws(ExpressionFailure) {
        switch tree {
        case .empty: break
        case .set(let set):
            try add(.read(sets.count), &room)
            sets.append(set)
        case .sequence(let parts): for part in parts { try emit(part, &room) }
        case .choice(let parts):
            var jumps: [Int] = []
            for (number, part) in parts.enumerated() {
                let isLast = number == parts.count - 1
                let split = steps.count
                if !isLast { try add(.split(0, 0), &room) }
                try emit(part, &room)
                guard !isLast else { break }
                jumps.append(steps.count)
                try add(.jump(0), &room)
                steps[split] = .split(split + 1, steps.count)
            }
            for jump in jumps { steps[jump] = .jump(steps.count) }
        case .repetition(let part, let least, let most):
            for _ in 0..<least {
                let before = steps.count
                try emit(part, &room)
                // What reads nothing need not be repeated, and costs nothing that would end this.
                if steps.count == before { break }
            }
            guard let most else {
                let split = steps.count
                try add(.split(0, 0), &room)
                try emit(part, &room)
                try add(.jump(split), &room)
                steps[split] = .split(split + 1, steps.count)
                return
            }
            var splits: [Int] = []
            for _ in least..<max(least, most) {
                splits.append(steps.count)
                try add(.split(0, 0), &room)
                try emit(part, &room)
            }
            for split in splits { steps[split] = .split(split + 1, steps.count) }
        case .assertion(let assertion): try add(.assert(assertion), &room)
        case .look(let inside, let isAhead, let isNegative):
            try add(.look(looks.count, isNegative: isNegative), &room)
            let program = try ExpressionProgram(isAhead ? inside.reversed : inside, room: &room)
            looks.append(Look(program: program, isAhead: isAhead))
        }
    }
}
