/// A text with signatures below it (C2SP signed-note).
///
/// Parsing proves nothing about the signatures; ``verify(with:)`` does.
public struct SignedNote: Hashable, Sendable {
    /// The signed text, which ends with a line feed.
    public let text: String
    /// The signatures, known and unknown.
    public let signatures: [Signature]

    /// The longest note that is read, in bytes: 16 signatures of a kind that no quantum computer forges take half of it.
    public static let maximumLength = 262_144
    /// The most signatures that a note may carry here; the specification asks for 16 at least.
    public static let maximumSignatures = 64

    /// One signature line.
    public struct Signature: Hashable, Sendable {
        /// The name of the key.
        public let name: String
        /// The id of the key in four bytes, then the signature itself.
        public let bytes: [UInt8]

        /// The id of the key.
        var keyID: UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

        /// The line as it stands below a note.
        var line: String { "— \(name) \(Base64.encode(bytes))\n" }
    }

    /// A note from its parts.
    ///
    /// - Throws: ``AuditLogError`` where they cannot stand in a note.
    init(text: String, signatures: [Signature]) throws {
        guard text.utf8.last == 0x0a, text.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0a }) else {
            throw AuditLogError(.malformed, "a note's text ends with a line feed and holds no control characters")
        }
        self.text = text
        self.signatures = signatures
    }

    /// Parses a note.
    ///
    /// - Throws: ``AuditLogError`` where the bytes are not a note.
    public init(_ bytes: some Collection<UInt8>) throws {
        guard bytes.count <= Self.maximumLength, let note = String(validating: bytes, as: UTF8.self) else {
            throw AuditLogError(.malformed, "the note is not UTF-8, or longer than \(Self.maximumLength) bytes")
        }
        let all = Array(note.utf8)
        guard all.allSatisfy({ $0 >= 0x20 || $0 == 0x0a }), all.last == 0x0a else {
            throw AuditLogError(.malformed, "the note holds control characters, or does not end with a line feed")
        }
        // The last empty line parts the text from the signatures.
        guard let blank = (1..<max(all.count, 1)).last(where: { all[$0] == 0x0a && all[$0 - 1] == 0x0a }) else {
            throw AuditLogError(.malformed, "the note has no empty line before its signatures")
        }
        self.text = String(decoding: all[..<blank], as: UTF8.self)
        self.signatures = try Self.signatures(all[(blank + 1)...])
    }

    /// Parses signature lines, each of which ends with a line feed.
    ///
    /// - Throws: ``AuditLogError`` where they are none, too many, or not well formed.
    static func signatures(_ bytes: ArraySlice<UInt8>) throws -> [Signature] {
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast()
        guard (1...maximumSignatures).contains(lines.count) else {
            throw AuditLogError(.malformed, "the note has \(lines.count) signatures; expected 1 to 64")
        }
        return try lines.map { try signature($0) }
    }

    private static func signature(_ line: ArraySlice<UInt8>) throws -> Signature {
        let dash = Array("— ".utf8)
        let rest = line.dropFirst(dash.count)
        guard line.starts(with: dash), let space = rest.firstIndex(of: 0x20),
            let bytes = Base64.decode(bytes: rest[(space + 1)...]), bytes.count >= 5
        else { throw AuditLogError(.malformed, "a line below the note is not a signature") }
        let name = String(decoding: rest[..<space], as: UTF8.self)
        guard isName(name) else { throw AuditLogError(.malformed, "a signature's key has no well-formed name") }
        return Signature(name: name, bytes: bytes)
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "+" || $0.value < 0x20 }
    }

    /// Whether one of the keys signed this note.
    ///
    /// A signature by an unknown key is passed over, even where its name or its id alone is a known key's. A known
    /// key's signature that does not verify spoils the note, whatever else verifies.
    public func verify(with keys: [NoteVerifier]) -> Bool {
        let text = Array(text.utf8)
        var verified = false
        for signature in signatures {
            guard let key = keys.first(where: { $0.made(signature) }) else { continue }
            guard key.verify(signature.bytes[4...], of: text) else { return false }
            verified = true
        }
        return verified
    }

    /// The note's bytes.
    public var bytes: [UInt8] {
        Array((text + "\n" + signatures.map(\.line).joined()).utf8)
    }
}
