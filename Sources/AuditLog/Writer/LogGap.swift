public import ZeroTrust

/// Entries that a log had no room for, and that were let go of as its owner chose.
public struct LogGap: Hashable, Sendable {
    /// How many there were.
    public var count: UInt64
    /// When the first came.
    public var began: Timestamp
    /// When the last came.
    public var ended: Timestamp
    /// The root of the tree that they would have made by themselves: whoever has one of them can show that it was among them.
    public var root: MerkleHash

    /// A gap.
    public init(count: UInt64, began: Timestamp, ended: Timestamp, root: MerkleHash) {
        self.count = count
        self.began = began
        self.ended = ended
        self.root = root
    }
}

/// What becomes of entries for which the disk has no room.
public enum FullDisk: Sendable {
    /// They are refused, and so is all that follows: a new writer recovers the log once there is room.
    case refuse
    /// Those whose authors only look at ``LogWriter/durable`` are counted instead, and the count is on the disk before it
    /// says that they are settled; those that somebody waits for by a call are refused. Once there is room again, an entry
    /// that is made of the gap comes first, and the log goes on.
    case recordGap(@Sendable (LogGap) -> [UInt8])
}

/// The root of a tree that grows leaf by leaf, of which no more than a hash for each level is kept.
struct GrowingRoot {
    /// The complete trees of 2^level leaves that there are, by their level.
    private var peaks: [MerkleHash?] = []

    mutating func append(_ leaf: MerkleHash) {
        var hash = leaf
        var level = 0
        while level < peaks.count, let left = peaks[level] {
            peaks[level] = nil
            hash = .node(left, hash)
            level += 1
        }
        if level == peaks.count { peaks.append(hash) } else { peaks[level] = hash }
    }

    var root: MerkleHash {
        var root: MerkleHash?
        for peak in peaks {
            guard let peak else { continue }
            root = root.map { .node(peak, $0) } ?? peak
        }
        return root ?? .emptyRoot
    }
}
