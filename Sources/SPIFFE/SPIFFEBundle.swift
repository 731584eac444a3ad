public import X509
public import ZeroTrust

/// A trust domain's public keys of every kind, as trust domains hand them to one another: a JWK set with two members
/// of its own (SPIFFE Trust Domain and Bundle §4).
///
/// What is unknown is ignored as the specification says, and what is known has to be right: a bundle with one broken
/// key of a known use is refused whole.
public struct SPIFFEBundle: Sendable, Hashable {
    /// The trust domain that the keys speak for; the document does not name it: whoever fetches a bundle knows.
    public let trustDomain: TrustDomain
    /// The X.509 authorities, by which peers are verified.
    public let x509Bundle: X509Bundle
    /// The keys that sign JWT-SVIDs.
    public var jwtAuthorities: [TokenAuthority]
    /// The keys that sign WIT-SVIDs.
    public var witAuthorities: [TokenAuthority]
    /// Which of two bundles is newer; it grows with every change (§4.1.1).
    public var sequence: UInt64?
    /// After how many seconds to ask again (§4.1.2).
    public var refreshHint: UInt64?

    /// The longest document that is looked at, in bytes.
    public static let maximumLength = 4 * 1024 * 1024
    /// The most keys in a document.
    public static let maximumKeys = 1024

    /// A bundle of keys.
    public init(
        trustDomain: TrustDomain,
        authorities: [Certificate],
        jwtAuthorities: [TokenAuthority] = [],
        witAuthorities: [TokenAuthority] = [],
        sequence: UInt64? = nil,
        refreshHint: UInt64? = nil
    ) {
        self.trustDomain = trustDomain
        self.x509Bundle = X509Bundle(trustDomain: trustDomain, authorities: authorities)
        self.jwtAuthorities = jwtAuthorities
        self.witAuthorities = witAuthorities
        self.sequence = sequence
        self.refreshHint = refreshHint
    }

    /// Parses a bundle document.
    ///
    /// - Parameters:
    ///   - trustDomain: whose bundle it is.
    ///   - document: UTF-8 JSON.
    /// - Throws: ``SVIDError`` saying what is wrong with the document.
    public init(trustDomain: TrustDomain, document: [UInt8]) throws(SVIDError) {
        try self.init(trustDomain: trustDomain, json: Self.parse(document))
    }

    static func parse(_ document: [UInt8]) throws(SVIDError) -> StrictJSON {
        guard document.count <= maximumLength else {
            throw SVIDError(.tooLarge, "the bundle has \(document.count) bytes; at most \(maximumLength) are looked at")
        }
        do {
            return try StrictJSON(document)
        } catch {
            throw SVIDError(.malformedBundle, "the bundle is not JSON: \(error.message) at byte \(error.offset)")
        }
    }

    init(trustDomain: TrustDomain, json: StrictJSON) throws(SVIDError) {
        guard let members = json.object else { throw SVIDError(.malformedBundle, "the bundle is not a JSON object") }
        guard let keys = members["keys"]?.array else {
            throw SVIDError(.malformedBundle, "the bundle has no `keys`; a revoked one has an empty list")
        }
        guard keys.count <= Self.maximumKeys else {
            throw SVIDError(.tooLarge, "the bundle has \(keys.count) keys; at most \(Self.maximumKeys) are looked at")
        }
        var (jwtAuthorities, witAuthorities): ([TokenAuthority], [TokenAuthority]) = ([], [])
        var authorities: [[UInt8]] = []
        var keyIDs: Set<String> = []
        for key in keys {
            guard let key = key.object else {
                throw SVIDError(.malformedBundle, "an element of `keys` is not an object")
            }
            guard let kind = key["kty"]?.string, ["EC", "RSA", "OKP"].contains(kind) else { continue }
            switch key["use"]?.string {
            case "x509-svid": if let der = try Self.certificate(key) { authorities.append(der) }
            case "jwt-svid": if let key = try Self.tokenAuthority(key, &keyIDs) { jwtAuthorities.append(key) }
            case "wit-svid": if let key = try Self.tokenAuthority(key, &keyIDs) { witAuthorities.append(key) }
            default: continue
            }
        }
        self.trustDomain = trustDomain
        self.x509Bundle = try X509Bundle(trustDomain: trustDomain, authoritiesDER: authorities)
        self.jwtAuthorities = jwtAuthorities
        self.witAuthorities = witAuthorities
        self.sequence = try Self.whole(members, "spiffe_sequence")
        self.refreshHint = try Self.whole(members, "spiffe_refresh_hint")
    }

    /// The first certificate of `x5c`; an entry without one is to be ignored, and so are further ones (X.509-SVID §6.2).
    private static func certificate(_ key: [String: StrictJSON]) throws(SVIDError) -> [UInt8]? {
        guard let chain = key["x5c"], chain != .null else { return nil }
        guard let values = chain.array else { throw SVIDError(.malformedBundle, "an `x5c` is not a list") }
        guard let first = values.first else { return nil }
        guard let text = first.string, let der = Base64.decode(text) else {
            throw SVIDError(.malformedBundle, "an `x5c` does not hold base64")
        }
        return der
    }

    /// The token-signing key of an entry, or nil where its kind is to be ignored; each `kid` once (WIT-SVID §6.1).
    private static func tokenAuthority(
        _ key: [String: StrictJSON],
        _ keyIDs: inout Set<String>
    ) throws(SVIDError) -> TokenAuthority? {
        guard let authority = try TokenAuthority(jwk: key) else { return nil }
        guard keyIDs.insert(authority.keyID).inserted else {
            throw SVIDError(.malformedBundle, "two token-signing keys have the same `kid`")
        }
        return authority
    }

    private static func whole(_ members: [String: StrictJSON], _ name: String) throws(SVIDError) -> UInt64? {
        guard let member = members[name], member != .null else { return nil }
        let number: UInt64? =
            switch member {
            case .integer(let number): UInt64(exactly: number)
            // Numbers go up to twice what an `Int64` holds.
            case .number(let text): UInt64(text)
            default: nil
            }
        guard let number else { throw SVIDError(.malformedBundle, "`\(name)` is not a whole number of 64 bits") }
        return number
    }

    /// The document, always in the same bytes for the same bundle.
    public var document: String { JSONText.write(json) }

    var json: JSONText.Value {
        var keys: [JSONText.Value] = []
        for der in x509Bundle.authoritiesDER {
            // Consumers read the certificate; the numbers beside it are left out for a key that is not used here.
            let certificate = try? CertificateProfile.decode(der)
            var key = certificate.map { PublicKeyJWK.members(of: $0.publicKey) } ?? ["kty": .string("RSA")]
            key["use"] = .string("x509-svid")
            key["x5c"] = .array([.string(Base64.encode(der))])
            keys.append(.object(key))
        }
        for (use, authorities) in [("jwt-svid", jwtAuthorities), ("wit-svid", witAuthorities)] {
            keys += authorities.map { JWKSet.entry($0, use: use) }
        }
        var members: [String: JSONText.Value] = ["keys": .array(keys)]
        if let sequence { members["spiffe_sequence"] = .integer(sequence) }
        if let refreshHint { members["spiffe_refresh_hint"] = .integer(refreshHint) }
        return .object(members)
    }
}
