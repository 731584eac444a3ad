import Authorization
import Crypto
import Foundation
import Resources

/// A token as a case of the oracle describes it: its claims, or what is wrong with it.
enum OracleToken: Decodable {
    case claims(Data)
    case wrong(String)

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let name = try? value.decode(String.self) {
            self = .wrong(name)
        } else {
            self = .claims(try JSONEncoder().encode(try value.decode([String: AnyJSON].self)))
        }
    }
}

/// A JSON value that is carried over as it stands.
enum AnyJSON: Codable {
    case bool(Bool), integer(Int), number(Double), text(String), list([AnyJSON]), members([String: AnyJSON]), null

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? value.decode(Int.self) {
            self = .integer(number)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([AnyJSON].self) {
            self = .list(list)
        } else {
            self = .members(try value.decode([String: AnyJSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .bool(let flag): try value.encode(flag)
        case .integer(let number): try value.encode(number)
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .members(let members): try value.encode(members)
        case .null: try value.encodeNil()
        }
    }
}

/// The oracle's issuers of tokens, with keys made for the purpose.
struct OracleIssuers {
    private let settings: Oracle.Tokens
    private let key = P256.Signing.PrivateKey()
    private let strangersKey = P256.Signing.PrivateKey()
    private let now = Date()

    init(_ settings: Oracle.Tokens) throws {
        guard !settings.issuers.isEmpty else { throw OracleError("the oracle has no issuer") }
        self.settings = settings
    }

    /// What accepts their tokens.
    func verifier() -> TokenVerifier {
        let point = key.publicKey.rawRepresentation
        let document =
            #"{"keys":[{"kty":"EC","crv":"P-256","x":"\#(Self.encode(point.prefix(32)))","#
            + #""y":"\#(Self.encode(point.suffix(32)))"}]}"#
        let location = SourceLocation(file: "oracle", line: 1, column: 1)
        let rules = settings.issuers.compactMap { issuer -> TokenRule? in
            guard let keys = try? TokenKeySet(json: Array(document.utf8), at: location) else { return nil }
            return TokenRule(issuer: issuer, keys: .inline(keys), spaceDelimited: Set(settings.spaceDelimited))
        }
        let now = now
        return TokenVerifier(rules: rules, keys: TokenKeyStore(), compatibility: .istio, clock: { now })
    }

    /// The token that a case describes.
    func sign(_ token: OracleToken) throws -> String {
        let usual: [String: Any] = ["iss": settings.issuers[0], "sub": "sub-1"]
        switch token {
        case .claims(let data):
            guard let claims = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
                throw OracleError("the claims are no object")
            }
            return try sign(claims, with: key)
        case .wrong("BADSIG"): return try sign(usual, with: strangersKey)
        case .wrong("EXPIRED"): return try sign(usual, with: key, lifetime: -3600)
        case .wrong("WRONGISS"): return try sign(["iss": "https://stranger.example", "sub": "sub-1"], with: key)
        case .wrong("ALGNONE"):
            return try Self.unsigned(["alg": "none"], usual.merging(["exp": 4_000_000_000]) { $1 }) + "."
        case .wrong("GARBAGE"): return "gar.ba.ge"
        case .wrong(let name): throw OracleError("the token `\(name)` is not known")
        }
    }

    private func sign(
        _ claims: [String: Any],
        with key: P256.Signing.PrivateKey,
        lifetime: TimeInterval = 3600
    ) throws -> String {
        var claims = claims
        if claims["exp"] == nil { claims["exp"] = Int(now.timeIntervalSince1970 + lifetime) }
        let text = try Self.unsigned(["alg": "ES256", "typ": "JWT"], claims)
        return text + "." + Self.encode(try key.signature(for: Data(text.utf8)).rawRepresentation)
    }

    private static func unsigned(_ header: [String: Any], _ claims: [String: Any]) throws -> String {
        try [header, claims].map { encode(try JSONSerialization.data(withJSONObject: $0)) }.joined(separator: ".")
    }

    private static func encode(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
