/// Where the hashes of complete subtrees are read from.
public protocol HashSource {
    /// The hash of the complete subtree of 2^level entries that begins at entry `index << level`.
    func hash(level: Int, index: UInt64) throws -> MerkleHash
}

/// The shape of a Merkle tree of RFC 6962: its roots and its proofs, from the hashes of complete subtrees.
public enum MerkleTree {
    /// The root of the first `size` entries.
    public static func root(size: UInt64, from source: some HashSource) throws -> MerkleHash {
        size == 0 ? .emptyRoot : try hash(of: 0..<size, from: source)
    }

    /// The hash of the subtree over a range of entries.
    ///
    /// The range is not empty, and its lower bound is a multiple of the smallest power of two that its length fits in.
    static func hash(of range: Range<UInt64>, from source: some HashSource) throws -> MerkleHash {
        let count = range.upperBound - range.lowerBound
        if count.nonzeroBitCount == 1 {
            let level = count.trailingZeroBitCount
            return try source.hash(level: level, index: range.lowerBound >> UInt64(level))
        }
        let middle = range.lowerBound + split(count)
        return .node(
            try hash(of: range.lowerBound..<middle, from: source),
            try hash(of: middle..<range.upperBound, from: source)
        )
    }

    /// The largest power of two below a count of two or more (RFC 6962 §2.1).
    static func split(_ count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }

    /// The proof that an entry is in the tree of a size (RFC 6962 §2.1.1), from the leaf's sibling to the root's child.
    ///
    /// The index has to be less than the size.
    public static func inclusionProof(
        index: UInt64,
        size: UInt64,
        from source: some HashSource
    ) throws -> [MerkleHash] {
        precondition(index < size)
        var path: [MerkleHash] = []
        var range = 0..<size
        while range.upperBound - range.lowerBound > 1 {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if index < middle {
                path.append(try hash(of: middle..<range.upperBound, from: source))
                range = range.lowerBound..<middle
            } else {
                path.append(try hash(of: range.lowerBound..<middle, from: source))
                range = middle..<range.upperBound
            }
        }
        return path.reversed()
    }

    /// The proof that the tree of a size begins with the tree of an older size (RFC 6962 §2.1.2).
    ///
    /// It is empty where the sizes are equal or the older is zero, which may not be larger than the size.
    public static func consistencyProof(
        oldSize: UInt64,
        size: UInt64,
        from source: some HashSource
    ) throws -> [MerkleHash] {
        precondition(oldSize <= size)
        guard oldSize > 0, oldSize < size else { return [] }
        var path: [MerkleHash] = []
        var range = 0..<size
        // Whether the old tree is the whole left edge of what remains, whose hash the verifier then knows.
        var isKnown = true
        while range.upperBound != oldSize {
            let middle = range.lowerBound + split(range.upperBound - range.lowerBound)
            if oldSize <= middle {
                path.append(try hash(of: middle..<range.upperBound, from: source))
                range = range.lowerBound..<middle
            } else {
                path.append(try hash(of: range.lowerBound..<middle, from: source))
                range = middle..<range.upperBound
                isKnown = false
            }
        }
        if !isKnown { path.append(try hash(of: range, from: source)) }
        return path.reversed()
    }
}
