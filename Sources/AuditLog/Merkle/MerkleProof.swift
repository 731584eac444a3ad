/// Checks of Merkle proofs.
///
/// Each says whether the proof holds; there is nothing else that can go wrong.
public enum MerkleProof {
    /// Whether a leaf stands at an index of the tree with a size and root (RFC 9162 §2.1.3.2).
    public static func verifyInclusion(
        leaf: MerkleHash,
        index: UInt64,
        size: UInt64,
        root: MerkleHash,
        path: [MerkleHash]
    ) -> Bool {
        guard index < size else { return false }
        var position = index
        var last = size - 1
        var hash = leaf
        for sibling in path {
            guard last != 0 else { return false }
            if position & 1 == 1 || position == last {
                hash = .node(sibling, hash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether the tree with a size and root begins with the tree of an older size and root (RFC 9162 §2.1.4.2).
    ///
    /// Every tree begins with the empty one, whose root is fixed.
    public static func verifyConsistency(
        oldSize: UInt64,
        oldRoot: MerkleHash,
        size: UInt64,
        root: MerkleHash,
        path: [MerkleHash]
    ) -> Bool {
        guard oldSize <= size else { return false }
        if oldSize == size { return path.isEmpty && oldRoot == root }
        if oldSize == 0 { return path.isEmpty && oldRoot == .emptyRoot }
        return verifySubtreeConsistency(
            subtree: 0..<oldSize,
            subtreeRoot: oldRoot,
            size: size,
            root: root,
            path: path
        )
    }

    /// Whether a range of entries is a subtree: not empty, and beginning at a multiple of the smallest power of two
    /// that its length fits in (draft-ietf-plants-merkle-tree-certs §4.1).
    public static func isSubtree(_ range: Range<UInt64>) -> Bool {
        let count = range.upperBound - range.lowerBound
        guard count > 0 else { return false }
        let bits = UInt64(64 - (count - 1).leadingZeroBitCount)
        return bits >= 64 ? range.lowerBound == 0 : range.lowerBound & ((1 << bits) - 1) == 0
    }

    /// Whether a leaf stands at an index of a subtree; the index is counted from the beginning of the whole tree.
    public static func verifySubtreeInclusion(
        leaf: MerkleHash,
        index: UInt64,
        subtree: Range<UInt64>,
        root: MerkleHash,
        path: [MerkleHash]
    ) -> Bool {
        guard isSubtree(subtree), subtree.contains(index) else { return false }
        return verifyInclusion(
            leaf: leaf,
            index: index - subtree.lowerBound,
            size: subtree.upperBound - subtree.lowerBound,
            root: root,
            path: path
        )
    }

    /// Whether the tree with a size and root holds a subtree with a root
    /// (draft-ietf-plants-merkle-tree-certs §4.4.3).
    ///
    /// Every tree holds the empty subtree, whose root is fixed.
    public static func verifySubtreeConsistency(
        subtree: Range<UInt64>,
        subtreeRoot: MerkleHash,
        size: UInt64,
        root: MerkleHash,
        path: [MerkleHash]
    ) -> Bool {
        guard subtree.upperBound <= size else { return false }
        if subtree.isEmpty { return path.isEmpty && subtreeRoot == .emptyRoot }
        guard isSubtree(subtree) else { return false }
        var first = subtree.lowerBound
        var last = subtree.upperBound - 1
        var end = size - 1
        func climb() {
            first >>= 1
            last >>= 1
            end >>= 1
        }
        let isRightEdge = last == end
        while first != last, isRightEdge || last & 1 == 1 { climb() }
        var rest = path[...]
        var inner = subtreeRoot
        if first != last {
            guard let hash = rest.popFirst() else { return false }
            inner = hash
        }
        var outer = inner
        for hash in rest {
            guard end != 0 else { return false }
            if last & 1 == 1 || last == end {
                if first < last { inner = .node(hash, inner) }
                outer = .node(hash, outer)
                while last & 1 == 0, last != 0 { climb() }
            } else {
                outer = .node(outer, hash)
            }
            climb()
        }
        return end == 0 && inner == subtreeRoot && outer == root
    }
}
