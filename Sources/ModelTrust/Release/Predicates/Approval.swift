public import ZeroTrust

/// The claim that someone approves of a model in an environment.
///
/// ```json
/// {"environment": "production", "approvedAt": "2026-11-25T12:00:00Z"}
/// ```
public struct Approval: Hashable, Sendable, Predicate {
    static let type = "https://lapwing.dev/attestation/approval/v1"

    /// Where it may run.
    public let environment: String
    /// When it was approved.
    public let approvedAt: Timestamp

    init(_ fields: inout PredicateFields) throws(PredicateError) {
        environment = try fields.text("environment")
        approvedAt = try fields.moment("approvedAt")
    }
}
