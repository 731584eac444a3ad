import Crypto
import Testing

@testable import ModelTrust

@Suite struct ChunkTreeTests {
    private func leaf(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: [0] + bytes)) }
    private func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: [1] + left + right)) }

    @Test func `the tree is RFC 6962's`() {
        #expect(ChunkTree(of: []).root == Array(SHA256.hash(data: [UInt8]())))
        #expect(ChunkTree(of: [1, 2], chunkSize: 4).root == leaf([1, 2]))
        #expect(ChunkTree(of: [1, 2, 3, 4, 5], chunkSize: 4).root == node(leaf([1, 2, 3, 4]), leaf([5])))
        let three = ChunkTree(of: [1, 2, 3], chunkSize: 1)
        #expect(three.root == node(node(leaf([1]), leaf([2])), leaf([3])))
        #expect((three.count, three.size) == (3, 3))
    }

    @Test func `a chunk verifies at its place alone`() {
        let tree = ChunkTree(of: [1, 2, 3, 4, 5], chunkSize: 2)
        #expect(tree.verify([1, 2], at: 0))
        #expect(tree.verify([5], at: 2))
        for (chunk, index) in [
            ([UInt8](), 0), ([1], 0), ([1, 3], 0), ([1, 2], 1), ([5, 0], 2), ([5], 3), ([1, 2], -1),
        ] {
            #expect(!tree.verify(chunk, at: index))
        }
    }

    @Test func `fs-verity's digest is the kernel's`() {
        // The digest of an empty file, as fsverity-utils gives it.
        let empty = "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"
        #expect(FSVerity.digest(of: []).map { String(Int($0) + 0x100, radix: 16).dropFirst() }.joined() == empty)
        #expect(FSVerity.digest(of: [0]) != FSVerity.digest(of: [0, 0]))
    }

    @Test func `a kernel without fs-verity is said to be one`() throws {
        let folder = try TemporaryModel(["a": [1, 2, 3]])
        let refusal = LoadFailure.caught { () throws(LoadFailure) in try FSVerity.enable(folder.path + "/a") }
        let measured = FSVerity.measure(folder.path + "/a")
        #expect(refusal == nil || refusal?.code == .unsupported)
        #expect(measured == (refusal == nil ? FSVerity.digest(of: [1, 2, 3]) : nil))
    }
}
