public import Crypto

/// A key that verifies a witness's cosignatures, with the witness's name (C2SP tlog-cosignature, Ed25519).
///
/// ```swift
/// let key = try CosignatureVerifier("witness.example/w1+0cdd2e3b+BGj8…")
/// ```
public struct CosignatureVerifier: Hashable, Sendable {
    let text: VerifierKeyText
    /// The first four bytes of the hash over the name, type and key.
    public let id: UInt32

    /// The name of the witness.
    public var name: String { text.name }

    /// The type byte of a key that cosigns with Ed25519.
    static let ed25519: UInt8 = 0x04

    /// A key from its 32 bytes.
    ///
    /// - Throws: ``AuditLogError`` where the name or the key is not well formed.
    public init(name: String, key: some Collection<UInt8>) throws {
        self.init(try VerifierKeyText(name: name, type: Self.ed25519, key: key))
    }

    /// Parses a verifier key of the type 4.
    ///
    /// - Throws: ``AuditLogError`` where the text is not well formed, of another type, or its id is not the key's.
    public init(_ text: some StringProtocol) throws {
        let key = try VerifierKeyText(text)
        guard key.type == Self.ed25519 else {
            throw AuditLogError(
                .malformed,
                "`\(text.prefix(200))` is not the key of a witness: its type is \(key.type), and Ed25519 cosigns with 4"
            )
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

    /// When this key cosigned a checkpoint's text; nil where the signature is not this key's over that text.
    ///
    /// - Parameters:
    ///   - signature: the bytes after the key's id: 8 of the time and 64 of the signature.
    ///   - text: the checkpoint's text.
    /// - Returns: seconds since 1970; never zero.
    func time(of signature: ArraySlice<UInt8>, over text: String) -> UInt64? {
        guard signature.count == 72, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: self.text.key)
        else { return nil }
        let time = signature.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard time > 0, time <= UInt64(Int64.max) else { return nil }
        return key.isValidSignature(signature.dropFirst(8), for: Self.message(text, time: time)) ? time : nil
    }

    /// What is signed: the time at which the witness saw the checkpoint, and the checkpoint.
    static func message(_ text: String, time: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(time)\n\(text)".utf8)
    }
}

extension CosignatureVerifier: CustomStringConvertible {
    /// The verifier key as text.
    public var description: String { text.description }
}

/// A witness's private key, with the name it goes by.
public struct CosignatureSigner: Sendable {
    /// The key that verifies what this one signs.
    public let verifier: CosignatureVerifier
    private let key: Curve25519.Signing.PrivateKey

    /// A signer with a name.
    ///
    /// One private key serves one name only: what is signed does not say whose it is.
    ///
    /// - Throws: ``AuditLogError`` where the name is not well formed.
    public init(name: String, key: Curve25519.Signing.PrivateKey) throws {
        self.verifier = try CosignatureVerifier(name: name, key: key.publicKey.rawRepresentation)
        self.key = key
    }

    /// Parses what ``privateText`` writes.
    ///
    /// - Throws: ``AuditLogError`` where the text is not well formed. The error does not quote it.
    init(privateText text: String) throws {
        let (name, key) = try SigningKeyText.read(text, type: CosignatureVerifier.ed25519)
        try self.init(name: name, key: key)
    }

    /// The private key as text; it is a secret.
    var privateText: String { SigningKeyText.text(verifier.text, key: key) }

    /// The signature line that says when this witness saw a checkpoint.
    ///
    /// - Parameters:
    ///   - text: the checkpoint's text.
    ///   - time: seconds since 1970; not zero.
    /// - Returns: the line.
    /// - Throws: where it cannot be signed.
    func cosign(_ text: String, time: UInt64) throws -> SignedNote.Signature {
        let signature = try key.signature(for: CosignatureVerifier.message(text, time: time))
        let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> UInt64(56 - 8 * $0)) }
        return SignedNote.Signature(
            name: verifier.name,
            bytes: VerifierKeyText.bytes(of: verifier.id) + stamp + Array(signature)
        )
    }
}
