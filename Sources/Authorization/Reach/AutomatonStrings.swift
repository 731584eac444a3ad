extension Automaton {
    /// The order in which bytes are tried for a string that people are shown: letters, digits, then what else is printed.
    private static let preference: [UInt8] = {
        let first = Array("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ/-._".utf8)
        let printed = (0x21...0x7e).map { UInt8($0) }.filter { !first.contains($0) }
        let others = (0...255).map { UInt8($0) }.filter { !first.contains($0) && !printed.contains($0) }
        return first + printed + others
    }()

    /// A shortest string that is accepted, or nil where none is.
    func shortest() -> [UInt8]? {
        guard !isAccepting(0) else { return [] }
        var arrived: [Int32: (from: Int32, byte: UInt8)] = [:]
        var level: [Int32] = [0]
        while !level.isEmpty {
            var nextLevel: [Int32] = []
            for state in level {
                for (byte, target) in preferredSteps(from: state) where target != 0 && arrived[target] == nil {
                    arrived[target] = (state, byte)
                    if isAccepting(target) { return path(to: target, arrived) }
                    nextLevel.append(target)
                }
            }
            level = nextLevel
        }
        return nil
    }

    /// Each state that is reached from one, once, by the byte that is preferred.
    private func preferredSteps(from state: Int32) -> [(byte: UInt8, target: Int32)] {
        let edges = edges(of: state)
        var seen: Set<Int32> = []
        var steps: [(UInt8, Int32)] = []
        for byte in Self.preference {
            guard seen.count < edges.count, let edge = edges.first(where: { $0.last >= byte }) else { continue }
            if seen.insert(edge.target).inserted { steps.append((byte, edge.target)) }
        }
        return steps
    }

    private func path(to end: Int32, _ arrived: [Int32: (from: Int32, byte: UInt8)]) -> [UInt8] {
        var bytes: [UInt8] = []
        var state = end
        while let step = arrived[state] {
            bytes.append(step.byte)
            state = step.from
            if state == 0 { break }
        }
        return bytes.reversed()
    }

    /// All strings that are accepted, where there are at most so many, else nil.
    func strings(atMost limit: Int) -> [[UInt8]]? {
        let alive = productive()
        guard alive.contains(0) else { return [] }
        var found: [[UInt8]] = []
        var level: [(state: Int32, text: [UInt8])] = [(0, [])]
        // A string longer than there are states has gone through one state twice: then there are strings without end.
        for _ in 0...stateCount {
            var next: [(Int32, [UInt8])] = []
            for (state, text) in level {
                if isAccepting(state) { found.append(text) }
                var first = 0
                for (last, target) in edges(of: state) {
                    if alive.contains(target) {
                        guard next.count + Int(last) - first < limit else { return nil }
                        for byte in first...Int(last) { next.append((target, text + [UInt8(byte)])) }
                    }
                    first = Int(last) + 1
                }
            }
            guard found.count <= limit else { return nil }
            if next.isEmpty { return found }
            level = next
        }
        return nil
    }

    /// The states from which a string can still be accepted.
    private func productive() -> Set<Int32> {
        var sources: [[Int32]] = Array(repeating: [], count: stateCount)
        for state in 0..<Int32(stateCount) {
            for edge in edges(of: state) { sources[Int(edge.target)].append(state) }
        }
        var alive = Set((0..<Int32(stateCount)).filter { isAccepting($0) })
        var open = Array(alive)
        while let state = open.popLast() {
            for source in sources[Int(state)] where alive.insert(source).inserted { open.append(source) }
        }
        return alive
    }
}
