/// A deterministic automaton over bytes: the exact set of the byte strings that it accepts.
///
/// It is complete and minimal, and its states are numbered in the order in which a walk from the start meets them, so that
/// two automata accept the same strings if and only if they are equal.
struct Automaton: Hashable, Sendable {
    /// Where each state's edges begin; the last entry is the number of edges.
    private let starts: [Int32]
    /// The last byte of each edge's range; a state's ranges follow one another from 0 to 255.
    private let lastBytes: [UInt8]
    /// Where each edge leads.
    private let targets: [Int32]
    /// Whether a string may end in each state.
    private let accepting: [Bool]

    /// An edge of a state that is being made: a range's last byte, and where it leads.
    typealias Edge = (last: UInt8, target: Int32)

    /// The automaton of a complete table of edges; the first state is the start.
    init(edges: [[Edge]], accepting: [Bool]) {
        let blocks = Self.blocks(edges, accepting)
        // Numbers the blocks as a walk from the start meets them.
        var numbers: [Int32: Int32] = [blocks[0]: 0]
        var order: [Int] = [0]
        var starts: [Int32] = [0]
        var lastBytes: [UInt8] = []
        var targets: [Int32] = []
        var next = 0
        while next < order.count {
            for (last, target) in edges[order[next]] {
                let block = blocks[Int(target)]
                let number = numbers[block] ?? Int32(numbers.count)
                if numbers.updateValue(number, forKey: block) == nil { order.append(Int(target)) }
                if targets.count > Int(starts[next]), targets.last == number {
                    lastBytes[lastBytes.count - 1] = last
                } else {
                    lastBytes.append(last)
                    targets.append(number)
                }
            }
            starts.append(Int32(targets.count))
            next += 1
        }
        self.starts = starts
        self.lastBytes = lastBytes
        self.targets = targets
        self.accepting = order.map { accepting[$0] }
    }

    /// The block of each state: states of one block accept the same strings (Moore's refinement).
    private static func blocks(_ edges: [[Edge]], _ accepting: [Bool]) -> [Int32] {
        var blocks = accepting.map { Int32($0 ? 1 : 0) }
        var count = Set(blocks).count
        while true {
            var numbers: [[Int32]: Int32] = [:]
            var refined = blocks
            for state in edges.indices {
                var signature = [blocks[state]]
                for (last, target) in edges[state] {
                    let block = blocks[Int(target)]
                    if signature.count > 1, signature.last == block {
                        signature[signature.count - 2] = Int32(last)
                    } else {
                        signature.append(Int32(last))
                        signature.append(block)
                    }
                }
                let number = numbers[signature] ?? Int32(numbers.count)
                numbers[signature] = number
                refined[state] = number
            }
            blocks = refined
            if numbers.count == count { return blocks }
            count = numbers.count
        }
    }

    /// How many states there are.
    var stateCount: Int { accepting.count }
    /// Whether no string is accepted.
    var isEmpty: Bool { stateCount == 1 && !accepting[0] }

    /// Whether a string may end in a state.
    func isAccepting(_ state: Int32) -> Bool { accepting[Int(state)] }

    /// A state's edges.
    func edges(of state: Int32) -> [Edge] {
        (starts[Int(state)]..<starts[Int(state) + 1]).map { (lastBytes[Int($0)], targets[Int($0)]) }
    }

    /// Whether a string is accepted.
    func accepts(_ text: some Sequence<UInt8>) -> Bool {
        var state = 0
        for byte in text {
            var edge = Int(starts[state])
            while lastBytes[edge] < byte { edge += 1 }
            state = Int(targets[edge])
        }
        return accepting[state]
    }
}
