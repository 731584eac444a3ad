/// A secret by which prompts are fingerprinted, so that nobody who reads fingerprints can try texts against them.
///
/// It is that of SipHash-2-4 (Aumasson, Bernstein 2012), a keyed hash of short inputs.
public struct PromptKey: Sendable {
    private let first: UInt64
    private let second: UInt64

    /// The bytes of a key.
    public static let length = 16

    /// A key; nil unless there are ``length`` bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        func number(_ bytes: some Collection<UInt8>) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        first = number(bytes.prefix(8))
        second = number(bytes.dropFirst(8))
    }

    /// The hash of nothing.
    func hash() -> UInt64 {
        var state = State(first, second)
        return state.end(after: 0)
    }

    /// The hash of a number, as eight bytes, the lowest first.
    func hash(_ one: UInt64) -> UInt64 {
        var state = State(first, second)
        state.take(one)
        return state.end(after: 1)
    }

    /// The hash of two numbers in order.
    func hash(_ one: UInt64, _ two: UInt64) -> UInt64 {
        var state = State(first, second)
        state.take(one)
        state.take(two)
        return state.end(after: 2)
    }

    /// The hash of three numbers in order.
    func hash(_ one: UInt64, _ two: UInt64, _ three: UInt64) -> UInt64 {
        var state = State(first, second)
        state.take(one)
        state.take(two)
        state.take(three)
        return state.end(after: 3)
    }

    /// What SipHash has come to so far.
    private struct State {
        private var v0: UInt64
        private var v1: UInt64
        private var v2: UInt64
        private var v3: UInt64

        init(_ first: UInt64, _ second: UInt64) {
            v0 = first ^ 0x736f_6d65_7073_6575
            v1 = second ^ 0x646f_7261_6e64_6f6d
            v2 = first ^ 0x6c79_6765_6e65_7261
            v3 = second ^ 0x7465_6462_7974_6573
        }

        mutating func take(_ block: UInt64) {
            v3 ^= block
            round()
            round()
            v0 ^= block
        }

        /// The last block says how long the whole was.
        mutating func end(after count: UInt64) -> UInt64 {
            take((count &* 8) << 56)
            v2 ^= 0xff
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            v0 &+= v1
            v2 &+= v3
            v1 = v1 << 13 | v1 >> 51
            v3 = v3 << 16 | v3 >> 48
            v1 ^= v0
            v3 ^= v2
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v1
            v0 &+= v3
            v1 = v1 << 17 | v1 >> 47
            v3 = v3 << 21 | v3 >> 43
            v1 ^= v2
            v3 ^= v0
            v2 = v2 << 32 | v2 >> 32
        }
    }
}
