import CBLAKE3
import SPIFFE
import Testing
import ZeroTrust

@testable import ModelTrust

/// BLAKE3 against values of its specification, in every width that this processor has.
@Suite struct BLAKE3Tests {
    /// The first 32 bytes of the specification's test vectors: the message counts from 0 to 250, again and again.
    private static let vectors: [(length: Int, hash: String)] = [
        (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
        (1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"),
        (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
        (1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"),
        (2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"),
        (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
    ]

    @Test(arguments: [1, 4, 8, 16]) func `the specification's values come out`(_ lanes: Int32) {
        lapwing_blake3_use_lanes(lanes)
        defer { lapwing_blake3_use_lanes(0) }
        for (length, hash) in Self.vectors {
            let message = (0..<length).map { UInt8($0 % 251) }
            #expect(Self.hash(message, in: [length]) == hash, "\(length) bytes")
            #expect(Self.hash(message, in: [1, 63, 64, 1000, 1024, 5000]) == hash, "\(length) bytes in parts")
        }
    }

    /// A message may end where a subtree does, or its parts.
    @Test(arguments: [1, 2, 3, 4, 63, 64, 65, 96, 128, 130, 256], [0, 1])
    func `the parts by which a message comes are of no consequence`(_ chunks: Int, _ more: Int) {
        let message = (0..<(chunks * 1024 + more)).map { UInt8($0 % 251) }
        let whole = Self.hash(message, in: [message.count])
        for part in [1000, 1024, 2048, 65_536, 131_072] {
            #expect(Self.hash(message, in: Array(repeating: part, count: message.count / part)) == whole, "\(part)")
        }
    }

    @Test(arguments: [3, 4, 8, 15]) func `the pieces of a message join into its hash`(_ pieces: Int) {
        for piece in [1024, 2048, 131_072] {
            for length in [pieces * piece, pieces * piece - 1, (pieces - 1) * piece + 1] {
                let message = (0..<length).map { UInt8($0 % 251) }
                let values = stride(from: 0, to: length, by: piece).map { start in
                    var hasher = StreamHasher(.blake3, firstChunk: UInt64(start / 1024))
                    unsafe message[start..<min(start + piece, length)].withUnsafeBytes { unsafe hasher.add($0) }
                    return hasher.chainingValue()
                }
                #expect(Hexadecimal.text(ChainingValues.digest(values[...])) == Self.hash(message, in: [length]))
            }
        }
    }

    private static func hash(_ message: [UInt8], in parts: [Int]) -> String {
        var hasher = StreamHasher(.blake3)
        var rest = message[...]
        for part in parts + [message.count] {
            unsafe rest.prefix(part).withUnsafeBytes { unsafe hasher.add($0) }
            rest = rest.dropFirst(part)
        }
        return Hexadecimal.text(hasher.digest())
    }
}
