import AuditLog
import Foundation
import Logging
import Synchronization
import Testing
import WorkloadIdentity
import ZeroTrust

@testable import lapwing

/// What nobody was let do is on record, and however much of it there is makes few records.
@Suite(.timeLimit(.minutes(1))) struct AdminActLogTests {
    /// Counts lines.
    private struct LineCount: LogHandler {
        final class Lines: Sendable {
            let number = Atomic(0)
        }

        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.number.add(1, ordering: .relaxed) }
    }

    @Test func `a flood of refusals is a number for each address and second, and a few acts of each caller`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/a")
        let log = try LogWriter(directory: directory.path + "/audit", origin: "log.example/a", signer: authority)
        let lines = LineCount.Lines()
        let acts = AdminActLog(log: log, node: "a", logger: Logger(label: "test") { _ in LineCount(lines: lines) })
        let caller = AdminCaller.workload(try SPIFFEID("spiffe://cluster.local/ns/ops/sa/console"))
        let began = Timestamp.now()
        for number in 0..<30_000 {
            acts.record(refusedFor: "no_certificate", from: IPAddress(v4: UInt32(number % 3_000)))
            acts.record(refused: .openConsole, on: "/", by: caller, reason: "this is not the host")
        }
        acts.record(refusedFor: "handshake_failed", from: nil)
        let seconds = Int((Timestamp.now().nanoseconds - began.nanoseconds) / 1_000_000_000) + 2
        // What is still being counted is told when it ends.
        let telling = Task { await acts.tellRefusals() }
        telling.cancel()
        await telling.value
        log.close()

        var refused: [String: UInt64] = [:]
        var records = 0
        var denied: [ActRecord] = []
        _ = try LogReader(directory: directory.path + "/audit").scan(from: 0) { _, entry, _ in
            switch try AuditRecord(entry: Array(entry)) {
            case .refusals(let record):
                records += 1
                refused[record.reason, default: 0] += record.count
                #expect(record.node == "a")
            case .act(let act): denied.append(act)
            default: Issue.record("another record")
            }
            return true
        }
        #expect(refused == ["no_certificate": 30_000, "handshake_failed": 1])
        #expect(records <= 259 * seconds, "\(records) in \(seconds) s")
        #expect(denied.count <= 2 * seconds && denied.first?.reason == "this is not the host", "\(denied.count)")
        #expect((1...seconds).contains(lines.number.load(ordering: .relaxed)))
        #expect(denied.allSatisfy { $0.outcome == .deny && $0.actor == caller.description })
    }
}
