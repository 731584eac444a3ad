/// What a log states of itself: its name, how many entries it holds, and its root (C2SP tlog-checkpoint).
public struct Checkpoint: Hashable, Sendable {
    /// The name of the log.
    public let origin: String
    /// How many entries the tree holds.
    public let size: UInt64
    /// The root of the tree.
    public let root: MerkleHash

    /// A statement of a log.
    public init(origin: String, size: UInt64, root: MerkleHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Parses the text of a note.
    ///
    /// Extension lines are passed over.
    ///
    /// - Throws: ``AuditLogError`` where the text is not a checkpoint.
    public init(text: String) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard text.hasSuffix("\n"), lines.count >= 3, !lines[0].isEmpty, lines[3...].allSatisfy({ !$0.isEmpty }) else {
            throw AuditLogError(.malformed, "the checkpoint is not an origin, a size and a root, each on its line")
        }
        guard let size = Self.size(lines[1]) else {
            throw AuditLogError(.malformed, "the checkpoint's size is not a decimal number without leading zeros")
        }
        guard let bytes = Base64.decode(lines[2]), let root = MerkleHash(bytes) else {
            throw AuditLogError(.malformed, "the checkpoint's root is not 32 bytes in base64")
        }
        self.init(origin: String(lines[0]), size: size, root: root)
    }

    /// A decimal number without leading zeros that fits in 63 bits.
    static func size(_ text: Substring) -> UInt64? {
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || text.utf8.first != 0x30, let value = UInt64(text), value <= UInt64(Int64.max)
        else { return nil }
        return value
    }

    /// The text that is signed.
    public var text: String { "\(origin)\n\(size)\n\(root)\n" }
}
