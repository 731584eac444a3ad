import Crypto
import CryptoExtras
import Foundation
import Resources
import SPIFFE
import ZeroTrust

@testable import Authorization

/// An issuer of tokens with a key of every kind, made for the purpose.
struct TestIssuer {
    let name: String
    private let p256 = P256.Signing.PrivateKey()
    private let p384 = P384.Signing.PrivateKey()
    private let p521 = P521.Signing.PrivateKey()
    private let ed25519 = Curve25519.Signing.PrivateKey()
    private let rsa: _RSA.Signing.PrivateKey

    /// The time at which the tests take place.
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let location = SourceLocation(file: "keys.json", line: 1, column: 1)

    init(_ name: String = "https://issuer.example") throws {
        self.name = name
        self.rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    }

    // MARK: - Its keys

    /// The public keys as JWKs, each under the name of its kind.
    func jwks() throws -> [[String: Any]] {
        func ec(_ curve: String, _ point: Data) -> [String: Any] {
            let half = point.count / 2
            return [
                "kty": "EC", "crv": curve, "kid": curve, "use": "sig", "x": Self.encode(point.prefix(half)),
                "y": Self.encode(point.suffix(half)),
            ]
        }
        let numbers = try rsa.publicKey.getKeyPrimitives()
        return [
            ec("P-256", p256.publicKey.rawRepresentation), ec("P-384", p384.publicKey.rawRepresentation),
            ec("P-521", p521.publicKey.rawRepresentation),
            ["kty": "OKP", "crv": "Ed25519", "kid": "Ed25519", "x": Self.encode(ed25519.publicKey.rawRepresentation)],
            [
                "kty": "RSA", "kid": "RSA", "n": Self.encode(numbers.modulus),
                "e": Self.encode(numbers.publicExponent),
            ],
        ]
    }

    func keySet() throws -> TokenKeySet { try Self.keySet(jwks()) }

    static func keySet(_ jwks: [[String: Any]]) throws -> TokenKeySet {
        try TokenKeySet(json: Array(JSONSerialization.data(withJSONObject: ["keys": jwks])), at: location)
    }

    /// The RSA public key in the form that a confused verifier would take for a secret.
    var publicKeyPEM: String { rsa.publicKey.pemRepresentation }

    // MARK: - Its tokens

    static let kinds: [SignatureAlgorithm: String] = [
        .es256: "P-256", .es384: "P-384", .es512: "P-521", .edDSA: "Ed25519", .rs256: "RSA", .rs384: "RSA",
        .rs512: "RSA", .ps256: "RSA", .ps384: "RSA", .ps512: "RSA",
    ]

    /// A token; the claims are added to those of an ordinary one, and a claim that is null is taken out.
    func token(
        _ claims: [String: Any] = [:],
        algorithm: SignatureAlgorithm = .es256,
        header: [String: Any] = [:]
    ) throws -> String {
        let kid = Self.kinds[algorithm] ?? ""
        let usual: [String: Any] = ["alg": algorithm.rawValue, "typ": "JWT", "kid": kid]
        return try sign(
            header: Self.merge(usual, header),
            payload: Self.merge(
                ["iss": name, "sub": "alice", "exp": Int(Self.now.timeIntervalSince1970) + 300],
                claims
            ),
            algorithm
        )
    }

    func sign(header: [String: Any], payload: [String: Any], _ algorithm: SignatureAlgorithm) throws -> String {
        try sign(
            header: JSONSerialization.data(withJSONObject: header),
            payload: JSONSerialization.data(withJSONObject: payload),
            algorithm
        )
    }

    /// Signs a header and a payload as they stand.
    func sign(header: Data, payload: Data, _ algorithm: SignatureAlgorithm = .es256) throws -> String {
        let text = Self.encode(header) + "." + Self.encode(payload)
        return text + "." + Self.encode(try signature(Data(text.utf8), algorithm))
    }

    func signature(_ bytes: Data, _ algorithm: SignatureAlgorithm) throws -> Data {
        switch algorithm {
        case .es256: try p256.signature(for: SHA256.hash(data: bytes)).rawRepresentation
        case .es384: try p384.signature(for: SHA384.hash(data: bytes)).rawRepresentation
        case .es512: try p521.signature(for: SHA512.hash(data: bytes)).rawRepresentation
        case .edDSA: try ed25519.signature(for: bytes)
        case .rs256: try rsa.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation
        case .rs384: try rsa.signature(for: SHA384.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation
        case .rs512: try rsa.signature(for: SHA512.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation
        case .ps256: try rsa.signature(for: SHA256.hash(data: bytes), padding: .PSS).rawRepresentation
        case .ps384: try rsa.signature(for: SHA384.hash(data: bytes), padding: .PSS).rawRepresentation
        case .ps512: try rsa.signature(for: SHA512.hash(data: bytes), padding: .PSS).rawRepresentation
        }
    }

    private static func merge(_ usual: [String: Any], _ other: [String: Any]) -> [String: Any] {
        usual.merging(other) { $1 }.filter { !($0.value is NSNull) }
    }

    static func encode(_ data: some DataProtocol) -> String {
        Data(data).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    // MARK: - Who verifies them

    func rule(_ change: (inout TokenRule) -> Void = { _ in }) throws -> TokenRule {
        var rule = TokenRule(issuer: name, keys: .inline(try keySet()))
        change(&rule)
        return rule
    }

    static func verifier(
        _ rules: [TokenRule],
        compatibility: Compatibility = .strict,
        keys: any TokenKeySource = TokenKeyStore(clock: { now })
    ) -> TokenVerifier {
        TokenVerifier(rules: rules, keys: keys, compatibility: compatibility, clock: { now })
    }
}

extension TokenVerifier {
    /// What becomes of a request with these headers: the subject, `none`, or the refusal's code.
    func outcome(_ headers: [(String, String)], path: String = "/x", isPreflight: Bool = false) -> String {
        let lines = headers.map { Exchange.Header(name: $0.0, value: $0.1) }
        let request = TokenRequest(headers: lines, path: path, isPreflight: isPreflight)
        switch verify(request) {
        case .absent: return "none"
        case .verified(let identity): return identity.claims.subject ?? ""
        case .refused(let refusal): return refusal.code.rawValue
        }
    }

    func outcome(bearer token: String) -> String { outcome([("authorization", "Bearer " + token)]) }
}
