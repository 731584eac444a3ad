/// What the monitor may know of a prompt: fingerprints and settings, and nothing that could be read back.
public struct PromptTraits: Hashable, Sendable {
    /// A fingerprint in which similar texts differ in few bits: see ``SimHash``.
    public var fingerprint: UInt64
    /// A hash of the text's shape, its numbers and names left out.
    public var template: UInt64
    /// The temperature asked for; nil where the request did not say.
    public var temperature: Double?
    /// Whether the probabilities of tokens were asked for.
    public var wantsLogProbabilities: Bool

    /// Traits of one prompt.
    public init(
        fingerprint: UInt64,
        template: UInt64,
        temperature: Double? = nil,
        wantsLogProbabilities: Bool = false
    ) {
        self.fingerprint = fingerprint
        self.template = template
        self.temperature = temperature
        self.wantsLogProbabilities = wantsLogProbabilities
    }
}

extension PromptTraits {
    /// Traits of a text.
    ///
    /// - Parameters:
    ///   - text: what is asked; at most the first 16 KiB of it are read.
    ///   - key: the node's secret: see ``SimHash/of(_:key:)``.
    ///   - temperature: the temperature asked for.
    ///   - wantsLogProbabilities: whether the probabilities of tokens are asked for.
    public init(of text: String, key: PromptKey, temperature: Double? = nil, wantsLogProbabilities: Bool = false) {
        self.init(
            fingerprint: SimHash.of(text, key: key),
            template: Self.template(of: text, key: key),
            temperature: temperature,
            wantsLogProbabilities: wantsLogProbabilities
        )
    }

    /// A hash of the first 64 words, in which every number and every word with a capital is any.
    private static func template(of text: String, key: PromptKey) -> UInt64 {
        var hash: UInt64 = 0
        var count = 0
        // What comes after so many words is not taken apart.
        let words = text.utf8.prefix(16_384).split(maxSplits: 64, whereSeparator: { !Self.isWord($0) })
        for word in words {
            count += 1
            guard count <= 64, let first = word.first else { break }
            if word.contains(where: { (0x30...0x39).contains($0) }) {
                hash = key.hash(hash, 1)
            } else if (0x41...0x5A).contains(first) {
                hash = key.hash(hash, 2)
            } else {
                hash = key.hash(hash, 3, word.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
            }
        }
        return hash
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
