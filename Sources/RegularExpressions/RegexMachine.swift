/// Runs a ``RegexProgram`` over bytes: all threads side by side, so that the time is that of the bytes times the
/// program, and nothing in the text can make it more.
package struct RegexMachine {
    /// A match: where it starts and ends, and its groups, nil where they took no part.
    package struct Found: Equatable {
        /// Where it is.
        package let range: Range<Int>
        /// Where its groups are.
        package let groups: [Range<Int>?]
    }

    private let program: RegexProgram
    private let slots: Int
    private var current: Threads
    private var following: Threads
    private var stack: [(at: Int, slot: Int, value: Int)] = []

    /// The threads at one place, in the order of preference.
    private struct Threads {
        var dense: [Int] = []
        var sparse: [Int]
        var captures: [Int]

        init(_ program: RegexProgram, slots: Int) {
            sparse = Array(repeating: 0, count: program.instructions.count)
            captures = Array(repeating: -1, count: program.instructions.count * slots)
            dense.reserveCapacity(program.instructions.count)
        }

        func contains(_ at: Int) -> Bool { sparse[at] < dense.count && dense[sparse[at]] == at }

        mutating func insert(_ at: Int) {
            sparse[at] = dense.count
            dense.append(at)
        }
    }

    /// A machine for a program.
    package init(_ program: RegexProgram) {
        self.program = program
        slots = 2 * (program.groups + 1)
        current = Threads(program, slots: slots)
        following = Threads(program, slots: slots)
    }

    /// All matches one after another, as RE2 and Go find them; at most `limit`.
    package mutating func matches(in text: ArraySlice<UInt8>, limit: Int = 10_000) -> [Found] {
        var found: [Found] = []
        var from = text.startIndex
        while from <= text.endIndex, found.count < limit, let match = first(in: text, from: from) {
            // An empty match right after a match is none.
            if match.range.isEmpty {
                if found.last?.range.upperBound != match.range.lowerBound { found.append(match) }
                from = match.range.upperBound + 1
            } else {
                found.append(match)
                from = match.range.upperBound
            }
        }
        return found
    }

    /// The first match from a place on.
    package mutating func first(in text: ArraySlice<UInt8>, from start: Int) -> Found? {
        var best: [Int]?
        current.dense.removeAll(keepingCapacity: true)
        var index = start
        while index <= text.endIndex {
            if best == nil {
                Self.add(0, program, &current, &stack, captures: Array(repeating: -1, count: slots), index, text)
            }
            if current.dense.isEmpty { break }
            following.dense.removeAll(keepingCapacity: true)
            let byte = index < text.endIndex ? text[index] : nil
            threads: for thread in current.dense {
                switch program.instructions[thread] {
                case .byte(let set):
                    guard let byte, set.contains(byte) else { continue }
                    let captures = Array(current.captures[thread * slots..<(thread + 1) * slots])
                    Self.add(thread + 1, program, &following, &stack, captures: captures, index + 1, text)
                case .match:
                    best = Array(current.captures[thread * slots..<(thread + 1) * slots])
                    // Those after it are of less preference.
                    break threads
                default: continue
                }
            }
            swap(&current, &following)
            index += 1
        }
        guard let best else { return nil }
        return Found(
            range: best[0]..<best[1],
            groups: stride(from: 2, to: slots, by: 2).map {
                best[$0] >= 0 && best[$0 + 1] >= 0 ? best[$0]..<best[$0 + 1] : nil
            }
        )
    }

    /// Adds a thread and those that it becomes without taking a byte.
    private static func add(
        _ start: Int,
        _ program: RegexProgram,
        _ threads: inout Threads,
        _ stack: inout [(at: Int, slot: Int, value: Int)],
        captures: [Int],
        _ index: Int,
        _ text: ArraySlice<UInt8>
    ) {
        var captures = captures
        stack.removeAll(keepingCapacity: true)
        stack.append((start, -1, 0))
        while let entry = stack.popLast() {
            if entry.slot >= 0 {
                captures[entry.slot] = entry.value
                continue
            }
            var at = entry.at
            walk: while !threads.contains(at) {
                threads.insert(at)
                switch program.instructions[at] {
                case .jump(let target): at = target
                case .split(let first, let second):
                    stack.append((second, -1, 0))
                    at = first
                case .save(let slot):
                    stack.append((0, slot, captures[slot]))
                    captures[slot] = index
                    at += 1
                case .assert(let assertion):
                    guard holds(assertion, index, text) else { break walk }
                    at += 1
                case .byte, .match:
                    for slot in captures.indices { threads.captures[at * captures.count + slot] = captures[slot] }
                    break walk
                }
            }
        }
    }

    private static func holds(_ assertion: RegexProgram.Assertion, _ index: Int, _ text: ArraySlice<UInt8>) -> Bool {
        let before = index > text.startIndex ? text[index - 1] : nil
        let after = index < text.endIndex ? text[index] : nil
        func isWord(_ byte: UInt8?) -> Bool {
            byte.map { RegexParser.words.contains($0) } ?? false
        }
        switch assertion {
        case .textStart: return before == nil
        case .textEnd: return after == nil
        case .lineStart: return before == nil || before == 0x0A
        case .lineEnd: return after == nil || after == 0x0A
        case .wordBoundary: return isWord(before) != isWord(after)
        case .noWordBoundary: return isWord(before) == isWord(after)
        }
    }
}
