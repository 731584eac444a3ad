/// A request to AWS: who asks for what, on what, and with what about it.
public struct IAMRequest: Hashable, Sendable {
    /// Who asks.
    public let principal: RequestPrincipal
    /// What for: `s3:GetObject`.
    public let action: String
    /// On what.
    public let resource: RequestedResource
    /// The account that the resource is in.
    public let resourceAccount: String
    /// What conditions and variables may ask for.
    public let context: RequestContext

    /// A request.
    public init(
        principal: RequestPrincipal,
        action: String,
        resource: RequestedResource,
        resourceAccount: String,
        context: RequestContext = RequestContext()
    ) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.resourceAccount = resourceAccount
        self.context = context
    }
}

/// The policies that a request is judged by.
public struct IAMPolicies: Hashable, Sendable {
    /// Policies attached to who asks, inline ones and those of its groups included.
    public var identity: [PolicyDocument] = []
    /// The policy of the resource; for a role its trust policy.
    public var resource: PolicyDocument?
    /// Service control policies, level by level from the root to the account; nil where there are none, as in an account
    /// without an organisation or in its management account.
    public var serviceControl: [[PolicyDocument]]?
    /// Resource control policies, level by level; nil where there are none.
    public var resourceControl: [[PolicyDocument]]?
    /// The permissions boundary; nil where there is none.
    public var boundary: [PolicyDocument]?
    /// The policies of the session; nil where there are none.
    public var session: [PolicyDocument]?
    /// The policies of the VPC endpoint that the request goes through; nil where it goes through none.
    public var endpoint: [PolicyDocument]?
    /// Whether S3's Block Public Access restricts a bucket whose policy is public (`RestrictPublicBuckets`).
    public var restrictsPublicBuckets = false

    /// No policies.
    public init() {}
}
