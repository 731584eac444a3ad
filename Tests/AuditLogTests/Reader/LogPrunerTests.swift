import AuditLog
import Foundation
import Glibc
import Testing
import ZeroTrust

@Suite struct `Pruning` {
    /// A log of decisions, one a second.
    private func log(_ count: Int) throws -> LogFixture {
        let fixture = try LogFixture()
        try fixture.fill(
            (0..<count).map { number in
                var record = try Sample.decision(id: Sample.id(UInt64(number) << 32))
                record.time = Timestamp(nanoseconds: Self.time(number).nanoseconds)
                return record.encoded()
            }
        )
        return fixture
    }

    private static func time(_ second: Int) -> Timestamp {
        Timestamp(nanoseconds: 1_795_300_000_000_000_000 + Int64(second) * 1_000_000_000)
    }

    @Test func `what is old goes in whole bundles, and what is left reads, proves and verifies as before`() throws {
        let fixture = try log(1_500)
        let proofs = try [3, 300, 700, 1_499].map { try fixture.reader.proof(of: $0) }
        let pruner = LogPruner(directory: fixture.log)
        #expect(try pruner.plan(olderThan: Self.time(700)) == (0, 512))
        #expect(try pruner.plan(olderThan: Self.time(700), limit: 400) == (0, 256))
        #expect(try pruner.plan(olderThan: Self.time(5)) == (0, 0))
        // The bundle that is not full stays, however old it is.
        #expect(try pruner.plan(olderThan: Self.time(99_999)) == (0, 1_280))
        try pruner.prune(before: 512)
        try pruner.prune(before: 512)
        let reader = fixture.reader
        #expect(try reader.minimumIndex() == 512 && reader.size() == 1_500)
        #expect(try reader.entries(in: 0..<1_500).map(\.index) == Array(512..<1_500))
        #expect(try reader.find(Sample.id(3 << 32)).isEmpty && reader.find(Sample.id(3 << 32), thorough: true).isEmpty)
        #expect(try reader.find(Sample.id(700 << 32)).map(\.index) == [700])
        var scanned: [UInt64] = []
        try reader.scan(from: 0) { index, _, _ in
            scanned.append(index)
            return true
        }
        #expect(scanned == Array(512..<1_500))
        #expect(try reader.entries(at: [3, 513]).keys.sorted() == [513])
        for proof in proofs + [try reader.proof(of: 600)] {
            guard case .verified = proof.verify(keys: fixture.keys) else {
                Issue.record("a proof does not verify any more")
                continue
            }
        }
        let gone = #expect(throws: AuditLogError.self) { try reader.proof(of: 3) }
        #expect(gone?.code == .notFound && gone?.message.contains("pruned") == true)
        let report = try fixture.verify()
        #expect(report.fault == nil && report.verified == 1_500 - 512 && report.pruned == 512)
        // The log goes on, and can be pruned again.
        try fixture.fill(LogFixture.entries(20))
        #expect(try fixture.verify().fault == nil)
        #expect(try pruner.plan(olderThan: Self.time(2_000)) == (512, 1_280))
    }

    @Test func `a clock that was wrong for a while has nothing young pruned`() throws {
        let fixture = try LogFixture()
        let year: Int64 = 365 * 86_400
        try fixture.fill(
            (0..<1_500).map { number in
                var record = try Sample.decision(id: Sample.id(UInt64(number) << 32))
                let time = Self.time(number).nanoseconds
                // It was a year ahead, and later at the beginning of time.
                record.time = Timestamp(
                    nanoseconds: (600..<700).contains(number)
                        ? time + year * 1_000_000_000 : (1_000..<1_100).contains(number) ? 0 : time
                )
                return record.encoded()
            }
        )
        let pruner = LogPruner(directory: fixture.log)
        #expect(try pruner.plan(olderThan: Self.time(0)) == (0, 0))
        #expect(try pruner.plan(olderThan: Self.time(700)) == (0, 512))
        // What says that it is young stays, and so does all that came after it.
        #expect(try pruner.plan(olderThan: Self.time(99_999)) == (0, 512))
        #expect(try fixture.verify().fault == nil)
    }

    @Test func `a legal hold keeps every record of a request whose bodies it keeps`() throws {
        let fixture = try LogFixture()
        let part = BodyRecord.Part(bytes: 1, kept: 1, digest: "ab", reference: "acme/2026-11-26.k.bodies@0+1")
        try fixture.fill(
            (0..<1_500).map { number in
                let id = Sample.id(UInt64(number) << 32)
                let time = Self.time(number)
                // The bodies of 400 are recorded long after its decision, and those of 10 are another tenant's.
                guard number == 1_000 || number == 20 else {
                    var record = try Sample.decision(id: id)
                    record.time = time
                    return record.encoded()
                }
                return BodyRecord(
                    id: Sample.id((number == 20 ? 10 : 400) << 32),
                    time: time,
                    node: "n",
                    tenant: number == 20 ? "other" : "acme",
                    key: "k",
                    request: part,
                    response: nil
                ).encoded()
            }
        )
        let pruner = LogPruner(directory: fixture.log)
        #expect(try pruner.plan(olderThan: Self.time(99_999)) == (0, 1_280))
        #expect(try pruner.plan(olderThan: Self.time(99_999), holding: ["acme"]) == (0, 256))
        #expect(try pruner.plan(olderThan: Self.time(99_999), holding: ["other"]) == (0, 0))
        #expect(try pruner.plan(olderThan: Self.time(99_999), holding: ["nobody"]) == (0, 1_280))
    }

    @Test(arguments: [FaultyFiles.Operation.remove, .syncDirectory])
    func `a pruning that is cut short is finished by the next`(_ operation: FaultyFiles.Operation) throws {
        for again in [true, false] {
            let fixture = try log(1_500)
            let before = try fixture.directory.files().keys.filter { $0.contains("tile/entries/") }.count
            let files = FaultyFiles()
            files.inject(
                .init(
                    operation: operation,
                    path: "tile/entries",
                    skip: operation == .remove ? 1 : 0,
                    effect: .error(EIO)
                )
            )
            #expect(throws: AuditLogError.self) {
                try LogPruner(directory: fixture.log, files: files).prune(before: 1_024)
            }
            let log = try #require(fixture.log.split(separator: "/").last).description
            // Of an earlier version of this program, which left one behind.
            try FileManager.default.createDirectory(
                atPath: fixture.log + "/tile/entries/000.p",
                withIntermediateDirectories: true
            )
            try fixture.directory.write([1], to: "\(log)/tile/entries/000.p/7")
            let pruner = LogPruner(directory: fixture.log)
            if again { try pruner.prune(before: 1_024) } else { #expect(try pruner.finish() > 0) }
            let left = try fixture.directory.files().keys.filter { $0.contains("tile/entries/") }
            #expect(
                left.count == before - 4
                    && !left.contains { $0.contains("entries/00") && $0 < "\(log)/tile/entries/004" }
            )
            #expect(try pruner.finish() == 0 && fixture.verify().fault == nil)
        }
    }

    @Test func `what is missing without having been pruned is a fault, and so is a changed hash below`() throws {
        let fixture = try log(1_000)
        try LogPruner(directory: fixture.log).prune(before: 256)
        let log = try #require(fixture.log.split(separator: "/").last).description
        try FileManager.default.removeItem(atPath: fixture.log + "/tile/entries/001")
        #expect(try fixture.verify().fault?.file == "tile/entries/001")
        let other = try self.log(1_000)
        try LogPruner(directory: other.log).prune(before: 256)
        try other.directory.flip("\(log)/tile/0/000", at: 5)
        #expect(try other.verify().fault?.file == "tile/0/000")
    }

    @Test func `a log that says more was pruned than it ever had is at fault`() throws {
        let fixture = try log(1_000)
        try Data("lapwing-pruned-v1\n1024\n".utf8).write(to: URL(filePath: fixture.log + "/pruned"))
        let report = try fixture.verify()
        #expect(report.fault?.file == "pruned" && report.fault?.message.contains("1024") == true)
    }

    @Test(arguments: [1, 255, 1_024, 2_000] as [UInt64])
    func `a log is pruned to the end of a bundle that it has`(_ index: UInt64) throws {
        let fixture = try log(1_000)
        let error = #expect(throws: AuditLogError.self) { try LogPruner(directory: fixture.log).prune(before: index) }
        #expect(error?.code == .malformed)
        #expect(try fixture.verify().verified == 1_000)
    }

    @Test func `a file that says nothing of where the log begins is refused`() throws {
        let fixture = try log(300)
        for text in ["", "lapwing-pruned-v1\n", "lapwing-pruned-v1\n7\n", "lapwing-pruned-v1\n0256\n", "x\n256\n"] {
            try Data(text.utf8).write(to: URL(filePath: fixture.log + "/pruned"))
            #expect(throws: AuditLogError.self) { try fixture.reader.entries(in: 0..<1) }
        }
    }
}
