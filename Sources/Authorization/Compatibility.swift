/// Whose defaults hold where a policy says nothing.
public enum Compatibility: String, Sendable, Codable, CaseIterable {
    /// Lapwing's own: what no ALLOW policy allows is denied.
    case strict
    /// Istio's: a workload that no ALLOW policy selects allows what no DENY policy denies.
    case istio
}
