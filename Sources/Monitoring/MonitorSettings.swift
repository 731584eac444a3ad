/// What a ``Monitor`` is set to; ``MonitorPolicy`` is its resource.
public struct MonitorSettings: Hashable, Sendable {
    /// For how long a log is learned from before what is new is told of, in nanoseconds of the log's own time.
    public var learning: Int64 = 86_400_000_000_000
    /// For how long an edge or a model is remembered after its last use, in nanoseconds.
    public var memory: Int64 = 30 * 86_400_000_000_000
    /// The window in which amounts are counted, in seconds.
    public var window: Int64 = 3_600
    /// Windows that an identity's usual is learned from.
    public var volumeLearning = 168
    /// Amounts in one window that are never too much: requests, bytes, rows, tokens.
    public var minimumVolume: [Double] = [100, 8_388_608, 1_000, 50_000]
    /// The share of a dataset from which on reading it is a finding, 0 to 1.
    public var coverage = 0.05
    /// How many objects datasets have, by their name as a callee.
    public var datasetSizes: [String: Double] = [:]
    /// Seconds after which a checkpoint is too old.
    public var checkpointAge = 60.0
    /// The most names that are told apart.
    public var maximumNames = 1 << 20
    /// The most identities that have a usual of their own.
    public var maximumIdentities = 131_072
    /// The most edges that are remembered.
    public var maximumEdges = 2_000_000
    /// The most findings that are kept.
    public var maximumFindings = FindingBook.defaultLimit
    /// Rules of Sigma that records are put to.
    public var rules = SigmaRules()
    /// Types that are not looked for.
    public var disabled: Set<FindingType> = []

    /// The defaults.
    public init() {}

    /// A text that differs where the settings do, so that a state is only taken up under those that made it.
    ///
    /// The rules are not among them: what they count is kept by itself, and nothing else depends on them.
    var fingerprint: String {
        let sizes = datasetSizes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        let off = disabled.map(\.code).sorted().joined(separator: ",")
        return
            "\(learning) \(memory) \(window) \(volumeLearning) \(minimumVolume) \(coverage) [\(sizes)] \(checkpointAge) "
            + "\(maximumNames) \(maximumIdentities) \(maximumEdges) \(maximumFindings) [\(off)]"
    }
}
