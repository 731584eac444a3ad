internal import SPIFFE
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

    /// An approval.
    public init(environment: String, approvedAt: Timestamp) {
        self.environment = environment
        self.approvedAt = approvedAt
    }

    init(_ fields: inout PredicateFields) throws(PredicateError) {
        environment = try fields.text("environment")
        approvedAt = try fields.moment("approvedAt")
    }

    /// The claim as JSON.
    public var json: [UInt8] {
        let value = StrictJSON.object([
            "environment": .string(environment), "approvedAt": .string(approvedAt.description),
        ])
        return Array(value.text.utf8)
    }
}
