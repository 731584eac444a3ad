/// Something that was found in a request, and what was done about it.
public struct RequestFinding: Sendable, Hashable {
    /// The rule, in a stable word: `injection/override-previous`.
    public let rule: String
    /// What was done.
    public let action: InjectionPolicy.Action
    /// Who wrote the text in which it was found.
    public let channel: TextChannel
    /// The text: `messages[2].content`.
    public let path: String
    /// The bytes of the body.
    public let range: Range<Int>
    /// What the text came to.
    public let score: Int
    /// What that was measured against; nil where only a decisive rule counts.
    public let threshold: Int?

    /// A finding.
    public init(
        rule: String,
        action: InjectionPolicy.Action,
        channel: TextChannel,
        path: String,
        range: Range<Int>,
        score: Int,
        threshold: Int?
    ) {
        self.rule = rule
        self.action = action
        self.channel = channel
        self.path = path
        self.range = range
        self.score = score
        self.threshold = threshold
    }
}
