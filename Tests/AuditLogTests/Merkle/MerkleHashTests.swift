import Crypto
import Testing

@testable import AuditLog

@Suite("Hashes of many entries at once are those of each alone, by another implementation")
struct MerkleHashTests {
    private let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 151 ^ $0 >> 7) }

    private func expected(_ prefix: UInt8, _ bytes: some Sequence<UInt8>) -> MerkleHash {
        MerkleHash(SHA256.hash(data: [prefix] + Array(bytes)))
    }

    @Test func `entries of all lengths, alone and among others`() {
        // About blocks, with the byte before each; then as records are, which pair with those of about their length.
        let lengths =
            [0, 1, 54, 55, 56, 62, 63, 64, 118, 119, 126, 127, 128, 190, 191, 192]
            + (0..<60).map { 300 + $0 * 37 % 700 } + [5_000, 9_000, 9_001]
        var start = 100
        let places = lengths.enumerated().map { index, length in
            defer { start += index * 3 }
            return start..<(start + length)
        }
        let slice = bytes[50...]
        for count in [0, 1, 2, 3, 16, places.count] {
            let hashes = MerkleHash.leaves(slice, at: Array(places.prefix(count)))
            #expect(hashes == places.prefix(count).map { expected(0, bytes[$0]) })
        }
        for place in places { #expect(MerkleHash.leaf(bytes[place]) == expected(0, bytes[place])) }
    }

    @Test func `the root over powers of two`() {
        for levels in 0...8 {
            var hashes = Array(bytes.prefix(32 << levels))
            let root = MerkleHash.root(over: hashes)
            while hashes.count > 32 {
                hashes = stride(from: 0, to: hashes.count, by: 64).flatMap { expected(1, hashes[$0..<($0 + 64)]).bytes }
            }
            #expect(root.bytes == hashes)
        }
    }

    @Test func `a run of entries hashes what was added since`() {
        var run = EntryRun()
        let entries = (0..<30).map { Array(bytes[($0 * 100)..<($0 * 100 + 40 + $0 * 11)]) }
        for entry in entries.prefix(11) { run.append(entry) }
        run.hash()
        for entry in entries.dropFirst(11) { run.append(entry) }
        #expect(run.leaves == entries.map { expected(0, $0) })
        run.hash()
        #expect(run.leaves == entries.map { expected(0, $0) })
        #expect(run.leaf(17) == expected(0, entries[17]))
    }
}
