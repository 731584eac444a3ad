import Crypto
import SwiftASN1

/// The private key of somebody who signs models.
///
/// It prints as `<redacted>`.
public struct SignerPrivateKey: Sendable {
    /// The public half.
    public let publicKey: SignerKey
    private let key: Key

    private enum Key: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
    }

    /// Whether the PEM text is an encrypted key, for which a password is needed.
    public static func isEncrypted(pem: String) -> Bool {
        (try? PEMDocument.parseMultiple(pemString: pem))?.contains { $0.discriminator == "ENCRYPTED PRIVATE KEY" }
            ?? false
    }

    /// A key from PEM text: PKCS#8, SEC 1, or PKCS#8 encrypted with a password.
    ///
    /// - Throws: ``ModelRefusal`` where it is anything else, or a key of a kind that does not sign models.
    public init(pem: String, password: String? = nil) throws(ModelRefusal) {
        guard !pem.contains("Proc-Type: 4,ENCRYPTED") else {
            throw ModelRefusal(
                .keyType,
                "the private key is encrypted in OpenSSL's old form; "
                    + "`openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW` writes one that is read"
            )
        }
        guard pem.utf8.count <= 64 << 10, let blocks = try? PEMDocument.parseMultiple(pemString: pem) else {
            throw ModelRefusal(.keyType, "the private key is no PEM text")
        }
        // OpenSSL writes the curve's name in front of the key.
        let kinds = ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
        let keys = blocks.filter { kinds.contains($0.discriminator) }
        if keys.isEmpty, blocks.contains(where: { $0.discriminator == "PUBLIC KEY" }) {
            throw ModelRefusal(.keyType, "this is a public key, and it takes the private one to sign")
        }
        guard keys.count == 1 else {
            throw ModelRefusal(.keyType, "the text does not hold one private key in PEM that can be read here")
        }
        switch keys[0].discriminator {
        case "ENCRYPTED PRIVATE KEY":
            guard let password else {
                throw ModelRefusal(.keyType, "the private key is encrypted, and there is no password")
            }
            try self.init(pkcs8: try EncryptedPrivateKey.decrypt(keys[0].derBytes, password: password))
        case "EC PRIVATE KEY": try self.init(curve: try Self.curve(ofSEC1: keys[0].derBytes), pem: keys[0].pemString)
        default: try self.init(pkcs8: keys[0].derBytes)
        }
    }

    /// A key from PKCS#8 (RFC 5958).
    package init(pkcs8 der: [UInt8]) throws(ModelRefusal) {
        guard let root = try? DER.parse(der), case .constructed(let parts) = root.content,
            let algorithm = Array(parts).dropFirst().first
        else { throw Self.broken }
        try self.init(
            curve: try SigningCurve(algorithm: algorithm),
            pem: PEMDocument(type: "PRIVATE KEY", derBytes: der).pemString
        )
    }

    private init(curve: SigningCurve, pem: String) throws(ModelRefusal) {
        let publicDER: [UInt8]
        do {
            switch curve {
            case .p256:
                let key = try P256.Signing.PrivateKey(pemRepresentation: pem)
                publicDER = Array(key.publicKey.derRepresentation)
                self.key = .p256(key)
            case .p384:
                let key = try P384.Signing.PrivateKey(pemRepresentation: pem)
                publicDER = Array(key.publicKey.derRepresentation)
                self.key = .p384(key)
            case .p521:
                let key = try P521.Signing.PrivateKey(pemRepresentation: pem)
                publicDER = Array(key.publicKey.derRepresentation)
                self.key = .p521(key)
            }
        } catch { throw Self.broken }
        publicKey = try SignerKey(der: publicDER)
    }

    /// The curve that an `EC PRIVATE KEY` names in its parameters (RFC 5915 §3).
    private static func curve(ofSEC1 der: [UInt8]) throws(ModelRefusal) -> SigningCurve {
        let parameters = ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
        guard let root = try? DER.parse(der), case .constructed(let parts) = root.content,
            let field = parts.first(where: { $0.identifier == parameters }),
            case .constructed(let curve) = field.content, let curve = Array(curve).first
        else { throw broken }
        return try SigningCurve(identifier: curve)
    }

    private static let broken = ModelRefusal(
        .keyType,
        "the private key is broken, or of a kind that does not sign models"
    )

    /// A DER signature of bytes, by the hash that belongs to the curve.
    func sign(_ bytes: [UInt8]) throws(ModelRefusal) -> [UInt8] {
        do {
            switch key {
            case .p256(let key): return Array(try key.signature(for: SHA256.hash(data: bytes)).derRepresentation)
            case .p384(let key): return Array(try key.signature(for: SHA384.hash(data: bytes)).derRepresentation)
            case .p521(let key): return Array(try key.signature(for: SHA512.hash(data: bytes)).derRepresentation)
            }
        } catch { throw ModelRefusal(.keyType, "the private key does not sign") }
    }
}

extension SignerPrivateKey: CustomStringConvertible, CustomReflectable {
    /// Never the key.
    public var description: String { "<redacted>" }
    /// Never the key.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
