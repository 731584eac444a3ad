import Crypto
import FoundationEssentials

/// The key of a transparency log.
struct LogKey: Sendable {
    /// The SHA-256 of the key, by which the log is named.
    let id: [UInt8]
    let validity: ValidityPeriod
    private let key: Key

    private enum Key: Sendable {
        case ecdsa(SignerKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// A key from its SubjectPublicKeyInfo.
    init(der: [UInt8], id: [UInt8], validity: ValidityPeriod) throws(ModelRefusal) {
        self.id = id
        self.validity = validity
        // RFC 8410 §4: the key follows a head that is always the same.
        let head: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]
        if der.starts(with: head),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: der.dropFirst(head.count))
        {
            self.key = .ed25519(key)
        } else {
            self.key = .ecdsa(try SignerKey(der: der))
        }
    }

    func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        switch key {
        case .ecdsa(let key): key.verifies(signature, of: bytes)
        case .ed25519(let key): key.isValidSignature(signature, for: bytes)
        }
    }
}
