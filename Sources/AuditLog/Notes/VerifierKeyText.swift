import Crypto

/// A verifier key as text: a name, `+`, its id in hexadecimal, `+`, and its type and key in base64 (C2SP signed-note).
struct VerifierKeyText: Hashable, Sendable, CustomStringConvertible {
    let name: String
    /// What kind of signatures the key makes: `01` signs notes, `04` cosigns checkpoints.
    let type: UInt8
    let key: [UInt8]

    /// The first four bytes of the hash over name, type and key.
    var id: UInt32 {
        SHA256.hash(data: Array(name.utf8) + [0x0a, type] + key).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    init(name: String, type: UInt8, key: some Collection<UInt8>) throws {
        guard SignedNote.isName(name) else {
            throw AuditLogError(.malformed, "`\(name)` is not a key name: it is empty or holds a space or `+`")
        }
        guard key.count == 32 else { throw AuditLogError(.malformed, "an Ed25519 key has 32 bytes") }
        self.name = name
        self.type = type
        self.key = Array(key)
    }

    init(_ text: some StringProtocol) throws {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.decode(parts[2]), let type = bytes.first else {
            throw AuditLogError(.malformed, "`\(text.prefix(200))` is not a verifier key")
        }
        try self.init(name: String(parts[0]), type: type, key: bytes.dropFirst())
        guard parts[1] == Self.hexadecimal(id) else {
            throw AuditLogError(.malformed, "the id of the verifier key `\(name)` is not its key's")
        }
    }

    /// Whether this is the key's name, byte by byte: names that only look the same are two.
    func isNamed(_ name: String) -> Bool { self.name.utf8.elementsEqual(name.utf8) }

    var description: String { "\(name)+\(Self.hexadecimal(id))+\(Base64.encode([type] + key))" }

    static func hexadecimal(_ id: UInt32) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// An id as the four bytes that stand before a signature.
    static func bytes(of id: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: id >> $0) } }
}

/// A private key as text, in the form that Go's `x/mod/sumdb/note` reads.
///
/// It is a secret.
enum SigningKeyText {
    private static let prefix = "PRIVATE+KEY+"

    static func text(_ verifier: VerifierKeyText, key: Curve25519.Signing.PrivateKey) -> String {
        let bytes = [verifier.type] + Array(key.rawRepresentation)
        return "\(prefix)\(verifier.name)+\(VerifierKeyText.hexadecimal(verifier.id))+\(Base64.encode(bytes))"
    }

    /// Reads a name and key.
    ///
    /// - Throws: ``AuditLogError`` where the text is not well formed, or of another type. The error does not quote it.
    static func read(_ text: String, type: UInt8) throws -> (name: String, key: Curve25519.Signing.PrivateKey) {
        let parts = text.dropFirst(prefix.count).split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.hasPrefix(prefix), parts.count == 3, let bytes = Base64.decode(parts[2]), bytes.count == 33,
            bytes.first == type,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.dropFirst())
        else { throw AuditLogError(.malformed, "the signing key is not well formed") }
        let verifier = try VerifierKeyText(
            name: String(parts[0]),
            type: type,
            key: key.publicKey.rawRepresentation
        )
        guard parts[1] == VerifierKeyText.hexadecimal(verifier.id) else {
            throw AuditLogError(.malformed, "the id of the signing key is not its key's")
        }
        return (verifier.name, key)
    }
}
