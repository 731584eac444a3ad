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

    /// The hash of numbers in order, each as eight bytes, the lowest first.
    func hash(_ numbers: UInt64...) -> UInt64 {
        var state = (
            first ^ 0x736f_6d65_7073_6575, second ^ 0x646f_7261_6e64_6f6d, first ^ 0x6c79_6765_6e65_7261,
            second ^ 0x7465_6462_7974_6573
        )
        func round() {
            state.0 &+= state.1
            state.2 &+= state.3
            state.1 = state.1 << 13 | state.1 >> 51
            state.3 = state.3 << 16 | state.3 >> 48
            state.1 ^= state.0
            state.3 ^= state.2
            state.0 = state.0 << 32 | state.0 >> 32
            state.2 &+= state.1
            state.0 &+= state.3
            state.1 = state.1 << 17 | state.1 >> 47
            state.3 = state.3 << 21 | state.3 >> 43
            state.1 ^= state.2
            state.3 ^= state.0
            state.2 = state.2 << 32 | state.2 >> 32
        }
        // The last block says how long the whole was.
        for block in numbers + [UInt64(truncatingIfNeeded: numbers.count * 8) << 56] {
            state.3 ^= block
            round()
            round()
            state.0 ^= block
        }
        state.2 ^= 0xff
        for _ in 0..<4 { round() }
        return state.0 ^ state.1 ^ state.2 ^ state.3
    }
}
