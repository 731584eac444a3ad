import AuditLog
import Foundation
import Glibc
import Logging
import RPC
import Synchronization
import Testing
import ZeroTrust

@testable import lapwing

@Suite(.timeLimit(.minutes(2))) struct ActSpoolTests {
    private let directory: TemporaryDirectory
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private var path: String { directory.path + "/acts.spool" }
    private var socket: String { directory.path + "/record.sock" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func spool() throws -> ActSpool {
        try ActSpool(path: path, remote: RemoteActLog(socket: socket), logger: logger)
    }

    private func spool(limit: Int, files: any FileSystem = SystemFiles()) throws -> ActSpool {
        try ActSpool(path: path, remote: RemoteActLog(socket: socket), logger: logger, limit: limit, files: files)
    }

    /// What the file holds.
    private func lines() throws -> [AuditRecord] {
        try (FileManager.default.contents(atPath: path) ?? Data()).split(separator: 0x0a).map {
            try AuditRecord(entry: Array($0))
        }
    }

    private func denied(_ number: Int, second: Int, actor: String = "uid 4711") -> ActRecord {
        var act = act(number)
        act.time = Timestamp(nanoseconds: act.time.nanoseconds + Int64(second) * 1_000_000_000)
        (act.actor, act.outcome, act.reason) = (actor, .deny, "no")
        return act
    }

    private func issued(_ number: Int) -> ActRecord {
        var act = act(number)
        act.action = "identity.x509.issue"
        return act
    }

    private func act(_ number: Int) -> ActRecord {
        ActRecord(
            id: RequestID(milliseconds: 1_795_300_801_000, random: UInt128(number)),
            time: Timestamp(nanoseconds: 1_795_300_801_000_000_000),
            node: "n",
            actor: "uid 0",
            action: "entry.create",
            subject: "entry \(number)",
            outcome: .allow
        )
    }

    @Test func `acts that came before the gateway are in its log once it is there, in order`() async throws {
        let first = try spool()
        for number in 0..<5 { try await first.record(act(number)) }
        // The process ends, its last line half written.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"action\":\"ent".utf8))
        try handle.close()
        let second = try spool()
        for number in 5..<8 { try await second.record(act(number)) }
        let runner = Task { await second.run() }
        defer { runner.cancel() }
        // The gateway comes.
        let authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/n")
        let log = try LogWriter(directory: directory.path + "/audit", origin: "log.example/n", signer: authority)
        let server = RPCServer(services: [ActRecordService(log: log, allowedUIDs: [geteuid()]).service], logger: logger)
        try await server.bind(unixSocket: socket)
        let reader = LogReader(directory: directory.path + "/audit")
        let end = ContinuousClock.now + .seconds(30)
        while try reader.size() < 8, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(50)) }
        try await second.record(act(8))
        while try reader.size() < 9, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
        let records = try reader.entries(in: 0..<100).map { try $0.record() }
        #expect(records == (0..<9).map { .act(act($0)) })
        // What the log has is not kept any longer.
        let isEmpty = { FileManager.default.contents(atPath: path)?.isEmpty == true }
        while !isEmpty(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
        #expect(isEmpty())
        await server.drain(grace: .seconds(1))
        log.close()
    }

    @Test func `acts that the log will never take are told of once, and kept`() async throws {
        do {
            let spool = try spool()
            try await spool.record(act(0))
        }
        let later = Data(#"{"kind":"act","v":2}"#.utf8) + [0x0a]
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: later)
        try handle.close()
        let messages = LoggedMessages()
        let spool = try ActSpool(
            path: path,
            remote: RemoteActLog(socket: socket),
            logger: Logger(label: "test") { _ in messages }
        )
        let runner = Task { await spool.run() }
        defer { runner.cancel() }
        let authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/n")
        let log = try LogWriter(directory: directory.path + "/audit", origin: "log.example/n", signer: authority)
        let server = RPCServer(services: [ActRecordService(log: log, allowedUIDs: [geteuid()]).service], logger: logger)
        try await server.bind(unixSocket: socket)
        let end = ContinuousClock.now + .seconds(30)
        while messages.count(of: .debug) < 2 || messages.count(of: .error) < 1, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        let refused = messages.count(of: .debug)
        while messages.count(of: .debug) < refused + 2, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(messages.count(of: .error) == 1)
        #expect(FileManager.default.contents(atPath: path)?.suffix(later.count) == later)
        await server.drain(grace: .seconds(1))
        log.close()
    }

    @Test func `a spool that is no file is refused at the start`() throws {
        #expect(throws: CommandError.self) {
            _ = try ActSpool(path: directory.path, remote: RemoteActLog(socket: socket), logger: logger)
        }
    }

    @Test(arguments: [9_000, 200_000, 3 << 20])
    func `what a crash left behind the last line is dropped, however long it is`(_ length: Int) async throws {
        do {
            let spool = try spool()
            for number in 0..<5 { try await spool.record(act(number)) }
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(count: length))
        try handle.close()
        let again = try spool()
        try await again.record(act(5))
        #expect(try lines() == (0..<6).map { .act(act($0)) })
    }

    @Test func `a file that holds no line is refused and left as it is`() throws {
        let bytes = Data(count: 3 << 20)
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: CommandError.self) { try spool() }
        #expect(error?.message.contains("`\(path)` holds no acts") == true)
        #expect(FileManager.default.contents(atPath: path) == bytes)
    }

    @Test func `until a new file's name is on the disk no act is taken, and then none is missing`() async throws {
        let files = FailingFiles()
        let limit = 50_000
        let spool = try spool(limit: limit, files: files)
        for number in 0..<20 { try await spool.record(issued(number)) }
        let bytes = try #require(FileManager.default.contents(atPath: path))
        files.fail("sync directory")
        // Most of it is in the log: the file is put in the place of a shorter one.
        spool.forget(bytes.split(separator: 0x0a)[..<15].reduce(0) { $0 + $1.count + 1 })
        #expect(try lines().count == 5)
        await #expect(throws: CommandError.self) { try await spool.record(issued(20)) }
        #expect(try lines().count == 5)
        files.fail(nil)
        try await spool.record(issued(21))
        #expect(try lines() == [15, 16, 17, 18, 19, 21].map { .act(issued($0)) })
    }

    @Test func `what could not be written leaves nothing behind, and its counts are told later`() async throws {
        let files = FailingFiles()
        let spool = try spool(limit: ActSpool.limit, files: files)
        for number in 0..<5 { try await spool.record(denied(number, second: 0)) }
        for operation in ["sync", "write"] {
            files.fail(operation)
            await #expect(throws: CommandError.self) { try await spool.record(denied(5, second: 1)) }
            #expect(try lines().count == 1)
        }
        files.fail(nil)
        try await spool.record(denied(6, second: 1))
        let all = try lines()
        guard all.count == 3, case .act(let told) = all[1] else {
            Issue.record("no number of those refused: \(all)")
            return
        }
        #expect(told.reason?.hasPrefix("4 more refused in this second") == true)
        #expect(all[2] == .act(denied(6, second: 1)))
    }

    @Test func `what could not be cut off is cut off before the next`() async throws {
        let files = FailingFiles()
        let spool = try spool(limit: ActSpool.limit, files: files)
        try await spool.record(issued(0))
        files.fail("sync", "truncate")
        var long = issued(1)
        long.reason = String(repeating: "x", count: 500)
        await #expect(throws: CommandError.self) { try await spool.record(long) }
        files.fail("truncate")
        await #expect(throws: CommandError.self) { try await spool.record(issued(2)) }
        files.fail(nil)
        try await spool.record(issued(3))
        #expect(try lines() == [.act(issued(0)), .act(issued(3))])
    }

    @Test func `what a caller is refused is told twice a second at most, with its number`() async throws {
        let spool = try spool()
        for number in 0..<5_000 { try await spool.record(denied(number, second: 0)) }
        try await spool.record(denied(0, second: 0, actor: "uid 8"))
        #expect(try lines() == [.act(denied(0, second: 0)), .act(denied(0, second: 0, actor: "uid 8"))])
        try await spool.record(denied(1, second: 1, actor: "uid 8"))
        let all = try lines()
        #expect(all.count == 4 && all.last == .act(denied(1, second: 1, actor: "uid 8")))
        guard case .act(let told) = all[2] else {
            Issue.record("no act")
            return
        }
        #expect(told.actor == "uid 4711" && told.outcome == .deny && told.subject == "entry 4999")
        #expect(told.reason?.hasPrefix("4999 more refused in this second") == true)
    }

    @Test func `callers beyond those that are told apart are counted together`() {
        var acts = DeniedActs()
        var told = 0
        for number in 0..<1_000 { told += acts.add(denied(number, second: 0, actor: "uid \(number)")).count }
        let rest = acts.drain()
        #expect(told == DeniedActs.maximumActors && rest.map(\.actor) == ["others"])
        #expect(rest[0].reason?.hasPrefix("\(1_000 - DeniedActs.maximumActors) more") == true && acts.drain().isEmpty)
    }

    @Test func `refusals leave room for administrators, and both for identities`() async throws {
        let limit = 100_000
        let spool = try spool(limit: limit)
        var size: Int { FileManager.default.contents(atPath: path)?.count ?? 0 }
        await #expect(throws: CommandError.self) {
            for number in 0..<10_000 { try await spool.record(denied(number, second: number)) }
        }
        #expect((limit / 4 - 1_000...limit / 4).contains(size))
        await #expect(throws: CommandError.self) {
            for number in 0..<10_000 { try await spool.record(act(number)) }
        }
        #expect((limit / 4 * 3 - 1_000...limit / 4 * 3).contains(size))
        for number in 0..<50 { try await spool.record(issued(number)) }
        #expect(size > limit / 4 * 3)
    }

    @Test func `only what waits takes room, and what the log has is cut off the file`() async throws {
        let limit = 50_000
        let first = try spool(limit: limit)
        var count = 0
        await #expect(throws: CommandError.self) {
            while true {
                try await first.record(issued(count))
                count += 1
            }
        }
        let bytes = try #require(FileManager.default.contents(atPath: path))
        // The log has a third of them, and then two.
        func length(_ count: Int) -> Int { bytes.split(separator: 0x0a)[..<count].reduce(0) { $0 + $1.count + 1 } }
        first.forget(length(count / 3))
        try await first.record(issued(count))
        first.forget(length(count / 3 * 2) - length(count / 3))
        try await first.record(issued(count + 1))
        let left = try lines()
        #expect(left == ((count / 3 * 2)..<(count + 2)).map { .act(issued($0)) } && left.count > 10)
        let second = try spool(limit: limit)
        try await second.record(issued(count + 2))
        #expect(try lines() == left + [.act(issued(count + 2))])
    }
}
