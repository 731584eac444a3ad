import Crypto
import Foundation
import Testing

@testable import AuditLog

@Suite struct `Recovery` {
    private let fixture: LogFixture
    private let unreachable = ScriptedSigner { _ in throw Unreachable() }

    init() throws {
        fixture = try LogFixture()
    }

    /// A log whose entries are in its write-ahead log and in no published tree; returns the segment's name.
    private func unpublished(_ batches: [Int]) throws -> String {
        let writer = try fixture.writer(signer: unreachable) { $0.checkpointInterval = .seconds(3600) }
        var count = 0
        for batch in batches {
            _ = writer.appendAndWait(LogFixture.entries(batch, from: count))
            count += batch
        }
        writer.close()
        // The tree is forgotten, as if the crash had come before it was written.
        try FileManager.default.removeItem(atPath: fixture.log + "/tile")
        try FileManager.default.removeItem(atPath: fixture.log + "/.state/tree")
        return try #require(try fixture.directory.files().keys.first { $0.hasSuffix(".wal") })
    }

    @Test func `a tail that was cut short is dropped, whole batches are kept`() throws {
        let name = try unpublished([3, 4, 5])
        let whole = try #require(Segment.read(fixture.directory.read(name)))
        #expect(whole.entries.count == 12)
        let bytes = try Array(fixture.directory.read(name).prefix(whole.end))
        for length in stride(from: whole.end - 1, through: Segment.headerLength, by: -7) {
            let cut = try #require(Segment.read(Array(bytes.prefix(length)) + [UInt8](repeating: 0, count: 200)))
            #expect(cut.entries.elementsEqual(whole.entries.prefix(cut.entries.count)))
            #expect(!cut.isBroken)
        }
        try fixture.directory.write(bytes.dropLast(1) + [UInt8](repeating: 0, count: 99), to: name)
        let kept = try #require(Segment.read(fixture.directory.read(name))).entries.count
        try fixture.fill([[9]])
        #expect(try fixture.verify().verified == UInt64(kept + 1))
        #expect(try fixture.reader.entries(in: 0..<UInt64(kept)).map(\.bytes) == LogFixture.entries(kept))
    }

    @Test func `a changed byte before the last batch is not taken for a tail`() throws {
        let name = try unpublished([3, 4, 5])
        let intact = try fixture.directory.read(name)
        let first = try #require(Segment.read(intact)?.entries.first)
        for offset in [Segment.headerLength, Segment.headerLength + 20, first.startIndex + 3] {
            try fixture.directory.write(intact, to: name)
            try fixture.directory.flip(name, at: offset)
            let batches = try #require(Segment.read(fixture.directory.read(name)))
            #expect(batches.isBroken || batches.entries.count == 0)
            guard batches.isBroken else { continue }
            let error = #expect(throws: AuditLogError.self) { try fixture.writer() }
            #expect(error?.code == .corrupt)
        }
    }

    @Test func `entries that look like batches deceive nobody`() throws {
        let batch = Segment.batch(LogFixture.run([[1, 2, 3]]), first: 5, nonce: [UInt8](repeating: 0, count: 16))
        let writer = try fixture.writer(signer: unreachable)
        _ = writer.appendAndWait(Array(repeating: batch, count: 40))
        writer.close()
        try fixture.fill([])
        #expect(try fixture.verify().verified == 40)
    }

    @Test func `damaged segments are read or refused, never worse`() throws {
        let nonce = (0..<16).map { UInt8($0) }
        var intact = Segment.header(first: 7, nonce: nonce)
        for batch in 0..<6 {
            let entries = LogFixture.run(LogFixture.entries(3, from: 3 * batch))
            intact += Segment.batch(entries, first: 7 + 3 * UInt64(batch), nonce: nonce)
        }
        #expect(Segment.read(intact)?.entries.count == 18)
        var generator = SeededGenerator(state: 4)
        for _ in 0..<(2000 * scale) {
            var bytes = intact
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
                    in: .min ... .max,
                    using: &generator
                )
            }
            bytes.removeLast(.random(in: 0..<bytes.count, using: &generator))
            guard let contents = Segment.read(bytes) else { continue }
            #expect(contents.entries.elementsEqual(Segment.read(intact)?.entries.prefix(contents.entries.count) ?? []))
        }
    }

    /// A segment as programs before version 2 wrote it: 3 and then 2 entries, from index 0 on.
    private func version1() -> [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
            unsafe withUnsafeBytes(of: value.bigEndian) { unsafe Array($0) }
        }
        let nonce = [UInt8](repeating: 7, count: 16)
        let head = Array("lapwing-wal-v1\n\0".utf8) + bytes(UInt64(0)) + nonce
        var segment = head + SHA256.hash(data: head).prefix(24)
        for (first, count) in [(0, 3), (3, 2)] {
            let payload = LogFixture.run(LogFixture.entries(count, from: first)).bytes
            var fields = Array("LWB1".utf8) + bytes(UInt32(count)) + bytes(UInt32(payload.count))
            fields += bytes(UInt64(first)) + SHA256.hash(data: payload)
            segment += fields + SHA256.hash(data: nonce + fields).prefix(12) + payload
        }
        return segment
    }

    @Test func `a log that an older program left is recovered`() throws {
        let segment = version1()
        #expect(Segment.read(segment)?.entries.map(Array.init) == LogFixture.entries(5))
        var changed = segment
        changed[changed.count - 1] ^= 1
        #expect(Segment.read(changed)?.entries.count == 3)
        try FileManager.default.createDirectory(
            atPath: fixture.log + "/.state/wal",
            withIntermediateDirectories: true
        )
        try fixture.directory.write(segment, to: "log/.state/wal/" + Segment.name(first: 0))
        try fixture.fill(LogFixture.entries(4, from: 5))
        #expect(try fixture.verify().verified == 9)
        #expect(try fixture.reader.entries(in: 0..<9).map(\.bytes) == LogFixture.entries(9))
    }

    static let damages = [
        "tile", "bundle", "tree", "checkpoint", "no tree", "no segment", "later segment", "foreign checkpoint",
        "segment header",
    ]

    @Test(arguments: damages)
    func `files that contradict each other are refused`(damage: String) throws {
        try fixture.fill(LogFixture.entries(300))
        let segment = try #require(try fixture.directory.files().keys.first { $0.hasSuffix(".wal") })
        let path = fixture.directory.path + "/"
        switch damage {
        case "tile": try fixture.directory.flip("log/tile/0/001.p/44", at: 40)
        case "bundle": try fixture.directory.flip("log/tile/entries/001.p/44", at: 40)
        case "tree": try fixture.directory.flip("log/.state/tree", at: 1)
        case "checkpoint": try fixture.directory.flip("log/checkpoint", at: LogFixture.origin.utf8.count + 2)
        case "no tree": try FileManager.default.removeItem(atPath: path + "log/.state/tree")
        case "no segment": try FileManager.default.removeItem(atPath: path + segment)
        case "foreign checkpoint":
            let other = try CheckpointAuthority(directory: path + "other", origin: "other.example")
            let request = CheckpointRequest(
                origin: "other.example",
                size: 0,
                root: .emptyRoot,
                oldSize: 0,
                consistencyProof: []
            )
            try fixture.directory.write(other.sign(request), to: "log/checkpoint")
        case "segment header": try fixture.directory.flip(segment, at: 20)
        default:
            let header = Segment.header(first: 400, nonce: [UInt8](repeating: 1, count: 16))
            try FileManager.default.removeItem(atPath: path + segment)
            try fixture.directory.write(header, to: "log/.state/wal/" + Segment.name(first: 400))
        }
        let error = #expect(throws: AuditLogError.self) { try fixture.writer() }
        #expect(error?.code == .corrupt)
    }

    @Test func `a crash between the tree's files and its state is gone over again`() throws {
        try fixture.fill(LogFixture.entries(300))
        let state = try fixture.directory.read("log/.state/tree")
        let checkpoint = try fixture.directory.read("log/checkpoint")
        let writer = try fixture.writer(signer: unreachable)
        _ = writer.appendAndWait(LogFixture.entries(300, from: 300))
        writer.close()
        try fixture.directory.write(state, to: "log/.state/tree")
        try fixture.directory.write(checkpoint, to: "log/checkpoint")
        try fixture.fill(LogFixture.entries(1, from: 600))
        #expect(try fixture.verify().verified == 601)
        #expect(try fixture.reader.entries(in: 0..<601).map(\.bytes) == LogFixture.entries(601))
    }
}
