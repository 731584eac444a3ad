/// A proof that an entry is in a log, which verifies offline (C2SP tlog-proof).
///
/// ```swift
/// let proof = try LogProof(bytes)
/// switch proof.verify(entry: entry, keys: [key]) {
/// case .verified(let checkpoint): print("entry \(proof.index) of \(checkpoint.size) in \(checkpoint.origin)")
/// case .refused(let reason): print(reason)
/// }
/// ```
public struct LogProof: Hashable, Sendable {
    /// The index of the entry.
    public let index: UInt64
    /// The hashes from the leaf's sibling to the root's child.
    public let path: [MerkleHash]
    /// Data that travels with the proof and is not proved by it; proofs of this program carry the entry itself.
    public let extra: [UInt8]?
    /// The signed checkpoint, as it was published.
    public let note: [UInt8]

    /// The first line of a proof file.
    static let header = "c2sp.org/tlog-proof@v1"
    /// The longest proof file that is read: the longest entry in base64, 63 hashes and a note.
    public static let maximumLength = 2 * EntryBundle.maximumEntryLength + SignedNote.maximumLength

    /// A proof from its parts.
    public init(index: UInt64, path: [MerkleHash], extra: [UInt8]?, note: [UInt8]) {
        self.index = index
        self.path = path
        self.extra = extra
        self.note = note
    }

    /// Parses a proof file.
    ///
    /// - Throws: ``AuditLogError`` with the code `malformed` where the bytes are not a proof.
    public init(_ bytes: [UInt8]) throws {
        guard bytes.count <= Self.maximumLength else {
            throw AuditLogError(.malformed, "the proof is longer than \(Self.maximumLength) bytes")
        }
        var rest = bytes[...]
        func line() throws -> ArraySlice<UInt8> {
            guard let end = rest.firstIndex(of: 0x0a) else {
                throw AuditLogError(.malformed, "the proof ends within its lines")
            }
            defer { rest = rest[(end + 1)...] }
            return rest[..<end]
        }
        func value(_ line: ArraySlice<UInt8>, after key: String) -> ArraySlice<UInt8>? {
            line.starts(with: key.utf8) ? line.dropFirst(key.utf8.count) : nil
        }
        guard try line().elementsEqual(Self.header.utf8) else {
            throw AuditLogError(.malformed, "the proof does not begin with `\(Self.header)`")
        }
        var next = try line()
        if let text = value(next, after: "extra ") {
            guard let extra = Base64.decode(bytes: text) else {
                throw AuditLogError(.malformed, "the proof's extra data are not base64")
            }
            self.extra = extra
            next = try line()
        } else {
            self.extra = nil
        }
        guard let text = value(next, after: "index "),
            let index = Checkpoint.size(Substring(String(decoding: text, as: UTF8.self)))
        else { throw AuditLogError(.malformed, "the proof names no index") }
        self.index = index
        var path: [MerkleHash] = []
        while true {
            let line = try line()
            if line.isEmpty { break }
            guard path.count < 63, let bytes = Base64.decode(bytes: line), let hash = MerkleHash(bytes) else {
                throw AuditLogError(.malformed, "the proof holds a line that is not a hash, or more than 63")
            }
            path.append(hash)
        }
        self.path = path
        self.note = Array(rest)
        _ = try SignedNote(rest)
    }

    /// The proof file's bytes.
    public var bytes: [UInt8] {
        var text = Self.header + "\n"
        if let extra { text += "extra \(Base64.encode(extra))\n" }
        text += "index \(index)\n"
        for hash in path { text += "\(hash)\n" }
        return Array((text + "\n").utf8) + note
    }

    /// The answer to whether a proof holds.
    public enum Verdict: Hashable, Sendable {
        /// The entry is in the log that this checkpoint describes.
        case verified(Checkpoint)
        /// It is not proved, for the reason given.
        case refused(String)
    }

    /// Whether the proof holds for an entry.
    ///
    /// - Parameters:
    ///   - entry: the entry; nil for the one that travels with the proof.
    ///   - keys: the keys of the logs that are trusted. The checkpoint's origin has to be the name of the key.
    /// - Returns: the checkpoint, or why nothing is proved.
    public func verify(entry: [UInt8]? = nil, keys: [NoteVerifier]) -> Verdict {
        verify(entry: entry, policy: LogPolicy(logs: [], witnesses: [], quorum: .none), keys: keys)
    }

    /// Whether the proof holds for an entry, by a policy that may ask for the cosignatures of witnesses.
    ///
    /// - Parameters:
    ///   - entry: the entry; nil for the one that travels with the proof.
    ///   - policy: which logs are trusted, and the witnesses.
    ///   - keys: the keys of logs that are trusted beside those of the policy.
    /// - Returns: the checkpoint, or why nothing is proved.
    public func verify(entry: [UInt8]? = nil, policy: LogPolicy, keys: [NoteVerifier] = []) -> Verdict {
        guard let entry = entry ?? extra else { return .refused("the proof carries no entry, and none was given") }
        guard let note = try? SignedNote(note) else { return .refused("the proof's checkpoint is not well formed") }
        let checkpoint: Checkpoint
        switch policy.judge(note, keys: keys) {
        case .accepted(let stated, _): checkpoint = stated
        case .refused(let reason): return .refused(reason)
        }
        let holds = MerkleProof.verifyInclusion(
            leaf: .leaf(entry),
            index: index,
            size: checkpoint.size,
            root: checkpoint.root,
            path: path
        )
        return holds ? .verified(checkpoint) : .refused("the entry does not stand at index \(index) of the log")
    }
}
