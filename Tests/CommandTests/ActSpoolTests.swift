import AuditLog
import Foundation
import Glibc
import Logging
import RPC
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

    @Test func `a spool that is no file is refused at the start`() throws {
        #expect(throws: CommandError.self) {
            _ = try ActSpool(path: directory.path, remote: RemoteActLog(socket: socket), logger: logger)
        }
    }
}
