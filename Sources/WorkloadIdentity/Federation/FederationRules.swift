public import Resources
import SPIFFE
public import ZeroTrust

/// Everything that a configuration says about other trust domains, and about who fetches this one's keys.
public struct FederationRules: Hashable, Sendable {
    /// The trust domains that this one federates with, in the order of their names.
    public var trustDomains: [FederatedTrustDomain] = []
    /// Where this trust domain serves its own bundle.
    public var endpoints: [BundleEndpoint] = []
    /// Where clouds find the keys of this trust domain's tokens.
    public var issuerEndpoints: [OIDCEndpoint] = []

    /// No other trust domain.
    public init() {}

    /// Whether nothing is said.
    public var isEmpty: Bool { trustDomains.isEmpty && endpoints.isEmpty && issuerEndpoints.isEmpty }

    /// The most trust domains that one may federate with.
    static let maximumTrustDomains = 256
    /// The most places where the own bundle is served.
    static let maximumEndpoints = 16

    /// Reads the resources among some documents.
    ///
    /// - Throws: `ResourceError` with the place of everything that is unknown, of the wrong type, or impossible.
    public init(_ documents: [Document], in own: TrustDomain) throws {
        let foreign = documents.filter(FederatedTrustDomain.isDeclared)
        let endpoints = documents.filter { $0.kind == BundleEndpoint.kind && $0.group == "lapwing.dev" }
        guard foreign.count <= Self.maximumTrustDomains, endpoints.count <= Self.maximumEndpoints else {
            let excess = foreign.count > Self.maximumTrustDomains ? foreign.last : endpoints.last
            throw ResourceError(
                at: (excess ?? documents[0]).location,
                "a trust domain federates with \(Self.maximumTrustDomains) others, and serves its bundle at "
                    + "\(Self.maximumEndpoints) places, at most"
            )
        }
        var places: [TrustDomain: SourceLocation] = [:]
        let read = try collectingDiagnostics(foreign) { document in
            let relationship = try FederatedTrustDomain(document)
            guard relationship.trustDomain != own else {
                throw ResourceError(
                    at: document.place(of: "trustDomain"),
                    "`\(own)` is the trust domain of this installation itself"
                )
            }
            if let place = places[relationship.trustDomain] {
                throw ResourceError(
                    at: document.place(of: "trustDomain"),
                    "the trust domain `\(relationship.trustDomain)` stands here and at \(place)"
                )
            }
            places[relationship.trustDomain] = document.place(of: "trustDomain")
            return relationship
        }
        // An endpoint of a third trust domain is told by the bundle of that one (SPIFFE Federation §5.2.2.2).
        _ = try collectingDiagnostics(read) { relationship in
            guard case .spiffe(let id) = relationship.profile, id.trustDomain != own, places[id.trustDomain] == nil,
                let place = places[relationship.trustDomain]
            else { return }
            throw ResourceError(
                at: place,
                "the endpoint `\(id)` is of a trust domain without a FederatedTrustDomain, so that nothing could tell it"
            )
        }
        self.trustDomains = read.sorted { $0.trustDomain.name < $1.trustDomain.name }
        self.endpoints = try collectingDiagnostics(endpoints) { try BundleEndpoint($0, in: own) }
        let issuers = documents.filter(OIDCEndpoint.isDeclared)
        if issuers.count > Self.maximumEndpoints, let last = issuers.last {
            throw ResourceError(
                at: last.location,
                "the issuer's documents are served at \(Self.maximumEndpoints) places at most"
            )
        }
        self.issuerEndpoints = try collectingDiagnostics(issuers) { try OIDCEndpoint($0) }
    }
}
