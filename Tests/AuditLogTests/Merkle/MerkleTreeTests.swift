import AuditLog
import Testing

/// The definitions of RFC 6962 §2.1, written down as they stand, to compare with.
private enum Reference {
    static func root(_ leaves: ArraySlice<MerkleHash>) -> MerkleHash {
        switch leaves.count {
        case 0: return .emptyRoot
        case 1: return leaves[leaves.startIndex]
        default:
            let split = split(leaves.count)
            return .node(root(leaves.prefix(split)), root(leaves.dropFirst(split)))
        }
    }

    static func split(_ count: Int) -> Int {
        var split = 1
        while split * 2 < count { split *= 2 }
        return split
    }

    static func path(_ index: Int, _ leaves: ArraySlice<MerkleHash>) -> [MerkleHash] {
        guard leaves.count > 1 else { return [] }
        let split = split(leaves.count)
        return index < split
            ? path(index, leaves.prefix(split)) + [root(leaves.dropFirst(split))]
            : path(index - split, leaves.dropFirst(split)) + [root(leaves.prefix(split))]
    }
}

/// The hashes of complete subtrees, computed from leaves.
private struct Leaves: HashSource {
    let leaves: [MerkleHash]

    func hash(level: Int, index: UInt64) throws -> MerkleHash {
        let width = 1 << level
        return Reference.root(leaves[(Int(index) * width)..<(Int(index + 1) * width)])
    }
}

@Suite struct `Merkle tree` {
    private let leaves = (0..<67).map { MerkleHash.leaf(Array("entry \($0)".utf8)) }

    @Test func `hashes are those of RFC 6962`() {
        #expect(MerkleHash.emptyRoot.description == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        #expect(MerkleHash.leaf([]).description == "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=")
        #expect(MerkleHash([UInt8](repeating: 7, count: 32))?.bytes == [UInt8](repeating: 7, count: 32))
        #expect(MerkleHash([1, 2, 3]) == nil)
    }

    @Test func `roots and proofs of all sizes are the definition's`() throws {
        let source = Leaves(leaves: leaves)
        for size in 0...leaves.count {
            let root = Reference.root(leaves.prefix(size))
            #expect(try MerkleTree.root(size: UInt64(size), from: source) == root)
            for index in 0..<size {
                let path = try MerkleTree.inclusionProof(index: UInt64(index), size: UInt64(size), from: source)
                #expect(path == Reference.path(index, leaves.prefix(size)))
                let (index, count) = (UInt64(index), UInt64(size))
                let leaf = leaves[Int(index)]
                #expect(MerkleProof.verifyInclusion(leaf: leaf, index: index, size: count, root: root, path: path))
                if size > 1 {
                    #expect(!MerkleProof.verifyInclusion(leaf: root, index: index, size: count, root: leaf, path: path))
                }
                #expect(!MerkleProof.verifyInclusion(leaf: leaf, index: index + 1, size: count, root: root, path: path))
            }
        }
    }

    @Test func `a larger tree is consistent with a smaller one, and with no other`() throws {
        let source = Leaves(leaves: leaves)
        for size in 1...leaves.count {
            let root = Reference.root(leaves.prefix(size))
            for oldSize in 0...size {
                let (old, count) = (UInt64(oldSize), UInt64(size))
                let path = try MerkleTree.consistencyProof(oldSize: old, size: count, from: source)
                let oldRoot = Reference.root(leaves.prefix(oldSize))
                func holds(_ oldRoot: MerkleHash, _ path: [MerkleHash]) -> Bool {
                    MerkleProof.verifyConsistency(oldSize: old, oldRoot: oldRoot, size: count, root: root, path: path)
                }
                #expect(holds(oldRoot, path), "\(oldSize) to \(size)")
                #expect(!holds(.leaf([1]), path))
                #expect(!holds(oldRoot, path + [root]))
                if !path.isEmpty { #expect(!holds(oldRoot, path.dropLast())) }
            }
        }
    }

    @Test func `sizes at the edge of the numbers are refused, not trapped`() {
        let hash = MerkleHash.emptyRoot
        for (index, size) in [(0, 0), (UInt64.max, UInt64.max), (UInt64.max - 1, UInt64.max), (1, 1)] {
            #expect(!MerkleProof.verifyInclusion(leaf: hash, index: index, size: size, root: hash, path: [hash]))
        }
        for (old, size) in [(UInt64.max, 0), (UInt64.max - 1, UInt64.max), (1 << 63, UInt64.max)] {
            #expect(
                !MerkleProof.verifyConsistency(oldSize: old, oldRoot: hash, size: size, root: hash, path: [hash])
            )
        }
        #expect(MerkleProof.isSubtree(0..<UInt64.max))
        #expect(!MerkleProof.isSubtree(1..<UInt64.max))
        #expect(!MerkleProof.isSubtree(0..<0))
        #expect(MerkleProof.isSubtree(8..<13))
        #expect(!MerkleProof.isSubtree(4..<9))
    }
}
