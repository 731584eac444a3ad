/// What a log asks its authority to sign: that it has grown to a size and root.
public struct CheckpointRequest: Hashable, Sendable {
    /// The name of the log.
    public var origin: String
    /// How many entries the log holds.
    public var size: UInt64
    /// Its root.
    public var root: MerkleHash
    /// The size that the log believes was signed last; zero where none was.
    public var oldSize: UInt64
    /// The proof that the tree begins with the one of the old size.
    public var consistencyProof: [MerkleHash]

    /// A request for a signature.
    public init(
        origin: String,
        size: UInt64,
        root: MerkleHash,
        oldSize: UInt64,
        consistencyProof: [MerkleHash]
    ) {
        self.origin = origin
        self.size = size
        self.root = root
        self.oldSize = oldSize
        self.consistencyProof = consistencyProof
    }
}

/// Why an authority does not sign a checkpoint.
///
/// These are answers; anything else that a signer throws means that it could not be asked.
public enum CheckpointRefusal: Error, Hashable, Sendable {
    /// Another size was signed last; the request may be repeated with a proof from there.
    case conflict(lastSize: UInt64)
    /// The proof does not hold: the tree does not begin with what was signed.
    case inconsistent
    /// The authority signs for no log of this name.
    case unknownOrigin
}

extension CheckpointRefusal: CustomStringConvertible {
    /// The reason, in words.
    public var description: String {
        switch self {
        case .conflict(let lastSize): "the checkpoint signed last has \(lastSize) entries"
        case .inconsistent: "the tree does not begin with the one that was signed last"
        case .unknownOrigin: "the authority signs for no log of this name"
        }
    }
}

/// Signs checkpoints: the ``CheckpointAuthority``, or a way to reach it in another process.
public protocol CheckpointSigner: Sendable {
    /// The signed note of a checkpoint.
    ///
    /// It is called on a thread of the log's own and may block it, for a few seconds at most.
    ///
    /// - Throws: ``CheckpointRefusal`` as the authority's answer; any other error where it could not be asked, which
    ///   the log tries again later.
    func sign(_ request: CheckpointRequest) throws -> [UInt8]
}
