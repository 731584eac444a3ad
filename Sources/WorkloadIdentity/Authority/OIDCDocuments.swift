import Crypto
public import SPIFFE
import X509

/// What an OpenID Connect issuer serves, so that AWS, Google Cloud and Azure find the keys of JWT-SVIDs: a description at
/// `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §3) and a JWK set at `/keys`.
///
/// Both are public and change only with the keys, so that they can lie in a bucket as well as behind a server.
public struct OIDCDocuments: Hashable, Sendable {
    /// Where the description is found below the issuer.
    public static let discoveryPath = "/.well-known/openid-configuration"
    /// Where the keys are found below the issuer.
    public static let keysPath = "/keys"
    /// How many keys of one kind AWS takes.
    public static let maximumKeysOfAKind = 100

    /// The description, as JSON.
    public let discovery: String
    /// The keys, as a JWK set.
    public let keys: String

    /// The documents of an issuer.
    ///
    /// - Parameters:
    ///   - issuer: its URL, which stands in the tokens as well.
    ///   - bundle: the keys that sign its tokens, those that will sign and those that have signed.
    /// - Throws: ``IdentityError`` with `invalidArgument` for keys that a cloud would not take: none, too many, or of a kind
    ///   whose algorithm it does not know.
    public init(issuer: OIDCIssuer, bundle: JWTBundle) throws(IdentityError) {
        guard !bundle.authorities.isEmpty else {
            throw IdentityError(.invalidArgument, "there is no key yet that signs tokens")
        }
        var algorithms: [String: SignatureAlgorithm] = [:]
        for authority in bundle.authorities {
            guard let algorithm = Self.algorithm(authority) else {
                throw IdentityError(
                    .invalidArgument,
                    "the key `\(authority.keyID)` is of a kind that clouds do not take"
                )
            }
            algorithms[authority.keyID] = algorithm
        }
        for algorithm in Set(algorithms.values) {
            let count = algorithms.values.count { $0 == algorithm }
            guard count <= Self.maximumKeysOfAKind else {
                throw IdentityError(
                    .invalidArgument,
                    "there are \(count) keys for \(algorithm.rawValue); AWS takes \(Self.maximumKeysOfAKind)"
                )
            }
        }
        let used = Set(algorithms.values.map(\.rawValue)).sorted()
        func strings(_ texts: [String]) -> StrictJSON { .array(texts.map { .string($0) }) }
        let discovery = StrictJSON.object([
            "issuer": .string(issuer.url),
            "jwks_uri": .string(issuer.url + Self.keysPath),
            // Nobody signs in here; the field is mandatory, and this is how Kubernetes fills it.
            "authorization_endpoint": .string("urn:kubernetes:programmatic_authorization"),
            "response_types_supported": strings(["id_token"]),
            "subject_types_supported": strings(["public"]),
            "id_token_signing_alg_values_supported": strings(used),
            "claims_supported": strings(["aud", "exp", "iat", "iss", "jti", "sub"]),
        ])
        self.discovery = discovery.text
        self.keys = JWKSet.text(bundle.authorities, use: "sig", algorithms: algorithms)
    }

    /// What a key signs with: PS256 and EdDSA, which AWS does not take, never.
    private static func algorithm(_ authority: TokenAuthority) -> SignatureAlgorithm? {
        let key = authority.publicKey
        if P256.Signing.PublicKey(key) != nil { return .es256 }
        if P384.Signing.PublicKey(key) != nil { return .es384 }
        if P521.Signing.PublicKey(key) != nil { return .es512 }
        return JWKSet.isRSA(authority) ? .rs256 : nil
    }
}
