/// What was found in the texts of a request, and what follows.
public struct InjectionVerdict: Sendable, Hashable {
    /// What follows for the request.
    public enum Outcome: String, Sendable, Hashable, Comparable {
        /// Nothing was found.
        case pass
        /// Something was found, and only the record is told.
        case shadow
        /// Something was found and is told.
        case flag
        /// Something was found and taken out: `sanitised` has the texts as they may go on.
        case sanitise
        /// The request is refused.
        case block

        private var rank: Int {
            switch self {
            case .pass: 0
            case .shadow: 1
            case .flag: 2
            case .sanitise: 3
            case .block: 4
            }
        }

        /// From `pass` to `block`.
        public static func < (left: Outcome, right: Outcome) -> Bool { left.rank < right.rank }
    }

    /// The gravest of what the texts' actions come to.
    public var outcome: Outcome
    /// All that was found, in the order of the texts.
    public var findings: [InjectionFinding]
    /// The score of each text that was judged, in the order given.
    public var scores: [TextScore]
    /// The texts with what was found taken out; those unchanged are as they were.
    ///
    /// Only where an action is `sanitise`.
    public var sanitised: [LabelledText]?
    /// What thresholds were drawn from.
    public var calibration: String
}

/// What one text came to.
public struct TextScore: Sendable, Hashable {
    /// The text's place in what was given.
    public var text: Int
    /// Its channel.
    public var channel: TextChannel
    /// The score; `InjectionDetector.decisiveScore` where a decisive rule fired.
    public var score: Int32
    /// What it was measured against; nil where the calibration has too few scores for the rate, and then only decisive
    /// rules count.
    public var threshold: Int32?
    /// Whether it is judged an attack.
    public var isAttack: Bool
}

/// One thing found in one text.
public struct InjectionFinding: Sendable, Hashable {
    /// Who found it: a rule by its id, `classifier`, `context-system-prompt`, `context-guarded`.
    public var id: String
    /// The tier that looked.
    public var tier: InjectionPolicy.Tier
    /// The text's place in what was given.
    public var text: Int
    /// Its path in the request.
    public var path: String
    /// Its channel.
    public var channel: TextChannel
    /// The bytes of the text, as it was sent, that the finding stands on.
    public var range: Range<Int>
    /// The bytes of the sentences that those stand in: what goes where the text is sanitised.
    public var sentence: Range<Int>
    /// What the finding adds: a rule's weight of 100, or a score of the classifier's scale.
    public var score: Int32
    /// What the text's score was measured against.
    public var threshold: Int32?
    /// How the bytes were written, where not plainly.
    public var decodings: [Decoding]
    /// What it means.
    public var explanation: String
}
