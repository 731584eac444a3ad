import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite struct `Log reader` {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    @Test func `finds both records of a request, wherever they are`() throws {
        let writer = try fixture.writer()
        var entries: [[UInt8]] = []
        for number in 0..<600 {
            entries.append(try Sample.decision(id: Sample.id(UInt64(number))).encoded())
        }
        // Completions come later and in another order.
        for number in (0..<600).reversed() {
            entries.append(Sample.completion(id: Sample.id(UInt64(number))).encoded())
        }
        _ = writer.appendAndWait(entries)
        writer.close()
        let signer = ScriptedSigner { _ in throw Unreachable() }
        let second = try fixture.writer(signer: signer)
        _ = second.appendAndWait([try Sample.decision(id: Sample.id(5000)).encoded()])
        _ = second.appendAndWait([Sample.completion(id: Sample.id(5000)).encoded()])
        for (number, indices) in [(0, [0, 1199]), (255, [255, 944]), (256, [256, 943]), (599, [599, 600])] {
            let found = try fixture.reader.find(Sample.id(UInt64(number)))
            #expect(found.map(\.index) == indices.map { UInt64($0) })
            #expect(try fixture.reader.find(Sample.id(UInt64(number)), thorough: true) == found)
            #expect(try found.map { try $0.record().id } == [Sample.id(UInt64(number)), Sample.id(UInt64(number))])
        }
        let recent = try fixture.reader.find(Sample.id(5000))
        #expect(recent.map(\.index) == [1200, 1201])
        #expect(recent.allSatisfy { !$0.isCovered })
        #expect(try fixture.reader.find(Sample.id(77_777)).isEmpty)
        second.close()
    }

    @Test(arguments: ["missing", "short", "zeros", "garbage"])
    func `finds records when the index of ids is damaged`(damage: String) throws {
        try fixture.fill((0..<600).map { Sample.completion(id: Sample.id($0)).encoded() })
        let name = "log/.state/record-index"
        let length = try fixture.directory.read(name).count
        #expect(length == 2048)
        switch damage {
        case "missing": try FileManager.default.removeItem(atPath: fixture.directory.path + "/" + name)
        case "short": try fixture.directory.write([1, 2, 3], to: name)
        case "zeros": try fixture.directory.write([UInt8](repeating: 0, count: length), to: name)
        default: try fixture.directory.write([UInt8](repeating: 0xff, count: length), to: name)
        }
        let found = try fixture.reader.find(Sample.id(300), thorough: damage == "garbage")
        #expect(found.map(\.index) == [300])
        // A writer that goes on leaves what it does not know to be searched.
        try fixture.fill((600..<900).map { Sample.completion(id: Sample.id($0)).encoded() })
        #expect(try fixture.reader.find(Sample.id(800)).map(\.index) == [800])
    }

    @Test func `text that poses as an id is not one`() throws {
        let path = #"/","id":"\#(Sample.id(666))","x":""#
        try fixture.fill([try Sample.decision(id: Sample.id(1), path: path).encoded()])
        #expect(try fixture.reader.find(Sample.id(666)).isEmpty)
        #expect(try fixture.reader.find(Sample.id(1)).count == 1)
    }

    @Test func `the tail ends with the newest, and is no longer than the log`() throws {
        try fixture.fill(LogFixture.entries(300))
        #expect(try fixture.reader.tail(3).map(\.index) == [297, 298, 299])
        #expect(try fixture.reader.tail(1000).count == 300)
        #expect(try fixture.reader.tail(0).isEmpty)
        #expect(try fixture.reader.entries(in: 299..<400).map(\.index) == [299])
        #expect(try fixture.reader.size() == 300)
    }

    @Test func `where there is no log there is nothing`() throws {
        let reader = LogReader(directory: fixture.directory.path + "/none")
        #expect(try reader.size() == 0)
        #expect(try reader.checkpoint() == nil)
        #expect(throws: AuditLogError.self) { try reader.proof(of: 0) }
    }

    @Test func `every entry has a proof that verifies`() throws {
        try fixture.fill(LogFixture.entries(520))
        for index in [0, 1, 255, 256, 257, 511, 512, 519] as [UInt64] {
            guard case .verified = try fixture.reader.proof(of: index).verify(keys: fixture.keys) else {
                Issue.record("entry \(index)")
                continue
            }
        }
        let error = #expect(throws: AuditLogError.self) { try fixture.reader.proof(of: 520) }
        #expect(error?.code == .notFound)
    }
}

@Suite struct `Log verifier` {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
        try fixture.fill(LogFixture.entries(700))
    }

    static let changes: [(file: String, offset: Int, index: UInt64?)] = [
        ("tile/entries/000", 2, 0), ("tile/entries/000", 42 * 100 + 2, 100), ("tile/entries/001", 42 * 3 + 2, 259),
        ("tile/entries/002.p/188", 42 * 187 + 2, 699), ("tile/0/000", 0, 0), ("tile/0/001", 8191, 256),
        ("tile/0/002.p/188", 32 * 7, 519), ("tile/1/000.p/2", 33, 256), ("checkpoint", 0, nil), ("checkpoint", 25, nil),
        ("checkpoint", 40, nil), ("checkpoint", 120, nil),
    ]

    @Test(arguments: changes)
    func `names the file that was changed and the first entry that it affects`(
        change: (file: String, offset: Int, index: UInt64?)
    ) throws {
        try fixture.directory.flip("log/" + change.file, at: change.offset)
        let fault = try #require(try fixture.verify().fault)
        #expect(fault.file == change.file)
        #expect(fault.index == change.index)
    }

    @Test(arguments: ["tile/entries/000", "tile/entries/002.p/188", "tile/0/001", "tile/1/000.p/2", "checkpoint"])
    func `names the file that is missing, empty or cut`(file: String) throws {
        let intact = try fixture.directory.read("log/" + file)
        for bytes in [[], Array(intact.dropLast()), intact + [0]] {
            try fixture.directory.write(bytes, to: "log/" + file)
            #expect(try fixture.verify().fault?.file == file, "\(bytes.count) bytes")
        }
        try FileManager.default.removeItem(atPath: fixture.log + "/" + file)
        #expect(try fixture.verify().fault?.file == file)
    }

    @Test func `a log that was cut back with its own older checkpoint is verified, and says how long it is`() throws {
        let report = try fixture.verify()
        #expect(report.checkpoint?.size == 700)
        #expect(report.verified == 700)
    }

    @Test func `another key verifies nothing`() throws {
        let other = try CheckpointAuthority(directory: fixture.directory.path + "/other", origin: LogFixture.origin)
        let report = try LogVerifier(directory: fixture.log, keys: [other.verifier]).verify()
        #expect(report.fault?.file == "checkpoint")
        #expect(try LogVerifier(directory: fixture.log, keys: []).verify().fault?.file == "checkpoint")
    }
}

@Suite struct `Log verifier, since an earlier time` {
    private let fixture: LogFixture
    /// What the log had published when it had 300 entries.
    private let kept: [UInt8]

    init() throws {
        fixture = try LogFixture()
        try fixture.fill(LogFixture.entries(300))
        kept = try fixture.directory.read("log/checkpoint")
        try fixture.fill(LogFixture.entries(400, from: 300))
    }

    private var verifier: LogVerifier { LogVerifier(directory: fixture.log, keys: fixture.keys) }

    @Test(arguments: [0, 1, 255, 256, 257, 512, 513, 699, 700] as [UInt64])
    func `hashes what came since, and says what the log was`(size: UInt64) throws {
        let report = try verifier.verify(since: .size(size))
        #expect(report.fault == nil && report.verified == 700 - size && report.past?.size == size)
    }

    @Test func `proves that a checkpoint that was kept is continued`() throws {
        let past = try verifier.checkpoint(kept, file: "kept")
        let report = try verifier.verify(since: .checkpoint(past))
        #expect(report.fault == nil && report.verified == 400 && report.past == past)
        #expect(try verifier.verify(since: .size(300)).past == past)
        #expect(try fixture.verify().past == nil)
    }

    @Test func `looks at what came since and what proves it, and not at older entries`() throws {
        try fixture.directory.flip("log/tile/entries/000", at: 50)
        // The bundle in which the rest begins is hashed whole.
        #expect(try verifier.verify(since: .size(255)).fault?.index == 1)
        try fixture.directory.flip("log/tile/0/000", at: 50)
        #expect(try verifier.verify(since: .size(256)).fault == nil)
        // A size that the entries themselves told of is no better than the bundle that told it.
        #expect(try verifier.verify(since: .sizeFound(256)).fault != nil)
        #expect(try verifier.verify(since: .sizeFound(600)).fault == nil)
        try fixture.directory.flip("log/tile/entries/002.p/188", at: 50)
        #expect(try verifier.verify(since: .size(300)).fault?.file == "tile/entries/002.p/188")
    }

    @Test(arguments: [("tile/0/001", 100), ("tile/0/001", 8_000), ("tile/1/000.p/2", 3)])
    func `finds tiles from before that were changed`(_ file: String, at offset: Int) throws {
        try fixture.directory.flip("log/" + file, at: offset)
        #expect(try verifier.verify(since: .checkpoint(verifier.checkpoint(kept, file: "kept"))).fault != nil)
        try FileManager.default.removeItem(atPath: fixture.log + "/" + file)
        #expect(try verifier.verify(since: .size(300)).fault != nil)
    }

    @Test func `refuses another past`() throws {
        let past = try verifier.checkpoint(kept, file: "kept")
        let root = MerkleHash.leaf([1])
        for (other, message) in [
            (Checkpoint(origin: past.origin, size: 300, root: root), "does not continue the 300 entries"),
            (Checkpoint(origin: past.origin, size: 701, root: root), "there were 701: the log was rolled back"),
            (Checkpoint(origin: "log.example/other", size: 300, root: past.root), "of `log.example/other`"),
        ] {
            let fault = try verifier.verify(since: .checkpoint(other)).fault
            #expect(
                fault?.file == "checkpoint" && fault?.message.contains(message) == true,
                "\(String(describing: fault))"
            )
        }
        #expect(try verifier.verify(since: .size(701)).fault?.message.contains("rolled back") == true)
        let stranger = try CheckpointAuthority(directory: fixture.directory.path + "/other", origin: LogFixture.origin)
        let deaf = LogVerifier(directory: fixture.log, keys: [stranger.verifier])
        #expect(throws: LogVerifier.Fault.self) { try deaf.checkpoint(kept, file: "kept") }
        #expect(throws: LogVerifier.Fault.self) { try verifier.checkpoint([1, 2, 3], file: "kept") }
    }

    @Test func `a time is found among the records`() throws {
        let fixture = try LogFixture()
        let start = Sample.completion().time.nanoseconds
        func record(_ number: Int64) -> [UInt8] {
            var record = Sample.completion(id: Sample.id(UInt64(number)))
            // The clock is set back by 40 s after entry 500.
            record.time = Timestamp(nanoseconds: start + (number < 500 ? number : number - 40) * 1_000_000_000)
            return record.encoded()
        }
        try fixture.fill((0..<700).map(record))
        func size(_ seconds: Int64) throws -> UInt64 {
            try fixture.reader.size(before: Timestamp(nanoseconds: start + seconds * 1_000_000_000))
        }
        #expect(try size(-1) == 0 && size(0) == 0 && size(300) == 300 && size(480) == 480 && size(600) == 640)
        #expect(try size(100_000) == 700)
    }
}
