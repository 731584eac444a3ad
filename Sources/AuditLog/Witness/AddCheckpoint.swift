/// What a log sends a witness: its new checkpoint, and the proof that it continues the one that the witness saw last
/// (C2SP tlog-witness, `add-checkpoint`).
public struct AddCheckpoint: Hashable, Sendable {
    /// The size that the log believes the witness saw last; zero where it does not know.
    public var oldSize: UInt64
    /// The proof that the tree begins with the one of the old size; empty where that is zero.
    public var consistencyProof: [MerkleHash]
    /// The checkpoint with the log's signature.
    public var note: SignedNote

    /// The most hashes that a proof may have.
    static let maximumProofLength = 63
    /// The longest body that is read, in bytes: the proof, and a note.
    public static let maximumLength = 64 + 46 * maximumProofLength + SignedNote.maximumLength

    /// A request from its parts.
    public init(oldSize: UInt64, consistencyProof: [MerkleHash], note: SignedNote) {
        self.oldSize = oldSize
        self.consistencyProof = consistencyProof
        self.note = note
    }

    /// Parses the body of a request.
    ///
    /// - Throws: ``AuditLogError`` with the code `malformed` where the bytes are not a request.
    public init(_ bytes: [UInt8]) throws {
        guard bytes.count <= Self.maximumLength else {
            throw AuditLogError(.malformed, "the request is longer than \(Self.maximumLength) bytes")
        }
        var rest = bytes[...]
        func line() throws -> ArraySlice<UInt8> {
            guard let end = rest.firstIndex(of: 0x0a) else {
                throw AuditLogError(.malformed, "the request ends within its lines")
            }
            defer { rest = rest[(end + 1)...] }
            return rest[..<end]
        }
        let first = try line()
        guard first.starts(with: "old ".utf8),
            let oldSize = Checkpoint.size(Substring(String(decoding: first.dropFirst(4), as: UTF8.self)))
        else { throw AuditLogError(.malformed, "the request does not begin with `old` and a size") }
        var proof: [MerkleHash] = []
        while true {
            let line = try line()
            if line.isEmpty { break }
            guard proof.count < Self.maximumProofLength, let bytes = Base64.decode(bytes: line),
                let hash = MerkleHash(bytes)
            else { throw AuditLogError(.malformed, "the proof holds a line that is not a hash, or more than 63") }
            proof.append(hash)
        }
        self.init(oldSize: oldSize, consistencyProof: proof, note: try SignedNote(rest))
    }

    /// The body of the request.
    public var bytes: [UInt8] {
        let lines = consistencyProof.map { "\($0)\n" }.joined()
        return Array("old \(oldSize)\n\(lines)\n".utf8) + note.bytes
    }
}
