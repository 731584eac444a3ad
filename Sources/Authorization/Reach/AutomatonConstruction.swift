extension Automaton {
    /// The automaton of a regular expression.
    ///
    /// - Throws: ``ReachError`` where it would have more states than the limit.
    init(_ expression: RegularExpression, limit: Int) throws(ReachError) {
        var machine = NondeterministicMachine()
        let end = machine.addState()
        let start = machine.add(expression, before: end)
        var sets: [[Int32]] = [machine.closure([start])]
        var numbers: [[Int32]: Int32] = [sets[0]: 0]
        var edges: [[Edge]] = []
        var next = 0
        while next < sets.count {
            var row: [Edge] = []
            for (last, reached) in machine.steps(from: sets[next]) {
                let closed = machine.closure(reached)
                let number: Int32
                if let known = numbers[closed] {
                    number = known
                } else {
                    number = Int32(sets.count)
                    guard sets.count < limit else { throw ReachError.automatonTooLarge(limit: limit) }
                    numbers[closed] = number
                    sets.append(closed)
                }
                row.append((last, number))
            }
            edges.append(row)
            next += 1
        }
        self.init(edges: edges, accepting: sets.map { $0.contains(end) })
    }

    /// The automaton of the strings for which a condition on the answers of two automata holds.
    ///
    /// - Throws: ``ReachError`` where it would have more states than the limit.
    init(
        _ left: Automaton,
        _ right: Automaton,
        limit: Int,
        accepting isAccepted: (Bool, Bool) -> Bool
    ) throws(ReachError) {
        struct Pair: Hashable { let left, right: Int32 }
        var pairs = [Pair(left: 0, right: 0)]
        var numbers = [pairs[0]: Int32(0)]
        var edges: [[Edge]] = []
        var next = 0
        while next < pairs.count {
            let lefts = left.edges(of: pairs[next].left)
            let rights = right.edges(of: pairs[next].right)
            var row: [Edge] = []
            var (first, second) = (0, 0)
            while first < lefts.count, second < rights.count {
                let pair = Pair(left: lefts[first].target, right: rights[second].target)
                let number: Int32
                if let known = numbers[pair] {
                    number = known
                } else {
                    number = Int32(pairs.count)
                    guard pairs.count < limit else { throw ReachError.automatonTooLarge(limit: limit) }
                    numbers[pair] = number
                    pairs.append(pair)
                }
                let last = min(lefts[first].last, rights[second].last)
                row.append((last, number))
                if lefts[first].last == last { first += 1 }
                if rights[second].last == last { second += 1 }
            }
            edges.append(row)
            next += 1
        }
        self.init(
            edges: edges,
            accepting: pairs.map { isAccepted(left.isAccepting($0.left), right.isAccepting($0.right)) }
        )
    }
}

extension Automaton {
    /// Whether every string that this one accepts is accepted by another; it looks no further than to the first that is not.
    ///
    /// - Throws: ``ReachError`` where it would have to look at more pairs of states than the limit.
    func isSubset(of other: Automaton, limit: Int) throws(ReachError) -> Bool {
        struct Pair: Hashable { let left, right: Int32 }
        var open = [Pair(left: 0, right: 0)]
        var seen: Set = [open[0]]
        while let pair = open.popLast() {
            if isAccepting(pair.left), !other.isAccepting(pair.right) { return false }
            let (lefts, rights) = (edges(of: pair.left), other.edges(of: pair.right))
            var (first, second) = (0, 0)
            while first < lefts.count, second < rights.count {
                let next = Pair(left: lefts[first].target, right: rights[second].target)
                if seen.insert(next).inserted {
                    guard seen.count <= limit else { throw ReachError.automatonTooLarge(limit: limit) }
                    open.append(next)
                }
                let last = min(lefts[first].last, rights[second].last)
                if lefts[first].last == last { first += 1 }
                if rights[second].last == last { second += 1 }
            }
        }
        return true
    }

    /// The automaton of the strings whose part before the first of a byte is accepted by this one.
    func acceptingBefore(_ byte: UInt8) -> Automaton {
        let (yes, no) = (Int32(stateCount), Int32(stateCount + 1))
        var table: [[Edge]] = (0..<Int32(stateCount)).map { state in
            var row: [Edge] = []
            for (last, target) in edges(of: state) {
                let first = row.last.map { Int($0.last) + 1 } ?? 0
                if first <= Int(byte), byte <= last {
                    if first < Int(byte) { row.append((byte - 1, target)) }
                    row.append((byte, isAccepting(state) ? yes : no))
                    if byte < last { row.append((last, target)) }
                } else {
                    row.append((last, target))
                }
            }
            return row
        }
        table += [[(255, yes)], [(255, no)]]
        return Automaton(edges: table, accepting: (0..<Int32(stateCount)).map { isAccepting($0) } + [true, false])
    }
}

/// What a regular expression is before it is made deterministic.
private struct NondeterministicMachine {
    private var free: [[Int32]] = []
    private var edges: [[(bytes: ByteSet, target: Int32)]] = []

    mutating func addState() -> Int32 {
        free.append([])
        edges.append([])
        return Int32(free.count - 1)
    }

    /// Adds the states of an expression, after which a given state follows, and returns where they begin.
    mutating func add(_ expression: RegularExpression, before end: Int32) -> Int32 {
        switch expression {
        case .byte(let bytes):
            let start = addState()
            edges[Int(start)].append((bytes, end))
            return start
        case .literal(let bytes):
            return bytes.reversed().reduce(end) { next, byte in add(.byte(ByteSet([byte...byte])), before: next) }
        case .sequence(let parts):
            return parts.reversed().reduce(end) { next, part in add(part, before: next) }
        case .choice(let alternatives):
            let start = addState()
            for alternative in alternatives {
                let begin = add(alternative, before: end)
                free[Int(start)].append(begin)
            }
            return start
        case .many(let repeated):
            let start = addState()
            let begin = add(repeated, before: start)
            free[Int(start)] = [end, begin]
            return start
        case .automaton(let automaton):
            let first = Int32(free.count)
            for _ in 0..<automaton.stateCount { _ = addState() }
            for state in 0..<Int32(automaton.stateCount) {
                var lower = 0
                for (last, target) in automaton.edges(of: state) {
                    edges[Int(first + state)].append((ByteSet([UInt8(lower)...last]), first + target))
                    lower = Int(last) + 1
                }
                if automaton.isAccepting(state) { free[Int(first + state)].append(end) }
            }
            return first
        }
    }

    /// The states that are reached from some without a byte, in order.
    func closure(_ states: [Int32]) -> [Int32] {
        var seen = Set(states)
        var open = states
        while let state = open.popLast() {
            for next in free[Int(state)] where seen.insert(next).inserted { open.append(next) }
        }
        return seen.sorted()
    }

    /// What each range of bytes leads to, the ranges from 0 to 255 in order.
    func steps(from states: [Int32]) -> [(last: UInt8, reached: [Int32])] {
        let outgoing = states.flatMap { edges[Int($0)] }
        var isLast = [Bool](repeating: false, count: 256)
        isLast[255] = true
        for edge in outgoing {
            for range in edge.bytes.ranges {
                if range.lowerBound > 0 { isLast[Int(range.lowerBound) - 1] = true }
                isLast[Int(range.upperBound)] = true
            }
        }
        return (0...255).filter { isLast[$0] }.map { last in
            (UInt8(last), outgoing.filter { $0.bytes.contains(UInt8(last)) }.map(\.target))
        }
    }
}
