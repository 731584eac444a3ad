public import Crypto
import Foundation
public import SPIFFE
import X509
public import ZeroTrust

/// Signs whatever it is given as a token, with a P-256 key of its own: good tokens and every kind of bad one.
public struct TokenIssuer: Sendable {
    /// The key.
    public let key = P256.Signing.PrivateKey()
    /// The ID under which its key is published.
    public let keyID: String
    /// The trust domain.
    public let trustDomain: TrustDomain

    /// An issuer for a trust domain.
    public init(_ trustDomain: String = "example.org", keyID: String = "key-1") throws {
        self.trustDomain = try TrustDomain(trustDomain)
        self.keyID = keyID
    }

    /// The key as a bundle publishes it.
    public var authority: TokenAuthority {
        get throws { try TokenAuthority(keyID: keyID, publicKey: Certificate.PublicKey(key.publicKey)) }
    }

    /// The bundle with this one key.
    public var bundle: JWTBundle {
        get throws { JWTBundle(trustDomain: trustDomain, authorities: [try authority]) }
    }

    /// The header of an ordinary token, as JSON.
    public var header: String { #"{"alg":"ES256","kid":"\#(keyID)","typ":"JWT"}"# }

    /// A token.
    ///
    /// - Parameters:
    ///   - header: JSON text; nil for that of an ordinary token.
    ///   - payload: JSON text.
    /// - Returns: the token in compact form.
    /// - Throws: where it cannot be signed.
    public func token(header: String? = nil, payload: String) throws -> String {
        try sign(Self.encode(Array((header ?? self.header).utf8)) + "." + Self.encode(Array(payload.utf8)))
    }

    /// The text with its signature behind it.
    public func sign(_ text: String) throws -> String {
        let signature = try key.signature(for: SHA256.hash(data: Array(text.utf8)))
        return text + "." + Self.encode(Array(signature.rawRepresentation))
    }

    /// base64url without padding.
    public static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
