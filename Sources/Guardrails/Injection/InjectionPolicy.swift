/// What an operator asks of injection detection: which tiers look, what is done, and how often benign text may be
/// taken for an attack.
///
/// ```swift
/// var policy = InjectionPolicy()
/// policy.falsePositiveRate = 0.005
/// policy.actions[.retrieved] = .sanitise
/// ```
public struct InjectionPolicy: Sendable, Hashable {
    /// What is done about a text that is judged an attack.
    public enum Action: String, CaseIterable, Sendable, Hashable {
        /// The request is refused.
        case block
        /// The words found are taken out of the text, and the request goes on.
        case sanitise
        /// The request goes on and the finding is recorded.
        case flag
        /// As `flag`, and nobody but the record is told: for trying a policy.
        case shadow
    }

    /// The detectors, each with its own switch.
    public enum Tier: String, CaseIterable, Sendable, Hashable {
        /// Rules over normalised words.
        case rules
        /// The trained classifier.
        case classifier
        /// What only this request's system prompt makes suspect.
        case context
    }

    /// The tiers that look; all unless said otherwise.
    public var tiers: Set<Tier> = Set(Tier.allCases)
    /// What is done by channel; `block` where nothing is said.
    public var actions: [TextChannel: Action] = [:]
    /// The channels that are judged.
    ///
    /// The system prompt is the application's own.
    public var channels: Set<TextChannel> = [.user, .toolResult, .retrieved, .toolDescription]
    /// The share of benign texts that may be taken for attacks, for each channel; 0.01 is one in a hundred.
    public var falsePositiveRate = 0.005
    /// Scores of benign texts of the operator's own, by channel; the built-in ones where there are none.
    public var calibration: InjectionCalibration = .builtIn

    /// The default: every tier, block, one in two hundred.
    public init() {}
}
