import AuditLog
import Glibc
import Testing

@Suite struct `Log writer` {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    @Test func `entries become durable in order, join the tree and are covered`() throws {
        let entries = LogFixture.entries(1000)
        let writer = try fixture.writer()
        let answers = writer.appendAndWait(entries)
        #expect(answers.map(\.index) == (0..<1000).map { UInt64($0) })
        writer.close()
        let stats = writer.stats
        #expect(stats.acknowledged == 1000)
        #expect(stats.checkpointSize == 1000)
        #expect(stats.syncs <= 1000)
        #expect(stats.failure == nil)
        let report = try fixture.verify()
        #expect(report.fault == nil)
        #expect(report.verified == 1000)
        #expect(report.checkpoint == (try fixture.reader.checkpoint()))
        #expect(try fixture.reader.entries(in: 0..<2000).map(\.bytes) == entries)
    }

    @Test func `an empty log has a checkpoint`() throws {
        try fixture.writer().close()
        #expect(try fixture.reader.checkpoint()?.size == 0)
        #expect(try fixture.verify().fault == nil)
        #expect(try fixture.reader.tail(10).isEmpty)
    }

    @Test func `those that arrive within a window share one synchronisation`() throws {
        let writer = try fixture.writer { $0.window = .seconds(3600) }
        let answers = Answers()
        for entry in LogFixture.entries(99) { writer.append(entry) { answers.take($0) } }
        writer.append([1], immediately: true) { answers.take($0) }
        #expect(answers.wait(for: 100).compactMap(\.index).count == 100)
        #expect(writer.stats.syncs == 1)
        writer.close()
    }

    /// Some are waited for and some are not, over several batches; only their size, and the urgent one, have them written.
    @Test func `each who waits is told of its own entry`() throws {
        let writer = try fixture.writer { $0.window = .seconds(3600) }
        let entries = LogFixture.entries(90, length: 20_000)
        let answers = Answers()
        for (number, entry) in entries.enumerated() {
            if number % 3 == 0 {
                writer.append(entry, immediately: number == 87) { answers.take($0) }
            } else {
                #expect(try writer.append(entry) == UInt64(number))
            }
        }
        #expect(answers.wait(for: 30).map(\.index) == (0..<30).map { UInt64(3 * $0) })
        writer.close()
        #expect(writer.stats.syncs >= 4)
        let report = try fixture.verify()
        #expect(report.fault == nil && report.verified == 90)
        #expect(try fixture.reader.entries(in: 0..<90).map(\.bytes) == entries)
    }

    @Test func `a log goes on where it ended, whatever its size`() throws {
        var all: [[UInt8]] = []
        for count in [1, 254, 1, 1, 255, 256, 513, 0, 7] {
            let more = LogFixture.entries(count, from: all.count)
            try fixture.fill(more)
            all += more
            let report = try fixture.verify()
            #expect(report.fault == nil)
            #expect(report.verified == UInt64(all.count))
        }
        #expect(try fixture.reader.entries(in: 0..<UInt64(all.count)).map(\.bytes) == all)
    }

    @Test func `partial tiles go when the full one is there`() throws {
        try fixture.fill(LogFixture.entries(200))
        #expect(try fixture.directory.files().keys.contains("log/tile/entries/000.p/200"))
        try fixture.fill(LogFixture.entries(100))
        let files = try fixture.directory.files()
        #expect(files["log/tile/0/000"] == 8192)
        #expect(files["log/tile/1/000.p/1"] == 32)
        #expect(files["log/tile/0/001.p/44"] == 44 * 32)
        #expect(!files.keys.contains { $0.hasPrefix("log/tile/0/000.p") || $0.hasPrefix("log/tile/entries/000.p") })
    }

    @Test func `segments go when a checkpoint covers them`() throws {
        let writer = try fixture.writer()
        for _ in 0..<4 { _ = writer.appendAndWait(LogFixture.entries(200, length: 4000)) }
        writer.close()
        let segments = try fixture.directory.files().keys.filter { $0.hasSuffix(".wal") }
        #expect(segments.count == 1)
        try fixture.fill(LogFixture.entries(3))
        #expect(try fixture.verify().verified == 803)
    }

    @Test(.timeLimit(.minutes(2))) func `the file of a segment is written again, and what stood in it is passed over`()
        throws
    {
        let writer = try fixture.writer { $0.checkpointInterval = .milliseconds(2) }
        var count = 0
        func names(_ suffix: String) throws -> [String] {
            try fixture.directory.files().keys.filter { $0.contains(suffix) }.sorted()
        }
        // Until a segment goes on in the file of another.
        var bytes: [UInt8] = []
        var segment: Segment.Contents?
        repeat {
            let entries = LogFixture.entries(20, from: count, length: 4000)
            #expect(writer.appendAndWait(entries).compactMap(\.index).count == 20)
            count += 20
            bytes = try names(".wal").last.map(fixture.directory.read) ?? []
            segment = Segment.read(bytes)
        } while !bytes[(segment?.end ?? bytes.count)...].contains { $0 != 0 }
        #expect(segment?.isBroken == false)
        #expect((segment?.entries.last).map(Array.init) == LogFixture.entries(count, length: 4000).last)
        #expect(try names("/used-").count <= 2)
        // As after a crash, the next writer has only what lies there.
        writer.close()
        try fixture.fill(LogFixture.entries(5, from: count))
        #expect(try fixture.verify().verified == UInt64(count + 5))
        #expect(try names("/used-").count <= 2)
    }

    /// Without a burst the tree would take them in an hour from now.
    @Test(.timeLimit(.minutes(2))) func `a burst joins the tree before its moment, in order and whole`() throws {
        let writer = try fixture.writer { $0.checkpointInterval = .seconds(3600) }
        let entries = LogFixture.entries(800, length: 50_000)
        #expect(writer.appendAndWait(entries).compactMap(\.index) == Array(0..<800))
        // What is left is less than what the tree waits for.
        while writer.stats.integrated < 800 - (8 << 20) / 50_000 - 1 { usleep(2_000) }
        writer.close()
        let report = try fixture.verify()
        #expect(report.fault == nil && report.verified == 800)
        #expect(try fixture.reader.entries(in: 0..<800).map(\.bytes) == entries)
    }

    @Test func `one writer has a log at a time`() throws {
        let first = try fixture.writer()
        let error = #expect(throws: AuditLogError.self) { try fixture.writer() }
        #expect(error?.code == .locked)
        first.close()
        try fixture.writer().close()
    }

    @Test func `what cannot be taken is refused at once`() throws {
        let writer = try fixture.writer {
            $0.window = .seconds(3600)
            $0.maximumPendingBytes = 70_000
        }
        let answers = Answers()
        writer.append([UInt8](repeating: 0, count: 65_536)) { answers.take($0) }
        #expect(answers.wait(for: 1).last?.code == .entryTooLong)
        writer.append([UInt8](repeating: 0, count: 65_535)) { answers.take($0) }
        writer.append([UInt8](repeating: 0, count: 5000)) { answers.take($0) }
        #expect(answers.wait(for: 1).last?.code == .overloaded)
        writer.append([]) { answers.take($0) }
        writer.close()
        #expect(answers.wait(for: 2).suffix(2).map(\.index) == [0, 1])
        writer.append([1]) { answers.take($0) }
        #expect(answers.wait(for: 1).last?.code == .closed)
        #expect(writer.stats.refused == 3)
        #expect(try fixture.verify().verified == 2)
    }

    @Test func `readers see what is durable while it is written`() throws {
        let writer = try fixture.writer()
        for round in 0..<20 {
            _ = writer.appendAndWait(LogFixture.entries(37, from: round * 37))
            let entries = try fixture.reader.entries(in: 0..<UInt64.max)
            #expect(entries.map(\.bytes) == LogFixture.entries((round + 1) * 37))
            #expect(entries.map(\.index) == (0..<UInt64(entries.count)).map { $0 })
        }
        writer.close()
    }

    @Test(arguments: ["", "a b", "a+b", "a\nb"])
    func `a name that a checkpoint cannot bear is refused`(origin: String) {
        #expect(throws: AuditLogError.self) {
            try LogWriter(directory: fixture.log, origin: origin, signer: fixture.authority)
        }
    }
}
