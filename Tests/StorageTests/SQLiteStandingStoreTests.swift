import Foundation
import GRDB
import Storage
import Testing
import WorkloadIdentity
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct SQLiteStandingStoreTests {
    private let directory: TemporaryDirectory
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws { directory = try TemporaryDirectory() }

    private struct Unread: Error {}

    private func open() throws -> (database: SQLiteDatabase, store: SQLiteStandingStore) {
        let database = try SQLiteDatabase(path: directory.path + "/standing.sqlite", schema: .standing)
        return (database, SQLiteStandingStore(database))
    }

    private func svid(
        _ number: String,
        life: TimeInterval = 60,
        startTime: UInt64 = 7,
        groups: [UInt32] = [],
        isWithdrawn: Bool = false
    ) throws -> StandingSVID {
        StandingSVID(
            number: number,
            notAfter: now + life,
            entry: "job",
            id: try SPIFFEID("spiffe://cluster.local/job"),
            holder: .init(pid: 42, startTime: startTime, uid: .max, gid: 1, groups: groups, place: "boot pid:[1]"),
            isWithdrawn: isWithdrawn
        )
    }

    @Test func `what is kept comes back as it was, after the file was opened again too`() async throws {
        let first = try open()
        let kept = [try svid("a1", startTime: .max, groups: [4, 4_294_967_295]), try svid("b2"), try svid("c3")]
        try await first.store.keep(kept, at: now)
        try await first.store.keep([kept[1]], at: now)
        try await first.store.withdraw(["b2", "no such"])
        try first.database.close()
        let second = try open()
        #expect(try await second.store.standing() == [kept[0], try svid("b2", isWithdrawn: true), kept[2]])
        try second.database.close()
    }

    @Test func `what has expired makes room, and what was withdrawn stays until it is forgotten`() async throws {
        let (database, store) = try open()
        try await store.keep([try svid("a"), try svid("b"), try svid("c", life: 600)], at: now)
        try await store.withdraw(["b"])
        try await store.keep([try svid("d", life: 600)], at: now + 61)
        #expect(try await store.standing().map(\.number) == ["b", "c", "d"])
        try await store.forget(expiredBefore: now + 61)
        #expect(try await store.standing().map(\.number) == ["c", "d"])
        try database.close()
    }

    @Test func `what is to be typed is right wherever the file lies`() throws {
        let folder = directory.path + "/it's a state"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/standing.sqlite-wal"))
        let words = SQLiteStandingStore.damaged(folder + "/standing.sqlite", Unread()).message
        let command = try #require(words.split(separator: "`").map(String.init).first { $0.hasPrefix("mkdir") })
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", command]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == [
                "damaged", "damaged/standing.sqlite-wal",
            ]
        )
    }

    @Test func `a row that cannot be read is an error, and a damaged file is refused`() async throws {
        let (database, store) = try open()
        try await store.keep([try svid("a")], at: now)
        try database.close()
        let queue = try DatabaseQueue(path: directory.path + "/standing.sqlite")
        try await queue.write { try $0.execute(sql: "UPDATE standing SET groups = '4,x'") }
        try queue.close()
        let damaged = try open()
        let unread = await #expect(throws: IdentityError.self) { try await damaged.store.standing() }
        #expect(unread?.message == SQLiteStandingStore.damaged(directory.path + "/standing.sqlite", Unread()).message)
        try damaged.database.close()
        try Data("no database".utf8).write(to: URL(fileURLWithPath: directory.path + "/standing.sqlite"))
        for end in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: directory.path + "/standing.sqlite" + end)
        }
        let refused = #expect(throws: IdentityError.self) { try open() }
        #expect(refused?.code == .badFile)
        // Exactly what the message says to type makes room for a new one.
        let words = try #require(refused?.message)
        #expect(words.contains(directory.path + "/standing.sqlite") && words.contains("not withdrawn"))
        let command = try #require(words.split(separator: "`").map(String.init).first { $0.hasPrefix("mkdir") })
        // SQLite may have left a log beside it.
        try Data("x".utf8).write(to: URL(fileURLWithPath: directory.path + "/standing.sqlite-wal"))
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", command]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        let fresh = try open()
        #expect(try await fresh.store.standing().isEmpty)
        try fresh.database.close()
    }
}
