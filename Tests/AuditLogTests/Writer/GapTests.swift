import AuditLog
import Foundation
import Glibc
import Testing
import ZeroTrust

/// A log whose owner chose that requests go on where the disk is full: what is missing is counted, and the log says so.
@Suite struct GapTests {
    private let fixture: LogFixture
    private let files = FaultyFiles()

    init() throws {
        fixture = try LogFixture()
    }

    private func writer() throws -> LogWriter {
        try fixture.writer(files: files) { $0.fullDisk = .recordGap { GapText.entry($0) } }
    }

    private func fill() { files.inject(.init(operation: .allocate, path: "spare", effect: .error(ENOSPC))) }

    /// An entry that what is left of a segment has no room for, once one of ``writeUntilFull(_:)`` had none.
    private let large = [UInt8](repeating: 9, count: 65_000)

    private func holds(_ condition: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if condition() { return true }
            usleep(1_000)
        }
        return condition()
    }

    /// Adds entries until some were let go of; returns all of them, in order.
    ///
    /// They come one by one and are of one length, so that the gap is one: none has room once one had none.
    private func writeUntilFull(_ log: LogWriter) throws -> [[UInt8]] {
        var all: [[UInt8]] = []
        while log.stats.lost < 50 {
            let entry = LogFixture.entries(1, from: 1_000 + all.count, length: 60_000)[0]
            let last = try log.append(entry)
            all.append(entry)
            // Whoever only looks whether an entry is settled goes on.
            #expect(holds { log.durable > last })
            guard all.count < 2_000, !log.hasFailed else { break }
        }
        #expect(log.stats.lost >= 50 && log.stats.isInGap && log.stats.failure == nil)
        return all
    }

    /// What of all entries is not in the log, and the gaps that it tells of; what is there has to stand in order.
    private func missing(of all: [[UInt8]]) throws -> (entries: [[UInt8]], gaps: [String]) {
        var rest = all[...]
        var missing: [[UInt8]] = []
        var gaps: [String] = []
        for entry in try fixture.reader.entries(in: 0..<UInt64.max).map(\.bytes) {
            if entry.starts(with: GapText.prefix) {
                gaps.append(String(decoding: entry, as: UTF8.self))
                continue
            }
            let place = try #require(rest.firstIndex(of: entry), "an entry that nobody added, or out of order")
            missing += rest[..<place]
            rest = rest[(place + 1)...]
        }
        return (missing + rest, gaps)
    }

    @Test func `what there is no room for is counted, and recorded once there is`() throws {
        let log = try writer()
        fill()
        var all = try writeUntilFull(log)
        // Who waits to be told is refused: an act that is not on record is not done.
        #expect(log.appendAndWait([large]).first?.code == .diskFull)
        let lost = log.stats.lost
        files.clear()
        #expect(holds { !log.stats.isInGap }, "nobody asks, and the gap is recorded all the same")
        let more = LogFixture.entries(30, from: 10_000)
        #expect(log.appendAndWait(more).allSatisfy { $0.index != nil })
        all += more
        log.close()
        #expect(log.stats.failure == nil && log.stats.lost == lost)
        let (missing, gaps) = try missing(of: all)
        #expect(gaps == [GapText.text(missing)])
        #expect(UInt64(missing.count) == lost)
        #expect(try fixture.verify().fault == nil)
        // What is on record is not told of again.
        try fixture.fill([[1]])
        try writer().close()
        #expect(try self.missing(of: all + [[1]]).gaps.count == 1)
    }

    @Test func `a gap that a process left is recorded by the next`() throws {
        let log = try writer()
        fill()
        var all = try writeUntilFull(log)
        let before = try missing(of: all).entries
        log.close()
        #expect(log.stats.isInGap)
        files.clear()
        let next = try writer()
        #expect(next.appendAndWait([[5]]).first?.index != nil)
        next.close()
        all.append([5])
        let after = try missing(of: all)
        #expect(after.gaps == [GapText.text(before)] && after.entries == before)
        #expect(try fixture.verify().fault == nil)
    }

    @Test func `a count that was not written whole gives way to the one before it`() throws {
        let log = try writer()
        fill()
        let all = try writeUntilFull(log)
        let known = log.stats.lost
        _ = try log.append(large)
        #expect(holds { log.stats.lost == known + 1 })
        log.close()
        let path = fixture.log + "/.state/gap"
        var bytes = try #require(FileManager.default.contents(atPath: path))
        let newest = try #require(bytes.range(of: Data("\n\(known + 1)\n".utf8)))
        bytes[newest.lowerBound + 1] = UInt8(ascii: "x")
        try bytes.write(to: URL(filePath: path))
        files.clear()
        try writer().close()
        let gaps = try missing(of: all).gaps
        #expect(gaps.count == 1 && gaps[0].hasPrefix("gap \(known) "), "\(gaps)")
    }

    @Test func `a count that cannot be brought to the disk ends the writer, and nothing of it is settled`() throws {
        let log = try writer()
        fill()
        files.inject(.init(operation: .write, path: ".state/gap", effect: .error(EIO)))
        var (last, count) = (UInt64(0), 0)
        while !log.hasFailed, count < 2_000 {
            for entry in LogFixture.entries(20, from: count, length: 4_000) {
                guard let number = try? log.append(entry) else { break }
                last = number
            }
            count += 20
            #expect(holds { log.durable > last || log.hasFailed })
        }
        #expect(log.hasFailed && log.durable <= last && log.stats.lost == 0)
        #expect(throws: AuditLogError.self) { try log.append([1]) }
        #expect(log.appendAndWait([[1]]).first?.code == .io)
        log.close()
    }

    @Test func `a gap is recorded, too, where the choice was taken back since, or the log is not opened`() throws {
        let log = try writer()
        fill()
        let all = try writeUntilFull(log)
        log.close()
        files.clear()
        let before = try missing(of: all).entries
        #expect {
            _ = try fixture.writer()
        } throws: {
            ($0 as? AuditLogError)?.code == .diskFull
        }
        for _ in 0..<2 {
            try fixture.writer { $0.leftGap = { GapText.entry($0) } }.close()
        }
        try fixture.writer().close()
        #expect(try missing(of: all).gaps == [GapText.text(before)])
    }

    @Test func `a count of which nothing can be read is an error, and not none`() throws {
        let path = URL(filePath: fixture.log + "/.state/gap")
        let log = try writer()
        fill()
        _ = try writeUntilFull(log)
        log.close()
        files.clear()
        let whole = try Data(contentsOf: path)
        let damaged: [Data] = [Data(repeating: 7, count: 1_024), Data(whole.prefix(600)), whole + Data(count: 1)]
        for bytes in damaged {
            try bytes.write(to: path)
            #expect {
                _ = try writer()
            } throws: {
                ($0 as? AuditLogError)?.code == .corrupt
            }
        }
        // What a crash leaves of a file that is being made.
        try Data(count: 100).write(to: path)
        try writer().close()
        #expect(try Data(contentsOf: path).count == 1_024)
    }

    @Test func `a disk that had no room for what somebody waited for leaves no gap`() throws {
        let log = try writer()
        fill()
        var all: [[UInt8]] = []
        for round in 0..<100 where !log.stats.isInGap {
            let entries = LogFixture.entries(20, from: 20 * round, length: 4_000)
            all += zip(entries, log.appendAndWait(entries)).filter { $0.1.index != nil }.map(\.0)
        }
        #expect(log.stats.isInGap && log.stats.lost == 0)
        files.clear()
        #expect(holds { !log.stats.isInGap })
        log.close()
        let (missing, gaps) = try missing(of: all)
        #expect(missing.isEmpty && gaps.isEmpty)
    }

    @Test(arguments: ["tile/0", "tile/entries", ".state/tree", "checkpoint"])
    func `a tree without room waits, and loses nothing`(_ path: String) throws {
        let log = try writer()
        let first = LogFixture.entries(300)
        #expect(log.appendAndWait(first).allSatisfy { $0.index != nil })
        files.inject(.init(operation: .write, path: path, effect: .torn(37, ENOSPC)))
        let second = LogFixture.entries(900, from: 300)
        #expect(log.appendAndWait(second).allSatisfy { $0.index != nil })
        usleep(20_000)
        #expect(log.stats.checkpointSize < 1_200 && log.stats.failure == nil)
        files.clear()
        #expect(holds { log.stats.checkpointSize == 1_200 })
        log.close()
        #expect(try fixture.verify().verified == 1_200)
        #expect(try missing(of: first + second).entries.isEmpty)
    }

    @Test func `a tree without room at the end is completed by the next writer`() throws {
        let log = try writer()
        files.inject(.init(operation: .write, path: "tile/", effect: .error(ENOSPC)))
        #expect(log.appendAndWait(LogFixture.entries(300)).allSatisfy { $0.index != nil })
        log.close()
        #expect(log.stats.failure == nil)
        try fixture.fill([])
        #expect(try fixture.verify().verified == 300)
    }

    @Test func `a synchronisation that finds the disk full is a failure all the same`() throws {
        let log = try writer()
        files.inject(.init(operation: .sync, path: ".wal", effect: .error(ENOSPC)))
        #expect(log.appendAndWait([[1]]).first?.code == .diskFull)
        #expect(log.stats.failure != nil)
        log.close()
    }
}

/// How a test's log tells of a gap.
enum GapText {
    static let prefix = Array("gap ".utf8)

    @Sendable static func entry(_ gap: LogGap) -> [UInt8] {
        Array("gap \(gap.count) \(gap.root)".utf8)
    }

    /// What a gap of these entries is told as.
    static func text(_ entries: [[UInt8]]) -> String {
        func root(_ hashes: ArraySlice<MerkleHash>) -> MerkleHash {
            guard hashes.count > 1 else { return hashes.first ?? .emptyRoot }
            var half = 1
            while 2 * half < hashes.count { half *= 2 }
            let middle = hashes.startIndex + half
            return .node(root(hashes[..<middle]), root(hashes[middle...]))
        }
        return "gap \(entries.count) \(root(entries.map { MerkleHash.leaf($0) }[...]))"
    }
}
