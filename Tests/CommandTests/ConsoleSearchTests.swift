import AuditLog
import Foundation
import Testing
import ZeroTrust

@testable import lapwing

/// The console's search outlives its index: others remove it, and it may be damaged.
@Suite(.timeLimit(.minutes(2))) struct ConsoleSearchTests {
    /// A log, and the console's search of it.
    private struct Fixture {
        let directory: TemporaryDirectory
        let search: ConsoleSearch
        private let authority: CheckpointAuthority

        var index: String { directory.path + "/audit-search.sqlite" }

        init() throws {
            directory = try TemporaryDirectory()
            authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/c")
            search = ConsoleSearch(
                log: directory.path + "/audit",
                shared: directory.path,
                sharedIndex: directory.path + "/audit-search.sqlite"
            )
        }

        /// Adds acts of some numbers.
        func add(_ numbers: Range<Int>) throws {
            let log = try LogWriter(
                directory: directory.path + "/audit",
                origin: "log.example/c",
                signer: authority
            )
            for number in numbers {
                let act = ActRecord(
                    id: RequestID(milliseconds: 1_795_300_801_000, random: UInt128(number)),
                    time: Timestamp(nanoseconds: 1_795_300_801_000_000_000 + Int64(number)),
                    node: "c",
                    actor: "uid 1",
                    action: "entry.create",
                    subject: "e",
                    outcome: .allow
                )
                _ = try log.append(act.encoded())
            }
            log.close()
        }

        /// How many acts are found, once the index is made, however long that takes.
        func count() async throws -> Int {
            let query = try RecordQuery(terms: ["action=entry.create"], now: .now())
            while true {
                let found = try await search.find(query, SearchPage(limit: 1_000))
                guard found.progress.hasPrefix("The index is being made") else { return found.result.matches.count }
            }
        }
    }

    @Test func `an index that others remove is made again, with what came since`() async throws {
        let fixture = try Fixture()
        try fixture.add(0..<20)
        let first = try await fixture.count()
        #expect(first == 20)
        // As `audit query --reindex` does.
        SearchIndex.remove(fixture.index)
        let second = try await fixture.count()
        #expect(second == 20)
        #expect(FileManager.default.fileExists(atPath: fixture.index))
        // Another puts one in its place that it has brought up to date.
        SearchIndex.remove(fixture.index)
        try fixture.add(20..<30)
        let other = RecordSearch(
            reader: LogReader(directory: fixture.directory.path + "/audit"),
            store: try SearchIndex.open(fixture.index)
        )
        try other.update()
        let third = try await fixture.count()
        #expect(third == 30)
    }

    @Test func `an index of which a page is damaged is made anew, whichever page it is`() async throws {
        let made = try Fixture()
        try made.add(0..<20)
        // The command closes the index when it ends, so that it is one file.
        let query = ["audit", "query", "action=entry.create", "--count", "--state", made.directory.path]
        let result = try Program.run(query)
        #expect(result.status == 0 && result.output == "20\n", "\(result)")
        let whole = try #require(FileManager.default.contents(atPath: made.index))
        let size = 4_096
        #expect(whole.count > 2 * size)
        for page in 1..<(whole.count / size) {
            let fixture = try Fixture()
            try fixture.add(0..<20)
            var bytes = whole
            bytes.replaceSubrange((page * size)..<((page + 1) * size), with: Data(repeating: 0xaa, count: size))
            let isWritten = FileManager.default.createFile(
                atPath: fixture.index,
                contents: bytes,
                attributes: [.posixPermissions: 0o600]
            )
            #expect(isWritten)
            let count = try await fixture.count()
            #expect(count == 20, "page \(page)")
        }
    }

    /// An index that others change each time before anything is added to it.
    private struct ContestedStore: RecordSearchStore {
        func position() throws -> SearchPosition? { nil }
        func reset() throws {}
        func add(_ records: [IndexedRecord], from old: SearchPosition?, to new: SearchPosition) throws -> Bool { false }
        func forget(before entry: UInt64) throws {}
        func find(_ query: RecordQuery, _ page: SearchPage) throws -> [SearchHit] { [] }
        func count(_ query: RecordQuery) throws -> UInt64 { 0 }
    }

    @Test func `an index that others change again and again is given up`() throws {
        let fixture = try Fixture()
        try fixture.add(0..<20)
        let search = RecordSearch(
            reader: LogReader(directory: fixture.directory.path + "/audit"),
            store: ContestedStore()
        )
        #expect(throws: AuditLogError.self) { try search.update() }
    }
}
