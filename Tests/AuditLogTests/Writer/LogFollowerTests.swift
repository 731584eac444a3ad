import Testing
import ZeroTrust

@testable import AuditLog

@Suite("Following a log from within the process that writes it")
struct LogFollowerTests {
    private let fixture: LogFixture

    init() throws { fixture = try LogFixture() }

    @Test("Every entry comes once and in order, from memory or from the files", arguments: [0, 200, 1 << 20])
    func followsAll(limit: Int) throws {
        let entries = LogFixture.entries(600)
        try fixture.fill(Array(entries[..<100]))
        let writer = try fixture.writer()
        defer { writer.close() }
        let follower = LogFollower(writer, limit: limit)
        var read: [[UInt8]] = []
        func readAll() throws {
            while UInt64(read.count) < writer.durable {
                let next = UInt64(read.count)
                let more = try follower.entries(in: next..<min(next + 64, writer.durable))
                #expect(more.map(\.index) == (next..<(next + UInt64(more.count))).map { $0 })
                try #require(!more.isEmpty)
                read += more.map(\.bytes)
            }
        }
        // Before the first is read, in between, and faster than they are read.
        _ = writer.appendAndWait(Array(entries[100..<150]))
        try readAll()
        #expect(read == Array(entries[..<150]))
        for start in stride(from: 150, to: 300, by: 10) {
            _ = writer.appendAndWait(Array(entries[start..<(start + 10)]))
            try readAll()
        }
        _ = writer.appendAndWait(Array(entries[300...]))
        try readAll()
        #expect(read == entries)
    }

    @Test("What has just become durable comes from memory, also where the log's files cannot be found")
    func readsFromMemory() throws {
        let entries = LogFixture.entries(200)
        // What is published would be found in other files.
        let writer = try fixture.writer { $0.checkpointInterval = .seconds(3_600) }
        defer { writer.close() }
        let follower = LogFollower(writer)
        let files = SystemFiles()
        let segments = Layout(directory: fixture.log).segments
        var read: [[UInt8]] = []
        for start in stride(from: 0, to: 200, by: 50) {
            _ = writer.appendAndWait(Array(entries[start..<(start + 50)]))
            let names = (try files.names(segments) ?? []).filter { $0.hasSuffix(Segment.suffix) }
            try #require(!names.isEmpty)
            for name in names { try files.rename("\(segments)/\(name)", to: "\(segments)/\(name).hidden") }
            defer {
                for name in names { try? files.rename("\(segments)/\(name).hidden", to: "\(segments)/\(name)") }
            }
            while UInt64(read.count) < writer.durable {
                let next = UInt64(read.count)
                let more = try follower.entries(in: next..<writer.durable)
                try #require(!more.isEmpty)
                read += more.map(\.bytes)
            }
        }
        #expect(read == entries)
    }

    @Test("What entries tell comes with them from memory, and not from the files")
    func bringsGists() throws {
        let writer = try fixture.writer()
        defer { writer.close() }
        let follower = LogFollower(writer)
        let record = Sample.completion()
        _ = try writer.append(record.entry())
        _ = try writer.append([1, 2, 3])
        _ = try writer.append(record.entry())
        // The last of them is on the disk once this one is.
        _ = writer.appendAndWait([[4]])
        let gist = RecordGist.completion(.init(record))
        let entries = try follower.entries(in: 0..<4)
        #expect(entries.map(\.gist) == [gist, nil, gist, nil])
        #expect(entries[0].bytes == record.encoded())
        let read = try LogReader(directory: fixture.log).entries(in: 0..<4)
        #expect(read.map(\.gist) == [nil, nil, nil, nil] && read.map(\.bytes) == entries.map(\.bytes))
    }

    @Test("What waits in memory is bounded, and a follower that is gone holds nothing")
    func isBounded() throws {
        let tap = LogTap(limit: 100)
        func add(_ entry: [UInt8], at index: UInt64) { tap.add(LogFixture.run([entry]), first: index) }
        add(Array(repeating: 1, count: 60), at: 0)
        add(Array(repeating: 2, count: 60), at: 1)
        let run = tap.take()
        #expect(run.first == 1 && run.entries(in: 0..<9).map(\.bytes) == [Array(repeating: 2, count: 60)])
        add(Array(repeating: 3, count: 101), at: 2)
        #expect(tap.take().count == 0)
        add([4], at: 3)
        #expect(tap.take().first == 3)
        let writer = try fixture.writer()
        defer { writer.close() }
        weak var gone: LogFollower?
        do {
            let follower = LogFollower(writer)
            gone = follower
            withExtendedLifetime(follower) { #expect(writer.tapCount == 1) }
        }
        #expect(gone == nil && writer.tapCount == 0)
    }
}

extension LogFollower {
    /// The entries that are handed over, of which there are as many as is said.
    fileprivate func entries(in range: Range<UInt64>) throws -> [LogReader.Entry] {
        var entries: [LogReader.Entry] = []
        let count = try forEach(in: range) { entries.append($0) }
        #expect(entries.count == count)
        return entries
    }
}

extension LogTap.Run {
    fileprivate func entries(in range: Range<UInt64>) -> [LogReader.Entry] {
        var entries: [LogReader.Entry] = []
        forEach(in: range) { entries.append($0) }
        return entries
    }
}
