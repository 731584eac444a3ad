/// Which log an observation was read from.
public enum LogSource: UInt8, Hashable, Sendable, CaseIterable {
    /// Lapwing's own record.
    case lapwing = 0
    /// An Envoy access log.
    case envoy = 1
    /// Flow logs of a network.
    case flow = 2
    /// PostgreSQL's pgaudit.
    case postgres = 3
    /// S3 server access logs.
    case s3 = 4
    /// AWS CloudTrail.
    case cloudTrail = 5

    /// The name that configuration, findings and commands use.
    public var name: String {
        switch self {
        case .lapwing: "lapwing"
        case .envoy: "envoy"
        case .flow: "flow"
        case .postgres: "postgres"
        case .s3: "s3"
        case .cloudTrail: "cloudtrail"
        }
    }

    /// The source of a name; nil for an unknown one.
    public init?(name: String) {
        guard let source = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = source
    }
}
