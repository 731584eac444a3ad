import Crypto
public import SPIFFE
public import ZeroTrust

/// A trust domain that this one federates with: whose bundle is fetched, where, and how its server is told.
///
/// The fields are those of SPIRE's `ClusterFederatedTrustDomain`, which is read as well. The three parameters, URL,
/// profile and trust domain, are always written out and never inferred from one another (SPIFFE Federation §5.1).
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: FederatedTrustDomain
/// metadata: { name: partner }
/// spec:
///   trustDomain: partner.example
///   bundleEndpointURL: https://spiffe.partner.example:8443/
///   bundleEndpointProfile:
///     type: https_spiffe
///     endpointSPIFFEID: spiffe://partner.example/bundle-endpoint
///   trustDomainBundle: |
///     {"keys": […]}
/// ```
public struct FederatedTrustDomain: Hashable, Sendable {
    /// How the server of a bundle endpoint is told.
    public enum Profile: Hashable, Sendable {
        /// `https_web`: by a certificate authority of the web, or by those in a file.
        case web(authoritiesFile: String?)
        /// `https_spiffe`: by its X.509-SVID, which has to be of this ID.
        case spiffe(SPIFFEID)

        /// The name in the specification.
        public var name: String {
            switch self {
            case .web: "https_web"
            case .spiffe: "https_spiffe"
            }
        }
    }

    /// The resource's name.
    public let name: String
    /// The trust domain that the fetched keys speak for.
    public let trustDomain: TrustDomain
    /// Where the bundle is served.
    public let url: BundleEndpointURL
    /// How the server is told.
    public let profile: Profile
    /// The bundle to begin with, by which the first connection of a self-serving endpoint is judged; nil for none.
    public let bundle: SPIFFEBundle?

    /// A relationship.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` where the server of the endpoint could never be told.
    public init(
        name: String,
        trustDomain: TrustDomain,
        url: BundleEndpointURL,
        profile: Profile,
        bundle: SPIFFEBundle? = nil
    ) throws(IdentityError) {
        if case .spiffe(let id) = profile {
            guard !id.path.isEmpty else {
                throw IdentityError(.invalidArgument, "`\(id)` is a trust domain; the ID of the endpoint needs a path")
            }
            // §5.2.2.2: a self-serving endpoint needs a bundle to begin with.
            guard id.trustDomain != trustDomain || bundle != nil else {
                throw IdentityError(
                    .invalidArgument,
                    "the endpoint is of `\(trustDomain)` itself, so that its bundle has to be here to begin with: write it in "
                        + "`trustDomainBundle`"
                )
            }
        }
        self.name = name
        self.trustDomain = trustDomain
        self.url = url
        self.profile = profile
        self.bundle = bundle
    }

    /// The digest of everything that is written about the trust domain.
    ///
    /// What was fetched under another one does not count: to begin anew, as with a partner whose sequence numbers began
    /// anew, the URL, the profile or the bundle is changed. The resource's name is not part of it.
    public var relationship: String {
        let profileText =
            switch profile {
            case .web(let file): "web " + (file ?? "")
            case .spiffe(let id): "spiffe \(id)"
            }
        var hash = SHA256()
        for part in [trustDomain.name, url.text, profileText, bundle?.document ?? ""] {
            hash.update(data: Array("\(part.utf8.count) \(part) ".utf8))
        }
        return Hexadecimal.text(Array(hash.finalize().prefix(16)))
    }
}
