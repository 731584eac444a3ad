import Testing

@testable import ModelTrust

@Suite struct ChunkTagsTests {
    private func tags(_ bytes: [UInt8], chunkSize: Int) -> ChunkTags {
        var builder = ChunkTags.Builder(chunkSize: chunkSize)
        for start in stride(from: 0, to: bytes.count, by: chunkSize) {
            builder.add(chunk: Array(bytes[start..<min(start + chunkSize, bytes.count)]))
        }
        return builder.made
    }

    @Test func `a chunk is known by its bytes, its length and its place`() {
        let tags = tags([1, 2, 1, 2, 5], chunkSize: 2)
        #expect(tags.count == 3 && tags.size == 5)
        #expect(tags.verify([1, 2], at: 0) && tags.verify([1, 2], at: 1) && tags.verify([5], at: 2))
        for (chunk, index) in [([1, 3], 0), ([1], 0), ([1, 2, 1], 0), ([], 2), ([5, 0], 2), ([5], 3), ([1, 2], -1)] {
            #expect(!tags.verify(chunk.map { UInt8($0) }, at: index), "\(chunk) at \(index)")
        }
        #expect(self.tags([], chunkSize: 2).count == 0)
    }

    @Test func `every bit of a chunk counts`() {
        let bytes = (0..<257).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let tags = tags(bytes + bytes, chunkSize: 257)
        #expect(tags.verify(bytes, at: 1))
        for place in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[place] ^= 1 << UInt8(bit)
                #expect(!tags.verify(other, at: 1))
            }
        }
    }
}
