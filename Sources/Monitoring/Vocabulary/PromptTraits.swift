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
