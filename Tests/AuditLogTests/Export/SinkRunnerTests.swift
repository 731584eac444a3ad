import AuditLog
import Foundation
import Synchronization
import Testing
import ZeroTrust

/// A sink that does what the test says, and keeps what it took.
private final class ScriptedSink: RecordSink {
    let taken = Mutex<[UInt64]>([])
    private let fault: @Sendable ([ExportedRecord]) throws -> Void

    init(_ fault: @escaping @Sendable ([ExportedRecord]) throws -> Void = { _ in }) {
        self.fault = fault
    }

    func take(_ records: [ExportedRecord], after mark: SinkMark) async throws -> SinkMark {
        try fault(records)
        taken.withLock { $0 += records.map(\.index) }
        return SinkMark(length: mark.length + 1)
    }
}

private struct Down: Error {}

@Suite struct `Sinks` {
    /// A log of so many records.
    private func log(_ count: Int) throws -> (LogFixture, [ExportedRecord]) {
        let fixture = try LogFixture()
        var samples = ExportSamples(seed: 77)
        let records = try samples.records(count)
        try fixture.fill(records.map(\.entry))
        return (fixture, records)
    }

    private func finish(_ runner: SinkRunner) async throws {
        while try await runner.round() == .moved {}
    }

    @Test func `a sink that fails goes on where it was, also in another process`() async throws {
        let (fixture, records) = try log(3_000)
        let cursor = fixture.directory.path + "/sinks/a.cursor"
        let isDown = Mutex(true)
        let sink = ScriptedSink { _ in if isDown.withLock({ $0 }) { throw Down() } }
        do {
            let runner = try SinkRunner(log: fixture.reader, sink: sink, cursor: cursor)
            await #expect(throws: Down.self) { try await runner.round() }
            #expect(runner.status.next == 0)
            isDown.withLock { $0 = false }
            #expect(try await runner.round() == .moved)
            // Only one at a time has a cursor.
            let second = #expect(throws: AuditLogError.self) {
                try SinkRunner(log: fixture.reader, sink: sink, cursor: cursor)
            }
            #expect(second?.code == .locked && second?.message.contains("stop that one") == true)
        }
        let runner = try SinkRunner(log: fixture.reader, sink: sink, cursor: cursor)
        try await finish(runner)
        #expect(sink.taken.withLock { $0 } == records.indices.map(UInt64.init))
        #expect(runner.status.next == UInt64(records.count) && runner.status.refused == 0)
    }

    @Test func `a record that a sink will never take is passed over alone, and counted`() async throws {
        let (fixture, records) = try log(500)
        let bad: Set<UInt64> = [0, 17, 18, 333, 499]
        let sink = ScriptedSink { offered in
            if offered.contains(where: { bad.contains($0.index) }) { throw SinkRefusal("no") }
        }
        let runner = try SinkRunner(log: fixture.reader, sink: sink, cursor: fixture.directory.path + "/c")
        try await finish(runner)
        #expect(sink.taken.withLock { $0 } == records.map(\.index).filter { !bad.contains($0) })
        #expect(runner.status.refused == 5 && runner.status.refusal?.contains("entry 499: no") == true)
    }

    @Test func `a file has every record once, whatever a crash left in it`() async throws {
        let (fixture, records) = try log(5_000)
        let exporter = OCSFExporter(origin: "o", productVersion: "1")
        let path = fixture.directory.path + "/out.jsonl"
        let cursor = fixture.directory.path + "/c"
        let sink = FileSink(path: path, format: .jsonl, exporter: exporter)
        var generator = SeededGenerator(state: 4)
        var moved = true
        while moved {
            // Each round is in another process; every other one is killed between the file and the cursor.
            let before = FileManager.default.contents(atPath: cursor)
            let runner = try SinkRunner(log: fixture.reader, sink: sink, cursor: cursor)
            moved = try await runner.round() == .moved
            if moved, Bool.random(using: &generator) {
                if let before {
                    try before.write(to: URL(filePath: cursor))
                } else {
                    try FileManager.default.removeItem(atPath: cursor)
                }
                // What had been written may have reached the disk in part.
                let written = try fixture.directory.read("out.jsonl")
                try fixture.directory.write(
                    Array(written.dropLast(Int.random(in: 0...3, using: &generator))),
                    to: "out.jsonl"
                )
            }
        }
        let lines = try fixture.directory.read("out.jsonl").split(separator: 0x0a)
        #expect(lines.count == records.count)
        for (line, record) in zip(lines, records) {
            #expect(Array(line) + [0x0a] == ExportFormat.jsonl.line(record, with: exporter))
        }
    }

    @Test func `a sink that refuses everything is told from one that refuses a record`() async throws {
        let (fixture, records) = try log(100)
        let isDown = Mutex(true)
        let sink = ScriptedSink { _ in if isDown.withLock({ $0 }) { throw SinkRefusal("no") } }
        let runner = try SinkRunner(log: fixture.reader, sink: sink, cursor: fixture.directory.path + "/c")
        var refusals: [SinkRefusal] = []
        for _ in 0..<200 {
            do { _ = try await runner.round() } catch let error as SinkRefusal { refusals.append(error) }
        }
        // It stands still, and says the same every time.
        #expect(runner.status.next == 16 && runner.status.refused == 16 && refusals.count > 100)
        #expect(Set(refusals).count == 1 && refusals.first?.description.contains("every record is refused") == true)
        isDown.withLock { $0 = false }
        try await finish(runner)
        #expect(sink.taken.withLock { $0 } == records.map(\.index).filter { $0 >= 16 } && runner.status.refused == 16)
    }

    @Test func `what was read is not read again for a refusal`() async throws {
        let (fixture, records) = try log(300)
        let sink = ScriptedSink { offered in
            if offered.contains(where: { $0.index == 200 }) { throw SinkRefusal("no") }
        }
        let runner = try SinkRunner(log: fixture.reader, sink: sink, cursor: fixture.directory.path + "/c")
        #expect(try await runner.round() == .moved)
        try FileManager.default.moveItem(atPath: fixture.log, toPath: fixture.log + ".away")
        while runner.status.next < UInt64(records.count) {
            let round = try await runner.round()
            try #require(round == .moved)
        }
        #expect(sink.taken.withLock { $0 } == records.map(\.index).filter { $0 != 200 } && runner.status.refused == 1)
    }

    @Test func `a sink gets only what is on the disk`() async throws {
        let (fixture, _) = try log(50)
        let sink = ScriptedSink()
        do {
            let box = Held(20)
            let runner = try SinkRunner(
                log: fixture.reader,
                sink: sink,
                cursor: fixture.directory.path + "/c",
                durable: { box.value }
            )
            try await finish(runner)
            #expect(runner.status.next == 20 && sink.taken.withLock { $0 } == Array(0..<20))
            box.value = 33
            try await finish(runner)
            #expect(runner.status.next == 33)
        }
        // A process that does not write the log takes what the checkpoint covers.
        let writer = try fixture.writer { $0.checkpointInterval = .seconds(600) }
        defer { writer.close() }
        let covered = try #require(try fixture.reader.checkpoint()).size
        _ = writer.appendAndWait([Sample.completion().encoded()])
        #expect(try fixture.reader.size() == 51 && covered == 50)
        let runner = try SinkRunner(log: fixture.reader, sink: sink, cursor: fixture.directory.path + "/c")
        try await finish(runner)
        #expect(runner.status.next == 50)
    }

    @Test func `a sink that has everything does not read the log`() async throws {
        let (fixture, _) = try log(300)
        let files = FaultyFiles()
        let durable = Held(200)
        let runner = try SinkRunner(
            log: LogReader(directory: fixture.log, files: files),
            sink: ScriptedSink(),
            cursor: fixture.directory.path + "/c",
            durable: { durable.value }
        )
        try await finish(runner)
        let before = files.contentsRead.count
        #expect(before > 0)
        for _ in 0..<10 {
            let round = try await runner.round()
            #expect(round == .upToDate)
        }
        #expect(files.contentsRead.count == before)
        durable.value = 300
        try await finish(runner)
        #expect(runner.status.next == 300)
    }

    @Test func `decisions that are not remembered are looked up together`() throws {
        let fixture = try LogFixture()
        let ids = (0..<40).map { Sample.id(UInt64($0) << 32) }
        try fixture.fill(ids.map { try Sample.decision(id: $0).encoded() })
        // The ends of all are in the write-ahead log alone, with one whose decision there never was.
        let signer = ScriptedSigner { _ in throw Unreachable() }
        let writer = try fixture.writer(signer: signer)
        defer { writer.close() }
        _ = writer.appendAndWait((ids + [Sample.id(9 << 40)]).map { Sample.completion(id: $0).encoded() })
        let files = FaultyFiles()
        var reader = ExportReader(LogReader(directory: fixture.log, files: files))
        let read = try reader.next(from: 40, limit: 10_000)
        #expect(read.records.map { $0.decision?.id } == ids.map { $0 } + [nil])
        // Once for the ends, and once for all decisions.
        let segments = try fixture.directory.files().keys.count { $0.hasSuffix(".wal") }
        #expect(segments > 0 && files.contentsRead.count { $0.hasSuffix(".wal") } == 2 * segments)
        let found = try fixture.reader.findAll(Set(ids))
        for id in ids { #expect(try fixture.reader.find(id) == found[id]) }
    }

    @Test func `another log than the one that the cursor is of is refused`() async throws {
        let (fixture, _) = try log(50)
        let cursor = fixture.directory.path + "/c"
        try await finish(try SinkRunner(log: fixture.reader, sink: ScriptedSink(), cursor: cursor))
        let other = try LogFixture()
        try other.fill((0..<80).map { Sample.completion(id: Sample.id($0)).encoded() })
        let runner = try SinkRunner(log: other.reader, sink: ScriptedSink(), cursor: cursor)
        let error = await #expect(throws: AuditLogError.self) { try await runner.round() }
        #expect(error?.code == .rolledBack && error?.message.contains("not the same log") == true)
    }

    /// What is durable, as the test has it.
    private final class Held: Sendable {
        private let number: Mutex<UInt64>
        init(_ number: UInt64) { self.number = Mutex(number) }
        var value: UInt64 {
            get { number.withLock { $0 } }
            set { number.withLock { $0 = newValue } }
        }
    }

    @Test func `a completion finds its decision, however far apart they are and wherever the export begins`() throws {
        let fixture = try LogFixture()
        var samples = ExportSamples(seed: 8)
        let (decision, completion) = try samples.request()
        let filler = try samples.records(600)
        try fixture.fill([decision.encoded()] + filler.map(\.entry) + [completion.encoded()])
        for first in [0, 1] as [UInt64] {
            var reader = ExportReader(fixture.reader)
            let read = try reader.next(from: first, limit: 10_000)
            #expect(read.records.last?.decision == (try AuditRecord(entry: decision.encoded())).decision)
        }
    }

    @Test func `a cursor that is none, or ahead of its log, is refused`() async throws {
        let (fixture, _) = try log(3)
        let path = fixture.directory.path + "/c"
        try fixture.directory.write(Array("lapwing-cursor-v1\n5000\n0\n".utf8), to: "c")
        let runner = try SinkRunner(log: fixture.reader, sink: ScriptedSink(), cursor: path)
        await #expect(throws: AuditLogError.self) { try await runner.round() }
        for text in ["", "lapwing-cursor-v2\n1\n0\n", "lapwing-cursor-v1\n-1\n0\n", String(repeating: "x", count: 300)]
        {
            try fixture.directory.write(Array(text.utf8), to: "d")
            #expect(throws: AuditLogError.self) {
                try SinkRunner(log: fixture.reader, sink: ScriptedSink(), cursor: fixture.directory.path + "/d")
            }
        }
    }
}

extension AuditRecord {
    fileprivate var decision: DecisionRecord? { if case .decision(let record) = self { record } else { nil } }
}
