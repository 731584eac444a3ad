/// What AWS answers.
public struct IAMDecision: Hashable, Sendable {
    /// The answer.
    public enum Verdict: String, Hashable, Sendable {
        /// It is allowed, on ``IAMDecision/conditions``.
        case allow = "Allow"
        /// Nothing allows it.
        case implicitDeny = "ImplicitDeny"
        /// Something denies it.
        case explicitDeny = "ExplicitDeny"
    }

    /// A kind of policy that stood in the way of what the others allowed.
    public enum Layer: String, Hashable, Sendable, CaseIterable {
        /// A service control policy.
        case serviceControl = "scp"
        /// A resource control policy.
        case resourceControl = "rcp"
        /// A VPC endpoint's policy.
        case endpoint = "vpce"
        /// A permissions boundary.
        case boundary = "pb"
        /// A session's policy.
        case session
        /// A policy of who asks.
        case identity
        /// A policy of the resource.
        case resource
        /// S3's Block Public Access.
        case publicAccessBlock = "s3-bpa"
    }

    /// The answer.
    public let verdict: Verdict
    /// What must hold for it to be allowed, as far as that is not known; ``ConditionFormula/yes`` for a request that is
    /// known in full.
    public let conditions: ConditionFormula
    /// What stood in the way, where the resource's or the identity's policies allow it.
    public let blockedBy: [Layer]

    /// Whether it is allowed.
    public var isAllowed: Bool { verdict == .allow }
}
