import AuditLog
import Foundation
import Testing

@Suite struct `Publication` {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    @Test func `an authority that does not answer delays checkpoints and nothing else`() throws {
        let signer = ScriptedSigner { _ in throw Unreachable() }
        let writer = try fixture.writer(signer: signer)
        #expect(writer.appendAndWait(LogFixture.entries(500)).compactMap(\.index).count == 500)
        signer.waitForRequest()
        #expect(writer.appendAndWait(LogFixture.entries(500, from: 500)).last?.index == 999)
        #expect(writer.stats.checkpointSize == 0)
        #expect(writer.stats.checkpointLag > 0)
        // What is not covered is in the write-ahead log, and readers find it there.
        let entries = try fixture.reader.tail(3)
        #expect(entries.map(\.index) == [997, 998, 999])
        #expect(entries.allSatisfy { !$0.isCovered })
        #expect(throws: AuditLogError.self) { try fixture.reader.proof(of: 3) }
        let authority = fixture.authority
        signer.answer { try authority.sign($0) }
        writer.close()
        #expect(writer.stats.checkpointSize == 1000)
        #expect(writer.stats.signerFailures > 0)
        #expect(writer.stats.signerError == nil)
        #expect(try fixture.verify().verified == 1000)
    }

    @Test func `entries that no checkpoint covered survive a restart`() throws {
        let signer = ScriptedSigner { _ in throw Unreachable() }
        for round in 0..<3 {
            let writer = try fixture.writer(signer: signer)
            #expect(
                writer.appendAndWait(LogFixture.entries(300, from: round * 300)).last?.index
                    == UInt64(round * 300 + 299)
            )
            writer.close()
        }
        #expect(try fixture.reader.checkpoint() == nil)
        try fixture.fill([])
        #expect(try fixture.verify().verified == 900)
        #expect(try fixture.reader.entries(in: 0..<900).map(\.bytes) == LogFixture.entries(900))
    }

    @Test func `a signature that was lost on its way is asked for again with a proof`() throws {
        let authority = fixture.authority
        let signer = ScriptedSigner {
            _ = try authority.sign($0)
            throw Unreachable()
        }
        let writer = try fixture.writer(signer: signer)
        _ = writer.appendAndWait(LogFixture.entries(10))
        writer.close()
        #expect(authority.lastSize == 10)
        #expect(try fixture.reader.checkpoint() == nil)
        try fixture.fill(LogFixture.entries(5))
        #expect(try fixture.verify().verified == 15)
    }

    @Test func `an older copy of the log is not gone on with`() throws {
        try fixture.fill(LogFixture.entries(10))
        let copy = fixture.directory.path + "/copy"
        try FileManager.default.copyItem(atPath: fixture.log, toPath: copy)
        try fixture.fill(LogFixture.entries(10))
        try FileManager.default.removeItem(atPath: fixture.log)
        try FileManager.default.moveItem(atPath: copy, toPath: fixture.log)
        let signer = ScriptedSigner { [authority = fixture.authority] in try authority.sign($0) }
        let writer = try fixture.writer(signer: signer)
        _ = writer.appendAndWait([[1]])
        writer.close()
        #expect(writer.stats.failure?.contains("20 entries") == true)
        #expect(try fixture.reader.checkpoint()?.size == 10)
    }

    @Test func `a rewritten log is not signed`() throws {
        try fixture.fill(LogFixture.entries(10))
        try FileManager.default.removeItem(atPath: fixture.log)
        let writer = try fixture.writer()
        _ = writer.appendAndWait(LogFixture.entries(30, from: 1))
        writer.close()
        #expect(writer.appendAndWait([[1]]).first?.code == .rolledBack)
    }

    @Test(arguments: ["other text", "other key", "garbage"])
    func `another note than the one asked for is not published`(kind: String) throws {
        let stranger = try CheckpointAuthority(
            directory: fixture.directory.path + "/stranger",
            origin: LogFixture.origin
        )
        let authority = fixture.authority
        let signer = ScriptedSigner { request in
            switch kind {
            case "other text":
                var other = request
                other.size += 1
                other.root = .leaf([1])
                return try authority.sign(other)
            case "other key": return try stranger.sign(request)
            default: return [1, 2, 3]
            }
        }
        let writer = try fixture.writer(signer: signer)
        _ = writer.appendAndWait(LogFixture.entries(3))
        writer.close()
        #expect(writer.stats.signerError != nil)
        #expect(try fixture.reader.checkpoint() == nil)
    }

    @Test func `files are brought to the disk in the order that a crash needs`() throws {
        let files = FaultyFiles()
        let writer = try fixture.writer(files: files)
        _ = writer.appendAndWait(LogFixture.entries(300))
        writer.close()
        let done = files.done
        func first(_ operation: FaultyFiles.Operation, _ suffix: String) throws -> Int {
            try #require(done.firstIndex { $0.operation == operation && $0.path.hasSuffix(suffix) }, "\(suffix)")
        }
        let steps = try [
            first(.write, "tile/entries/000"), first(.sync, "tile/entries/000"), first(.sync, "tile/0/000"),
            first(.sync, "tile/1/000.p/1"), first(.syncDirectory, "tile/1/000.p"),
        ]
        #expect(steps == steps.sorted())
        // A tree's state, and then its checkpoint, come when all its tiles are on the disk.
        let tile = done.lastIndex { $0.path.contains("/tile/") && [.sync, .syncDirectory].contains($0.operation) }
        let state = done.lastIndex { $0.operation == .rename && $0.path.hasSuffix("/.state/tree") }
        let checkpoint = done.lastIndex { $0.operation == .rename && $0.path.hasSuffix("/checkpoint") }
        #expect(try #require(tile) < #require(state) && #require(state) < #require(checkpoint))
        for (position, step) in done.enumerated() where step.operation == .rename && !step.path.hasSuffix(".wal") {
            let temporary = FaultyFiles.Done(operation: .sync, path: step.path + ".tmp")
            #expect(done[..<position].contains(temporary), "\(step.path) has its name before its bytes")
        }
    }
}
