public import ZeroTrust

/// Something that was found, with all that is needed to check it: what is usual, what was seen, where the limit lies, and
/// in which records.
public struct Finding: Hashable, Sendable {
    /// Its id: the type, and the record that opened it: `M1-4711`.
    ///
    /// The same log gives the same ids.
    public let id: String
    /// What kind of thing it is.
    public let type: FindingType
    /// How much it matters; it may rise as more comes to it, and never falls.
    public internal(set) var severity: Severity
    /// Who it is about.
    public let subject: String
    /// What it is about; empty where the type has nothing further.
    public let object: String
    /// What happened, in one line.
    public internal(set) var cause: String
    /// What was measured.
    public internal(set) var measure: Measure
    /// What belongs to it, such as the edges of one roll-out; at most ``maximumMembers`` are named.
    public internal(set) var members: [String]
    /// How many members there are, those not named included.
    public internal(set) var memberCount: Int
    /// The records, one entry for each log.
    public internal(set) var records: [RecordRanges]
    /// When the first of them was made.
    public let opened: Timestamp
    /// When the last of them was made.
    public internal(set) var updated: Timestamp
    /// Where it is in its life.
    public internal(set) var state: State
    /// Techniques of MITRE ATT&CK.
    public let attack: [String]
    /// Techniques of MITRE ATLAS.
    public let atlas: [String]

    /// The most members that a finding names.
    public static let maximumMembers = 64

    /// What is usual, what was seen, and where the limit lies.
    public struct Measure: Hashable, Sendable {
        /// What is usual; nil for what has no usual, since a rule and no habit was broken.
        public var baseline: Double?
        /// What was seen.
        public var observed: Double
        /// From where on it is a finding.
        public var threshold: Double
        /// What the numbers count: `requests in 1 h`.
        public var unit: String

        /// A measurement.
        public init(baseline: Double?, observed: Double, threshold: Double, unit: String) {
            self.baseline = baseline
            self.observed = observed
            self.threshold = threshold
            self.unit = unit
        }
    }

    /// Where a finding is in its life: open → acknowledged → accepted or resolved.
    public enum State: Hashable, Sendable {
        /// Nobody has taken it up.
        case open
        /// Somebody looks into it.
        case acknowledged(by: String, at: Timestamp)
        /// Somebody said that it is how things are: the same is no finding any more.
        case accepted(by: String, at: Timestamp, reason: String)
        /// It is over; the same would be a new finding.
        case resolved(by: String, at: Timestamp)

        /// The name in output.
        public var name: String {
            switch self {
            case .open: "open"
            case .acknowledged: "acknowledged"
            case .accepted: "accepted"
            case .resolved: "resolved"
            }
        }

        /// Whether it still asks for somebody.
        public var isActive: Bool {
            switch self {
            case .open, .acknowledged: true
            case .accepted, .resolved: false
            }
        }
    }

    /// How many records bear it out.
    public var recordCount: UInt64 { records.reduce(0) { $0 + $1.count } }
}
