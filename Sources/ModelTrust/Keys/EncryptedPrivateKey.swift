import Crypto
import CryptoExtras
import FoundationEssentials
import SwiftASN1

/// Opens encrypted PKCS#8 keys of the form that OpenSSL and Python write: PBES2 with PBKDF2 and AES in CBC mode
/// (RFC 8018 §6.2).
enum EncryptedPrivateKey {
    /// The most rounds that are computed for one key.
    private static let maximumRounds = 2_000_000

    /// The key in PKCS#8.
    ///
    /// - Throws: ``ModelRefusal`` where the form is another, or the password is wrong.
    static func decrypt(_ der: [UInt8], password: String) throws(ModelRefusal) -> [UInt8] {
        let parameters = try parameters(der)
        do {
            let key = try KDF.Insecure.PBKDF2.deriveKey(
                from: Array(password.utf8),
                salt: parameters.salt,
                using: parameters.hash,
                outputByteCount: parameters.keyLength,
                unsafeUncheckedRounds: parameters.rounds
            )
            let plain = Array(
                try AES._CBC.decrypt(parameters.ciphertext, using: key, iv: try AES._CBC.IV(ivBytes: parameters.iv))
            )
            guard (try? DER.parse(plain)) != nil else { throw wrongPassword }
            return plain
        } catch { throw wrongPassword }
    }

    private static let wrongPassword = ModelRefusal(.keyType, "the password does not open the private key")

    private struct Parameters {
        let salt: [UInt8]
        let rounds: Int
        let hash: KDF.Insecure.PBKDF2.HashFunction
        let keyLength: Int
        let iv: [UInt8]
        let ciphertext: [UInt8]
    }

    private static func parameters(_ der: [UInt8]) throws(ModelRefusal) -> Parameters {
        let unknown = ModelRefusal(
            .keyType,
            "the private key is encrypted in a way that is not read here; `openssl pkcs8 -topk8 -v2 aes-256-cbc` writes one that is"
        )
        func parts(_ node: ASN1Node?) -> [ASN1Node] {
            guard let node, case .constructed(let parts) = node.content else { return [] }
            return Array(parts)
        }
        func bytes(_ node: ASN1Node?) -> [UInt8]? {
            guard let node, case .primitive(let bytes) = node.content else { return nil }
            return Array(bytes)
        }
        func identifier(_ node: ASN1Node?) -> ASN1ObjectIdentifier? {
            node.flatMap { try? ASN1ObjectIdentifier(derEncoded: $0) }
        }
        let root = parts(try? DER.parse(der))
        let algorithm = parts(root.first)
        guard root.count == 2, let ciphertext = bytes(root[1]),
            identifier(algorithm.first) == [1, 2, 840, 113_549, 1, 5, 13]
        else { throw unknown }
        let scheme = parts(algorithm.last)
        let derivation = parts(scheme.first)
        let encryption = parts(scheme.last)
        guard scheme.count == 2, identifier(derivation.first) == [1, 2, 840, 113_549, 1, 5, 12] else { throw unknown }
        let fields = parts(derivation.last)
        guard fields.count >= 2, let salt = bytes(fields[0]), let rounds = try? Int(derEncoded: fields[1]),
            (1...maximumRounds).contains(rounds)
        else { throw unknown }
        let hash: KDF.Insecure.PBKDF2.HashFunction
        switch fields.count > 2 ? identifier(parts(fields.last).first) : [1, 2, 840, 113_549, 2, 7] {
        case [1, 2, 840, 113_549, 2, 7]: hash = .insecureSHA1
        case [1, 2, 840, 113_549, 2, 9]: hash = .sha256
        case [1, 2, 840, 113_549, 2, 10]: hash = .sha384
        case [1, 2, 840, 113_549, 2, 11]: hash = .sha512
        default: throw unknown
        }
        let keyLength: Int
        switch identifier(encryption.first) {
        case [2, 16, 840, 1, 101, 3, 4, 1, 2]: keyLength = 16
        case [2, 16, 840, 1, 101, 3, 4, 1, 22]: keyLength = 24
        case [2, 16, 840, 1, 101, 3, 4, 1, 42]: keyLength = 32
        default: throw unknown
        }
        guard let iv = bytes(encryption.last), iv.count == 16 else { throw unknown }
        return Parameters(salt: salt, rounds: rounds, hash: hash, keyLength: keyLength, iv: iv, ciphertext: ciphertext)
    }
}
