/// What an operator asks of injection detection: which tiers look, what is done, and how often benign text may be
/// taken for an attack.
///
/// ```swift
/// var policy = InjectionPolicy()
/// policy.falsePositiveRate = 0.005
/// policy.actions[.retrieved] = .sanitise
/// policy.overrides[.retrieved] = .init(tiers: [.rules])
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

    /// What holds for one channel alone; nil is what the policy says for all.
    public struct Channel: Sendable, Hashable {
        /// The tiers that look.
        public var tiers: Set<Tier>?
        /// The share of benign texts that may be taken for attacks.
        public var falsePositiveRate: Double?
        /// Scores of benign texts of the channel.
        public var calibration: InjectionCalibration?
        /// The score above which a text is an attack, whatever any calibration says.
        public var threshold: Int32?

        /// What is said of the channel.
        public init(
            tiers: Set<Tier>? = nil,
            falsePositiveRate: Double? = nil,
            calibration: InjectionCalibration? = nil,
            threshold: Int32? = nil
        ) {
            self.tiers = tiers
            self.falsePositiveRate = falsePositiveRate
            self.calibration = calibration
            self.threshold = threshold
        }
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
    /// What holds for some channels alone.
    public var overrides: [TextChannel: Channel] = [:]

    /// The default: every tier, block, one in two hundred.
    public init() {}

    /// The tiers that look at a channel.
    public func tiers(for channel: TextChannel) -> Set<Tier> { overrides[channel]?.tiers ?? tiers }

    /// What is done about an attack in a channel.
    public func action(for channel: TextChannel) -> Action { actions[channel] ?? .block }

    /// The score above which a text of a channel is an attack; nil where the calibration has too few scores for the rate.
    public func threshold(for channel: TextChannel) -> Int32? {
        let own = overrides[channel]
        if let threshold = own?.threshold { return threshold }
        return (own?.calibration ?? calibration).threshold(
            for: channel,
            falsePositiveRate: own?.falsePositiveRate ?? falsePositiveRate
        )
    }
}
