/// What somebody does to a finding.
public enum FindingAct: Hashable, Sendable {
    /// Take it up.
    case acknowledge
    /// Say that it is how things are, and why.
    case accept(reason: String)
    /// Say that it is over.
    case resolve

    /// The action's code in an act record: `finding.accept`.
    public var action: String {
        switch self {
        case .acknowledge: "finding.acknowledge"
        case .accept: "finding.accept"
        case .resolve: "finding.resolve"
        }
    }

    /// The act that a record of the log tells of; nil for other acts.
    public init?(action: String, reason: String?) {
        switch action {
        case "finding.acknowledge": self = .acknowledge
        case "finding.accept": self = .accept(reason: reason ?? "")
        case "finding.resolve": self = .resolve
        default: return nil
        }
    }
}
