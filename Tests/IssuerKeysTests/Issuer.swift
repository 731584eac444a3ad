import Crypto
import Foundation
import SPIFFE
import ZeroTrust

@testable import Authorization

/// An issuer of tokens whose keys a test changes.
struct Issuer {
    static let name = "https://issuer.example"

    let key = P256.Signing.PrivateKey()
    let keyID: String

    init(_ keyID: String) { self.keyID = keyID }

    /// Its key set.
    var keySet: String {
        let point = key.publicKey.rawRepresentation
        let (x, y) = (Self.base64(point.prefix(32)), Self.base64(point.suffix(32)))
        return #"{"keys":[{"kty":"EC","crv":"P-256","kid":"\#(keyID)","x":"\#(x)","y":"\#(y)"}]}"#
    }

    func token(expires: Date = Date() + 3600 * 24) throws -> String {
        let header = Self.base64(Data(#"{"alg":"ES256","kid":"\#(keyID)"}"#.utf8))
        let expiry = Int(expires.timeIntervalSince1970)
        let payload = Self.base64(Data(#"{"iss":"\#(Self.name)","sub":"alice","exp":\#(expiry)}"#.utf8))
        let signature = try key.signature(for: Data("\(header).\(payload)".utf8)).rawRepresentation
        return "\(header).\(payload).\(Self.base64(signature))"
    }

    private static func base64(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension TokenVerifier {
    /// What becomes of a token: `alice`, or why it is refused.
    func outcome(_ token: String) -> String {
        let headers = [TokenRequest(headers: [.init(name: "authorization", value: "Bearer \(token)")], path: "/")]
        switch verify(headers[0]) {
        case .absent: return "absent"
        case .verified(let identity): return identity.claims.subject ?? ""
        case .refused(let refusal): return refusal.code.rawValue
        }
    }
}
