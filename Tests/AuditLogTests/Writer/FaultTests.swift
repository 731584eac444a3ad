import AuditLog
import Foundation
import Glibc
import Testing

@Suite struct `Faults of the disk` {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let operation: FaultyFiles.Operation
        let effect: FaultyFiles.Effect
        let code: AuditLogError.Code
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "write fails", operation: .write, effect: .error(EIO), code: .io),
        Case(name: "disk full", operation: .write, effect: .error(ENOSPC), code: .diskFull),
        Case(name: "quota used up", operation: .write, effect: .error(EDQUOT), code: .diskFull),
        Case(name: "write is cut short and fails", operation: .write, effect: .torn(100, EIO), code: .io),
        Case(name: "write makes no progress", operation: .write, effect: .short(0), code: .io),
        Case(name: "synchronisation fails", operation: .sync, effect: .error(EIO), code: .io),
        Case(name: "synchronisation finds the disk full", operation: .sync, effect: .error(ENOSPC), code: .diskFull),
    ]

    @Test(arguments: cases)
    func `a failing write-ahead log refuses all that follows, and loses nothing`(fault: Case) throws {
        let files = FaultyFiles()
        let writer = try fixture.writer(files: files)
        #expect(writer.appendAndWait(LogFixture.entries(20)).last?.index == 19)
        files.inject(.init(operation: fault.operation, path: ".wal", effect: fault.effect, isLasting: false))
        let refused = writer.appendAndWait(LogFixture.entries(5, from: 100))
        #expect(refused.allSatisfy { $0.code == fault.code })
        let before = files.done.filter { $0.operation == .sync && $0.path.hasSuffix(".wal") }.count
        // The disk works again, and still nothing is taken: what the failure left cannot be known.
        #expect(writer.appendAndWait([[1]]).first?.code == fault.code)
        #expect(writer.stats.failure != nil)
        writer.close()
        #expect(files.done.filter { $0.operation == .sync && $0.path.hasSuffix(".wal") }.count == before)

        try fixture.fill([[7]])
        let entries = try fixture.reader.entries(in: 0..<100).map(\.bytes)
        #expect(entries.prefix(20).elementsEqual(LogFixture.entries(20)))
        #expect(entries.last == [7])
        #expect(try fixture.verify().fault == nil)
    }

    @Test func `short writes are gone on with`() throws {
        let files = FaultyFiles()
        files.inject(.init(operation: .write, path: "", effect: .short(11)))
        let writer = try fixture.writer(files: files)
        #expect(writer.appendAndWait(LogFixture.entries(50)).last?.index == 49)
        writer.close()
        #expect(try fixture.verify().verified == 50)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [".state/tree", "checkpoint"])
    func `files that are kept for later are given back where the tree has no room`(_ path: String) throws {
        let files = FaultyFiles()
        let writer = try fixture.writer(files: files) { $0.checkpointInterval = .milliseconds(2) }
        func isKept() throws -> Bool {
            let names = try fixture.directory.files().keys
            return ["used-0", "used-1"].allSatisfy { name in names.contains { $0.hasSuffix("/" + name) } }
        }
        var count = 0
        while try !isKept() {
            #expect(
                writer.appendAndWait(LogFixture.entries(20, from: count, length: 4000)).allSatisfy { $0.index != nil }
            )
            count += 20
        }
        files.inject(.init(operation: .write, path: path, effect: .error(ENOSPC), isLasting: false))
        #expect(writer.appendAndWait(LogFixture.entries(20, from: count)).allSatisfy { $0.index != nil })
        writer.close()
        #expect(writer.stats.failure == nil)
        #expect(files.done.contains { $0.operation == .remove && $0.path.contains("/used-") })
        #expect(try fixture.verify().verified == UInt64(count + 20))
    }

    @Test func `a disk without room for the next segment refuses when this one is full`() throws {
        let files = FaultyFiles()
        let writer = try fixture.writer(files: files)
        files.inject(.init(operation: .allocate, path: "spare", effect: .error(ENOSPC)))
        var taken = 0
        for _ in 0..<100 {
            let answers = writer.appendAndWait(LogFixture.entries(20, length: 4000))
            guard answers.contains(where: { $0.code != nil }) else {
                taken += 20
                continue
            }
            #expect(answers.allSatisfy { $0.code == .diskFull || $0.index != nil })
            taken += answers.compactMap(\.index).count
            break
        }
        writer.close()
        #expect(writer.appendAndWait([[1]]).first?.code == .diskFull)
        try fixture.fill([])
        #expect(try fixture.verify().verified >= UInt64(taken))
    }

    struct TreeFault: Sendable {
        let path: String
        let operation: FaultyFiles.Operation
        let effect: FaultyFiles.Effect
    }

    static let treeFaults =
        [".state/tree", "checkpoint"].flatMap { path in
            [.write, .sync, .rename].map { TreeFault(path: path, operation: $0, effect: .error(EIO)) }
        }
        + ["tile/entries", "tile/0"].flatMap { path in
            [.open, .write, .sync].map { TreeFault(path: path, operation: $0, effect: .error(EIO)) }
                // What a crash leaves of a file that was being written.
                + [TreeFault(path: path, operation: .write, effect: .torn(37, EIO))]
        }

    @Test(arguments: treeFaults)
    func `a tree that cannot be written ends the service, and is mended later`(_ fault: TreeFault) throws {
        try fixture.fill(LogFixture.entries(300))
        let files = FaultyFiles()
        files.inject(.init(operation: fault.operation, path: fault.path, effect: fault.effect))
        let writer = try fixture.writer(files: files)
        let answers = writer.appendAndWait(LogFixture.entries(300, from: 300))
        let taken = answers.prefix { $0.index != nil }.count
        #expect(answers.dropFirst(taken).allSatisfy { $0.code == .io })
        writer.close()
        #expect(writer.appendAndWait([[1]]).first?.code == .io)
        try fixture.fill([])
        let report = try fixture.verify()
        #expect(report.fault == nil)
        #expect(report.verified >= UInt64(300 + taken))
        #expect(try fixture.reader.entries(in: 0..<UInt64(300 + taken)).map(\.bytes) == LogFixture.entries(300 + taken))
    }

    @Test func `many tiles that do not come to the disk end the service`() throws {
        let files = FaultyFiles()
        files.inject(.init(operation: .syncFileSystem, path: "", effect: .error(EIO)))
        let writer = try fixture.writer(files: files) { $0.checkpointInterval = .seconds(3600) }
        #expect(writer.appendAndWait(LogFixture.entries(3000)).last?.index == 2999)
        writer.close()
        #expect(writer.stats.failure != nil)
        let names = files.done.filter { $0.operation == .rename && $0.path.contains("/tile/") }
        #expect(names.isEmpty, "a tile has its name before its bytes are on the disk")
        try fixture.fill([])
        #expect(try fixture.verify().verified == 3000)
    }
}
