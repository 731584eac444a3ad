public import Crypto

/// A key that verifies signatures on notes, with the name it goes by (C2SP signed-note, Ed25519).
///
/// ```swift
/// let key = try NoteVerifier("example.com/log+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
/// ```
public struct NoteVerifier: Hashable, Sendable {
    /// The name of the key, which for a log is its origin.
    public let name: String
    /// The first four bytes of the hash over the name and key.
    public let id: UInt32
    private let key: [UInt8]

    /// The type byte of an Ed25519 key.
    static let ed25519: UInt8 = 0x01

    /// A key from its 32 bytes.
    ///
    /// - Throws: ``AuditLogError`` where the name or the key is not well formed.
    public init(name: String, key: some Collection<UInt8>) throws {
        guard SignedNote.isName(name) else {
            throw AuditLogError(.malformed, "`\(name)` is not a key name: it is empty or holds a space or `+`")
        }
        guard key.count == 32 else { throw AuditLogError(.malformed, "an Ed25519 key has 32 bytes") }
        self.name = name
        self.key = Array(key)
        self.id = Self.id(name: name, key: self.key)
    }

    /// Parses a verifier key: name, `+`, id in hexadecimal, `+`, and type and key in base64.
    ///
    /// - Throws: ``AuditLogError`` where the text is not well formed, or its id is not the key's.
    public init(_ text: some StringProtocol) throws {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.decode(parts[2]), bytes.first == Self.ed25519 else {
            throw AuditLogError(.malformed, "`\(text.prefix(200))` is not an Ed25519 verifier key")
        }
        try self.init(name: String(parts[0]), key: bytes.dropFirst())
        guard parts[1] == Self.hexadecimal(id) else {
            throw AuditLogError(.malformed, "the id of the verifier key `\(name)` is not its key's")
        }
    }

    static func id(name: String, key: [UInt8]) -> UInt32 {
        SHA256.hash(data: Array(name.utf8) + [0x0a, ed25519] + key).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    static func hexadecimal(_ id: UInt32) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Whether a signature over a text is this key's.
    func verify(_ signature: ArraySlice<UInt8>, of text: [UInt8]) -> Bool {
        guard signature.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else {
            return false
        }
        return key.isValidSignature(signature, for: text)
    }
}

extension NoteVerifier: CustomStringConvertible {
    /// The verifier key as text.
    public var description: String {
        "\(name)+\(Self.hexadecimal(id))+\(Base64.encode([Self.ed25519] + key))"
    }
}

/// A private key that signs notes, with the name it goes by.
public struct NoteSigner: Sendable {
    /// The key that verifies what this one signs.
    public let verifier: NoteVerifier
    private let key: Curve25519.Signing.PrivateKey

    private static let prefix = "PRIVATE+KEY+"

    /// A signer with a name.
    ///
    /// - Throws: ``AuditLogError`` where the name is not well formed.
    public init(name: String, key: Curve25519.Signing.PrivateKey) throws {
        self.verifier = try NoteVerifier(name: name, key: key.publicKey.rawRepresentation)
        self.key = key
    }

    /// Parses what ``privateText`` writes.
    ///
    /// - Throws: ``AuditLogError`` where the text is not well formed. The error does not quote it.
    init(privateText text: String) throws {
        let parts = text.dropFirst(Self.prefix.count)
            .split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.hasPrefix(Self.prefix), parts.count == 3, let bytes = Base64.decode(parts[2]), bytes.count == 33,
            bytes.first == NoteVerifier.ed25519,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.dropFirst())
        else { throw AuditLogError(.malformed, "the signing key is not well formed") }
        try self.init(name: String(parts[0]), key: key)
        guard parts[1] == NoteVerifier.hexadecimal(verifier.id) else {
            throw AuditLogError(.malformed, "the id of the signing key is not its key's")
        }
    }

    /// The private key as text, in the form that Go's `x/mod/sumdb/note` reads.
    ///
    /// It is a secret.
    var privateText: String {
        let bytes = [NoteVerifier.ed25519] + Array(key.rawRepresentation)
        return Self.prefix + "\(verifier.name)+\(NoteVerifier.hexadecimal(verifier.id))+\(Base64.encode(bytes))"
    }

    /// The note of a text, with this key's signature.
    ///
    /// - Throws: where the text cannot be signed.
    public func sign(_ text: String) throws -> SignedNote {
        let signature = try key.signature(for: Array(text.utf8))
        let id = verifier.id
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: id >> $0) } + Array(signature)
        return try SignedNote(text: text, signatures: [.init(name: verifier.name, bytes: bytes)])
    }
}
