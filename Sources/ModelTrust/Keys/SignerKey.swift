import Crypto
import SPIFFE
import SwiftASN1
import ZeroTrust

/// The public key of somebody who signs models.
public struct SignerKey: Sendable {
    /// The curve.
    public let curve: SigningCurve
    /// The SHA-256 of the key's PEM text in lower-case hexadecimal, by which bundles name it.
    public let fingerprint: String
    /// The SHA-256 of the key's SubjectPublicKeyInfo in base64, by which cosign's bundles name it.
    let cosignHint: String
    private let key: Key

    private enum Key: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
    }

    /// A key from PEM text of one `PUBLIC KEY` block.
    ///
    /// - Throws: ``ModelRefusal`` where it is anything else, or a key of a kind that does not sign models.
    public init(pem: String) throws(ModelRefusal) {
        guard pem.utf8.count <= 64 << 10, let blocks = try? PEMDocument.parseMultiple(pemString: pem) else {
            throw ModelRefusal(.keyType, "the public key is no PEM text")
        }
        if blocks.contains(where: { $0.discriminator.hasSuffix("PRIVATE KEY") }) {
            throw ModelRefusal(
                .keyType,
                "this is a private key, and the public one is wanted, which `openssl pkey -pubout -in FILE` prints"
            )
        }
        guard blocks.count == 1, blocks[0].discriminator == "PUBLIC KEY" else {
            throw ModelRefusal(.keyType, "the text does not hold one `PUBLIC KEY` block of PEM")
        }
        try self.init(der: blocks[0].derBytes)
    }

    /// A key from its SubjectPublicKeyInfo.
    init(der: [UInt8]) throws(ModelRefusal) {
        let broken = ModelRefusal(.keyType, "the public key is broken")
        guard let root = try? DER.parse(der), case .constructed(let parts) = root.content,
            let algorithm = Array(parts).first
        else { throw broken }
        curve = try SigningCurve(algorithm: algorithm)
        do {
            switch curve {
            case .p256: key = .p256(try P256.Signing.PublicKey(derRepresentation: der))
            case .p384: key = .p384(try P384.Signing.PublicKey(derRepresentation: der))
            case .p521: key = .p521(try P521.Signing.PublicKey(derRepresentation: der))
            }
        } catch { throw broken }
        let canonical: [UInt8] =
            switch key {
            case .p256(let key): Array(key.derRepresentation)
            case .p384(let key): Array(key.derRepresentation)
            case .p521(let key): Array(key.derRepresentation)
            }
        let text = PEMDocument(type: "PUBLIC KEY", derBytes: canonical).pemString + "\n"
        cosignHint = Base64.encode(SHA256.hash(data: canonical))
        fingerprint = Hexadecimal.text(Array(SHA256.hash(data: Array(text.utf8))))
    }

    /// Whether a DER signature fits bytes, by the hash that belongs to the curve.
    func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        switch curve {
        case .p256: verifies(signature, SHA256.hash(data: bytes))
        case .p384: verifies(signature, SHA384.hash(data: bytes))
        case .p521: verifies(signature, SHA512.hash(data: bytes))
        }
    }

    /// Whether a DER signature fits a digest.
    func verifies(_ signature: [UInt8], _ digest: some Digest) -> Bool {
        guard let raw = ECDSASignatureDER.raw(signature, length: curve.length) else { return false }
        switch key {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: raw) else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(rawRepresentation: raw) else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p521(let key):
            guard let signature = try? P521.Signing.ECDSASignature(rawRepresentation: raw) else { return false }
            return key.isValidSignature(signature, for: digest)
        }
    }
}
