public import ZeroTrust

/// The keys by which JWT-SVIDs of one trust domain are verified (JWT-SVID §6).
///
/// ```swift
/// let bundle = try JWTBundle(trustDomain: domain, jwks: document)
/// let svid = try JWTSVID(token, audiences: ["payments"], bundles: [domain: bundle], at: Date())
/// ```
public struct JWTBundle: Sendable {
    /// Whose tokens the keys verify, and nobody else's.
    public let trustDomain: TrustDomain
    /// The keys; none means that every token is refused.
    public let authorities: [TokenAuthority]
    /// The keys by their IDs, ready to verify.
    package let keys: [String: TokenKey]

    /// The longest document that is looked at, in bytes.
    public static let maximumLength = 256 * 1024
    /// The most keys in a document.
    public static let maximumKeys = 256

    /// A bundle of these keys; one whose kind signs no JWT-SVIDs verifies nothing.
    public init(trustDomain: TrustDomain, authorities: [TokenAuthority]) {
        self.trustDomain = trustDomain
        self.authorities = authorities
        self.keys = Dictionary(
            authorities.compactMap { authority in
                TokenKey(keyID: authority.keyID, authority.publicKey).map { (authority.keyID, $0) }
            },
            // A document with two keys of one name is refused; made in code, the first counts.
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The JWT half of a trust domain's bundle.
    public init(_ bundle: SPIFFEBundle) {
        self.init(trustDomain: bundle.trustDomain, authorities: bundle.jwtAuthorities)
    }

    /// Reads a JWK set (RFC 7517 §5), as the Workload API sends it.
    ///
    /// Of its keys only those whose `use` is `jwt-svid` or is not said are taken, and those must be right: EC or RSA, each
    /// with a `kid` of its own. An empty list is a bundle that verifies nothing.
    ///
    /// - Throws: ``SVIDError`` saying what is wrong with the document.
    public init(trustDomain: TrustDomain, jwks: [UInt8]) throws(SVIDError) {
        guard jwks.count <= Self.maximumLength else {
            throw SVIDError(.tooLarge, "the JWK set has more than \(Self.maximumLength) bytes")
        }
        let document: StrictJSON
        do { document = try StrictJSON(jwks) } catch {
            throw SVIDError(.malformedBundle, "the JWK set is not JSON: \(error.message) at byte \(error.offset)")
        }
        guard let keys = document.object?["keys"]?.array else {
            throw SVIDError(.malformedBundle, "the JWK set has no list `keys`; a revoked one has an empty list")
        }
        guard keys.count <= Self.maximumKeys else {
            throw SVIDError(.tooLarge, "the JWK set has \(keys.count) keys; at most \(Self.maximumKeys) are looked at")
        }
        var authorities: [TokenAuthority] = []
        for key in keys {
            guard let jwk = key.object else { throw SVIDError(.malformedBundle, "a key of the JWK set is no object") }
            if let use = jwk["use"], use.string != "jwt-svid" { continue }
            guard let authority = try TokenAuthority(jwk: jwk) else { continue }
            guard !authorities.contains(where: { $0.keyID == authority.keyID }) else {
                throw SVIDError(.malformedBundle, "two keys of the JWK set have the same `kid`")
            }
            authorities.append(authority)
        }
        self.init(trustDomain: trustDomain, authorities: authorities)
    }

    /// The JWK set, as the Workload API sends it: public keys only, each with its `kid` and `use`.
    public var jwks: String { JWKSet.text(authorities, use: "jwt-svid") }
}

extension JWTBundle: Hashable {
    /// Whether both vouch for the same trust domain with the same keys.
    public static func == (left: Self, right: Self) -> Bool {
        left.trustDomain == right.trustDomain && left.authorities == right.authorities
    }

    /// Feeds trust domain and keys to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(trustDomain)
        hasher.combine(authorities)
    }
}

/// The bundles by which tokens are verified, each by its trust domain; they are never merged.
public typealias JWTBundleSet = [TrustDomain: JWTBundle]
