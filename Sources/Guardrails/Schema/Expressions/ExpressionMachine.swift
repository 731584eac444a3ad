/// Follows all ways through a program at once.
struct ExpressionMachine {
    private let program: ExpressionProgram
    private let text: [UInt32]
    private let stopsAtMatch: Bool
    /// Of each look, at which places it matches.
    private var looks: [[Bool]] = []
    /// The places at which a match was found.
    private(set) var matches: [Bool] = []
    private var list: [Int] = []
    private var nextList: [Int] = []
    /// The place for which a step was added last, from 1.
    private var added: [Int]
    private var stack: [Int] = []

    init(_ program: ExpressionProgram, _ text: [UInt32], stopsAtMatch: Bool) {
        self.program = program
        self.text = text
        self.stopsAtMatch = stopsAtMatch
        self.added = Array(repeating: 0, count: program.steps.count)
        if !stopsAtMatch { matches = Array(repeating: false, count: text.count + 1) }
    }

    /// Runs over the whole text, forwards or backwards.
    ///
    /// - Returns: whether anything matched; nil where the steps did not do.
    mutating func run(backwards: Bool, steps: inout Int) -> Bool? {
        for look in program.looks {
            var machine = ExpressionMachine(look.program, text, stopsAtMatch: false)
            guard machine.run(backwards: look.isAhead, steps: &steps) != nil else { return nil }
            looks.append(machine.matches)
        }
        let isAnchored = stopsAtMatch && program.isAnchored && !backwards
        var found = false
        for count in 0...text.count {
            let place = backwards ? text.count - count : count
            // What was reached by reading the character before is in the list; a match may begin here as well.
            if !isAnchored || count == 0 { follow(0, at: place, mark: count + 1, steps: &steps) }
            swap(&list, &nextList)
            nextList.removeAll(keepingCapacity: true)
            if isAnchored, list.isEmpty { return found }
            let scalar: UInt32? =
                backwards ? (place > 0 ? text[place - 1] : nil) : (place < text.count ? text[place] : nil)
            let following = backwards ? place - 1 : place + 1
            for step in list {
                switch program.steps[step] {
                case .match:
                    if stopsAtMatch { return true }
                    found = true
                    matches[place] = true
                case .read(let set):
                    guard let scalar, program.sets[set].contains(scalar) else { continue }
                    follow(step + 1, at: following, mark: count + 2, steps: &steps)
                default: break
                }
            }
            guard steps > 0 else { return nil }
        }
        return found
    }

    /// Adds a step, and all that is reached from it without reading.
    private mutating func follow(_ first: Int, at place: Int, mark: Int, steps: inout Int) {
        stack.append(first)
        while let step = stack.popLast() {
            guard added[step] != mark else { continue }
            added[step] = mark
            steps -= 1
            switch program.steps[step] {
            case .match, .read: nextList.append(step)
            case .jump(let target): stack.append(target)
            case .split(let first, let second):
                stack.append(second)
                stack.append(first)
            case .assert(let assertion): if holds(assertion, at: place) { stack.append(step + 1) }
            case .look(let look, let isNegative): if looks[look][place] != isNegative { stack.append(step + 1) }
            }
        }
    }

    private func holds(_ assertion: ExpressionTree.Assertion, at place: Int) -> Bool {
        switch assertion {
        case .start: return place == 0
        case .end: return place == text.count
        case .wordBoundary, .noWordBoundary:
            let before = place > 0 && ScalarSet.word.contains(text[place - 1])
            let after = place < text.count && ScalarSet.word.contains(text[place])
            return (before != after) == (assertion == .wordBoundary)
        }
    }
}
