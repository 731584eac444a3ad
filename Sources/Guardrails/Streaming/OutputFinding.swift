/// Something that was found in text, without the text.
public struct OutputFinding: Sendable, Equatable, Hashable {
    /// The rule: `pii/CREDIT_CARD`, `secret/github-pat`, `link/host`, `prompt/canary`, `prompt/overlap`.
    public let rule: String
    /// Where in the answer: empty for plain text, else the text's place in the message, such as
    /// `choices.0.delta.content`.
    public var channel: String
    /// The offset of its first byte in the channel's decoded text (UTF-8), as it came.
    public let start: Int
    /// The offset after its last byte; of what has no end of its own, such as a private key, and was still going on when the
    /// finding was taken, as far as was certain.
    public internal(set) var end: Int
    /// What was done.
    public let action: OutputPolicy.Action

    /// Makes a finding.
    public init(rule: String, channel: String = "", start: Int, end: Int, action: OutputPolicy.Action) {
        self.rule = rule
        self.channel = channel
        self.start = start
        self.end = end
        self.action = action
    }
}

extension OutputPolicy.Action: CustomStringConvertible {
    /// Its name in a policy and a report.
    public var description: String {
        switch self {
        case .redact: "redact"
        case .mask(let last): "mask(\(last))"
        case .hash: "hash"
        case .encrypt: "encrypt"
        case .tokenise: "tokenise"
        case .flag: "flag"
        case .block: "block"
        }
    }
}
