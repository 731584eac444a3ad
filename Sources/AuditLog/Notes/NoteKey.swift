public import Crypto

/// A key that verifies signatures on notes, with the name it goes by (C2SP signed-note, Ed25519).
///
/// ```swift
/// let key = try NoteVerifier("example.com/log+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
/// ```
public struct NoteVerifier: Hashable, Sendable {
    /// The key with its name and type.
    let text: VerifierKeyText
    /// The first four bytes of the hash over the name and key.
    public let id: UInt32

    /// The name of the key, which for a log is its origin.
    public var name: String { text.name }

    /// The type byte of a key that signs notes with Ed25519.
    static let ed25519: UInt8 = 0x01

    /// A key from its 32 bytes.
    ///
    /// - Throws: ``AuditLogError`` where the name or the key is not well formed.
    public init(name: String, key: some Collection<UInt8>) throws {
        self.init(try VerifierKeyText(name: name, type: Self.ed25519, key: key))
    }

    /// Parses a verifier key: name, `+`, id in hexadecimal, `+`, and type and key in base64.
    ///
    /// - Throws: ``AuditLogError`` where the text is not well formed, or its id is not the key's.
    public init(_ text: some StringProtocol) throws {
        let key = try VerifierKeyText(text)
        guard key.type == Self.ed25519 else {
            throw AuditLogError(.malformed, "`\(text.prefix(200))` is not an Ed25519 verifier key")
        }
        self.init(key)
    }

    private init(_ text: VerifierKeyText) {
        self.text = text
        self.id = text.id
    }

    /// Whether a signature line of a note bears this key's name and id.
    func made(_ signature: SignedNote.Signature) -> Bool {
        text.isNamed(signature.name) && signature.keyID == id
    }

    /// Whether a signature over a text is this key's.
    func verify(_ signature: ArraySlice<UInt8>, of text: [UInt8]) -> Bool {
        guard signature.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: self.text.key)
        else { return false }
        return key.isValidSignature(signature, for: text)
    }
}

extension NoteVerifier: CustomStringConvertible {
    /// The verifier key as text.
    public var description: String { text.description }
}

/// A private key that signs notes, with the name it goes by.
public struct NoteSigner: Sendable {
    /// The key that verifies what this one signs.
    public let verifier: NoteVerifier
    private let key: Curve25519.Signing.PrivateKey

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
        let (name, key) = try SigningKeyText.read(text, type: NoteVerifier.ed25519)
        try self.init(name: name, key: key)
    }

    /// The private key as text, in the form that Go's `x/mod/sumdb/note` reads.
    ///
    /// It is a secret.
    var privateText: String { SigningKeyText.text(verifier.text, key: key) }

    /// The note of a text, with this key's signature.
    ///
    /// - Throws: where the text cannot be signed.
    public func sign(_ text: String) throws -> SignedNote {
        let signature = try key.signature(for: Array(text.utf8))
        let bytes = VerifierKeyText.bytes(of: verifier.id) + Array(signature)
        return try SignedNote(text: text, signatures: [.init(name: verifier.name, bytes: bytes)])
    }
}
