import AuditLog
public import ZeroTrust

/// Which bodies are kept, for how much of a request, and for whom.
public struct BodyPolicy: Hashable, Sendable {
    /// The share of requests whose bodies are kept, from 0 to 1.
    public var share: Double
    /// Whether the bodies of requests that were refused, or whose answer was, are kept as well.
    public var keepsRefused: Bool
    /// How many bytes of a body are kept.
    public var maximumBytes: Int
    /// How many bytes may be held at once, until they are sealed.
    public var maximumHeld: Int
    /// The tenants of namespaces; a namespace that is not here is its own tenant.
    public var tenants: [String: String]

    /// A policy.
    public init(
        share: Double = 1,
        keepsRefused: Bool = true,
        maximumBytes: Int = 256 << 10,
        maximumHeld: Int = 64 << 20,
        tenants: [String: String] = [:]
    ) {
        self.share = share
        self.keepsRefused = keepsRefused
        self.maximumBytes = maximumBytes
        self.maximumHeld = maximumHeld
        self.tenants = tenants
    }

    /// The tenant of a caller who proved no identity.
    public static let anonymous = "anonymous"
    /// The tenant of a caller whose ID names no namespace, or one that cannot be a tenant.
    public static let other = "other"

    /// Whose a caller's bodies are.
    public func tenant(of caller: SPIFFEID?) -> String {
        guard let caller else { return Self.anonymous }
        let segments = caller.path.split(separator: "/")
        guard segments.count >= 2, segments[0] == "ns" else { return Self.other }
        let namespace = String(segments[1])
        if let mapped = tenants[namespace] { return mapped }
        return BodyVault.isTenant(namespace) ? namespace : Self.other
    }
}
