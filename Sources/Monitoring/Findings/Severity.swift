/// How much a finding matters.
public enum Severity: UInt8, Hashable, Sendable, Comparable, CaseIterable {
    /// To be known: a release, a new caller among its like.
    case info = 0
    /// Unusual, and often harmless.
    case low = 1
    /// Unusual, and worth an hour.
    case medium = 2
    /// Probably wrong.
    case high = 3
    /// Somebody should look at once.
    case critical = 4

    /// The name in output and configuration.
    public var name: String {
        switch self {
        case .info: "info"
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .critical: "critical"
        }
    }

    /// The severity of a name; nil for an unknown one.
    public init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// Less severe first.
    public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
}
