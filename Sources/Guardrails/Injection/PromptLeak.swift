/// Tells where an answer or an argument shows the request's own system prompt.
///
/// Twenty-four letters and digits of the prompt in a row are no coincidence, however they are written: plainly, with
/// anything between, reversed, in rot13, or in a code that a normaliser reads.
public struct PromptLeak: Sendable {
    private static let length = 24
    private var grams: Set<UInt64> = []
    private let values: [GuardedValue]

    /// - Parameters:
    ///   - prompts: the system prompts of the request.
    ///   - values: what they hold that must not be shown even in part: a password, a canary.
    public init(prompts: [String], values: [GuardedValue] = []) {
        self.values = values
        for prompt in prompts {
            let bytes = SqueezedText(prompt, reads: false).bytes
            guard bytes.count >= Self.length else { continue }
            for start in 0...bytes.count - Self.length {
                grams.insert(Lexicon.hash(bytes[start..<start + Self.length]))
            }
        }
    }

    /// The bytes of a text that show it; nil where none does.
    public func range(in text: String) -> Range<Int>? {
        for value in values {
            if let range = value.range(in: text) { return range }
        }
        guard !grams.isEmpty else { return nil }
        for reads in [false, true] {
            let squeezed = SqueezedText(text, reads: reads)
            guard squeezed.bytes.count >= Self.length else { continue }
            let moved = squeezed.bytes.map { UInt8(truncatingIfNeeded: Ciphers.shift(UInt32($0), by: 13)) }
            let forms: [([UInt8], Bool)] = [
                (squeezed.bytes, false), (squeezed.bytes.reversed(), true), (moved, false), (moved.reversed(), true),
            ]
            for (bytes, isReversed) in forms {
                for start in 0...bytes.count - Self.length
                where grams.contains(Lexicon.hash(bytes[start..<start + Self.length])) {
                    let range = start..<start + Self.length
                    return squeezed.origin(
                        isReversed ? bytes.count - range.upperBound..<bytes.count - range.lowerBound : range
                    )
                }
            }
        }
        return nil
    }
}
