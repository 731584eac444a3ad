public import Resources
public import ZeroTrust

/// Where workloads of other machines show what they are, and what of it is looked at.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: AttestationEndpoint
/// metadata: { name: remote }
/// spec:
///   address: 0.0.0.0
///   port: 8445
///   profile: { type: https_spiffe, spiffeID: "spiffe://cluster.local/attestation" }
///   joinTokens: true
/// ```
public struct AttestationEndpoint: Hashable, Sendable {
    /// The kind of the resource.
    public static let kind = "AttestationEndpoint"

    /// Whose tokens of Kubernetes are looked at.
    public struct Kubernetes: Hashable, Sendable {
        /// The cluster's issuer.
        public let issuer: String
        /// For whom a token has to be meant.
        public let audiences: Set<String>
    }

    /// The resource's name.
    public let name: String
    /// The address that is listened on.
    public let address: IPAddress
    /// The port; 0 for any that is free.
    public let port: Int
    /// How the server shows who it is.
    public let profile: BundleEndpoint.Profile
    /// Whose tokens of Kubernetes are looked at; nil for none.
    public let kubernetes: Kubernetes?
    /// The authorities whose certificates are looked at, as PEM; nil for none.
    public let x509AuthoritiesFile: String?
    /// Whether join tokens are looked at.
    public let takesJoinTokens: Bool

    /// The one resource of the kind among some documents; nil where there is none.
    ///
    /// - Throws: `ResourceError` with the place of what is unknown, of the wrong type, or impossible.
    public static func load(_ documents: [Document], in own: TrustDomain) throws -> AttestationEndpoint? {
        let all = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        guard let document = all.first else { return nil }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is a `\(kind)` already, at \(document.location)")
        }
        return try AttestationEndpoint(document, in: own)
    }

    private init(_ document: Document, in own: TrustDomain) throws {
        var fields = try FieldReader(identityResource: document)
        name = document.metadata.name
        (address, port) = try fields.listenAddress()
        profile = try fields.required("profile") { try BundleEndpoint.profile($0, in: own) }
        kubernetes = try fields.optional("kubernetes") { value in
            var fields = try FieldReader(value, of: "kubernetes")
            let issuer = try fields.required("issuer") { try $0.string() }
            let audiences = try fields.required("audiences") { try $0.list { try $0.string() } }
            try fields.finish()
            guard !audiences.isEmpty, audiences.allSatisfy({ !$0.isEmpty }) else {
                throw value.error("`audiences`: at least one is needed; a token that is meant for anybody is nobody's")
            }
            return Kubernetes(issuer: issuer, audiences: Set(audiences))
        }
        x509AuthoritiesFile = try fields.optional("x509") { value in
            var fields = try FieldReader(value, of: "x509")
            let file = try fields.required("caFile") { try $0.string() }
            try fields.finish()
            return file
        }
        takesJoinTokens = try fields.optional("joinTokens") { try $0.bool() } ?? false
        try fields.finish()
        guard kubernetes != nil || x509AuthoritiesFile != nil || takesJoinTokens else {
            throw ResourceError(
                at: document.location,
                "nothing is looked at here; write `kubernetes`, `x509` or `joinTokens`"
            )
        }
    }
}
