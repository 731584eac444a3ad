import Crypto
import CryptoExtras
import FoundationEssentials
import SPIFFE
import X509
import ZeroTrust

/// The key that signs tokens, ready to sign.
struct TokenSigner: Sendable {
    /// The key's ID.
    let id: String
    /// The end of its life.
    let notAfter: Date

    private enum Key: Sendable {
        case p256(P256.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    private let key: Key
    /// The header of every token, and the point after it.
    private let header: [UInt8]

    /// Opens a slot with its key.
    init(_ slot: TokenKeySlot, key: Redacted<[UInt8]>) throws(IdentityError) {
        do {
            switch slot.algorithm {
            case .es256: self.key = .p256(try P256.Signing.PrivateKey(derRepresentation: key.value))
            case .rs256: self.key = .rsa(try _RSA.Signing.PrivateKey(derRepresentation: key.value))
            }
        } catch {
            throw IdentityError(.badFile, "the key for tokens `\(slot.id)` cannot be opened", cause: error)
        }
        guard Self.publicKey(self.key) == slot.publicKey else {
            throw IdentityError(.badFile, "the key named `\(slot.id)` is not the one that is published under that name")
        }
        self.id = slot.id
        self.notAfter = slot.notAfter
        let header: StrictJSON = .object([
            "alg": .string(slot.algorithm.rawValue), "kid": .string(slot.id), "typ": .string("JWT"),
        ])
        self.header = Array((Base64URL.encode(Array(header.text.utf8)) + ".").utf8)
    }

    /// The token with these claims, in compact form.
    func sign(_ claims: [String: StrictJSON]) throws(IdentityError) -> Redacted<String> {
        let bytes = header + Base64URL.encode(Array(StrictJSON.object(claims).text.utf8)).utf8
        let digest = SHA256.hash(data: bytes)
        do {
            let signature =
                switch key {
                case .p256(let key): try key.signature(for: digest).rawRepresentation
                case .rsa(let key):
                    try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation
                }
            return Redacted(String(decoding: bytes, as: UTF8.self) + "." + Base64URL.encode(Array(signature)))
        } catch {
            throw IdentityError(.issuance, "cannot sign a token", cause: error)
        }
    }

    /// A new key, as PKCS#8 DER, and its public half as SubjectPublicKeyInfo.
    static func generate(_ algorithm: TokenKeySlot.Algorithm) throws -> (
        privateKey: Redacted<[UInt8]>, publicKey: [UInt8]
    ) {
        switch algorithm {
        case .es256:
            let key = P256.Signing.PrivateKey()
            return (Redacted(Array(key.derRepresentation)), publicKey(.p256(key)))
        case .rs256:
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            return (Redacted(Array(key.pkcs8DERRepresentation)), publicKey(.rsa(key)))
        }
    }

    private static func publicKey(_ key: Key) -> [UInt8] {
        switch key {
        case .p256(let key): Array(key.publicKey.derRepresentation)
        case .rsa(let key): Array(key.publicKey.derRepresentation)
        }
    }
}
