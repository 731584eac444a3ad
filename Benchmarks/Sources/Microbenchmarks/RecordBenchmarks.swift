import AuditLog
import Dispatch
import Foundation
import Glibc
import Synchronization
import ZeroTrust

/// The record: encoding a decision, and bringing it to disk with so many requests in flight.
///
/// The log lies under `TMPDIR`, or `/var/tmp`. The CPU time counts the writer's threads, the tree and the signing, for
/// which every round waits: the remark, not the clock, says how many entries become durable in a second.
enum RecordBenchmarks {
    static func all() throws -> [Benchmark] {
        let record = try record()
        let entry = record.encoded()
        return [
            Benchmark("record/encode a decision, \(entry.count) bytes") { count in
                for _ in 0..<count { blackHole(record.encoded()) }
            },
            durable(entry, inFlight: 16),
            durable(entry, inFlight: 256),
            durable(entry, inFlight: 4096),
        ]
    }

    private static func durable(_ entry: [UInt8], inFlight: Int) -> Benchmark {
        let log = TemporaryLog()
        return Benchmark("record/durable, \(inFlight) in flight", remark: log.remark, finish: log.remove) { count in
            let writer = try log.open()
            let free = DispatchSemaphore(value: inFlight)
            let began = Moment.now
            for _ in 0..<count {
                free.wait()
                writer.append(entry) { result in
                    if case .failure = result { log.failures.add(1, ordering: .relaxed) }
                    free.signal()
                }
            }
            for _ in 0..<inFlight { free.wait() }
            log.note(entries: count, seconds: Moment.now.wall - began.wall)
            // A semaphore that is let go below its first value is a crash.
            for _ in 0..<inFlight { free.signal() }
            // The tree takes entries in once a second: without this most rounds would not see its cost.
            while writer.stats.integrated < writer.stats.acknowledged { usleep(2000) }
            guard log.failures.load(ordering: .relaxed) == 0 else { throw WrongResult("append") }
        }
    }

    private static func record() throws -> DecisionRecord {
        let loopback = IPAddress(v4: 0x7f00_0001)
        return DecisionRecord(
            id: RequestID(milliseconds: 1_763_800_000_000, random: 0x0123_4567_89ab_cdef),
            time: Timestamp(nanoseconds: 1_763_800_000_000_000_000),
            node: "node-1",
            caller: DecisionRecord.Caller(
                spiffeID: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway"),
                serialNumber: "5f3c8e0d1b2a49768c",
                fingerprint: String(repeating: "0123456789abcdef", count: 4)
            ),
            source: Exchange.Endpoint(address: loopback, port: 40_000),
            tls: DecisionRecord.TLS(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256"),
            request: DecisionRecord.Request(
                method: "POST",
                path: "/v1/predict",
                authority: "inference.example",
                destination: Exchange.Endpoint(address: loopback, port: 8443)
            ),
            outcome: .allow,
            reason: "rule",
            policy: DecisionRecord.Policy(
                namespace: "ml-inference",
                name: "api-gateway-may-predict",
                rule: 0,
                file: "policies.yaml",
                line: 12
            ),
            snapshot: String(repeating: "fedcba9876543210", count: 4),
            compatibility: "strict",
            latency: 900,
            route: "predict"
        )
    }
}

/// A log and its signing key in a directory of their own, from the first round to the last.
private final class TemporaryLog: Sendable {
    /// How many entries did not become durable.
    let failures = Atomic<Int>(0)

    private let directory: URL
    // The writer once there is one.
    private let writer = Mutex<LogWriter?>(nil)
    // The best rate of a round, in entries a second.
    private let bestRate = Mutex<Double>(0)

    init() {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        directory = URL(fileURLWithPath: parent).appendingPathComponent("lapwing-bench-\(UUID().uuidString)")
    }

    func open() throws -> LogWriter {
        try writer.withLock { writer in
            if let writer { return writer }
            let origin = "lapwing.example/benchmark"
            let signer = try CheckpointAuthority(
                directory: directory.appendingPathComponent("key").path,
                origin: origin
            )
            let log = directory.appendingPathComponent("log").path
            let opened = try LogWriter(directory: log, origin: origin, signer: signer)
            writer = opened
            return opened
        }
    }

    func note(entries: Int, seconds: Double) {
        bestRate.withLock { $0 = max($0, Double(entries) / seconds) }
    }

    func remark() -> String {
        guard let stats = writer.withLock({ $0?.stats }), stats.syncs > 0 else { return "no syncs" }
        let rate = Int(bestRate.withLock { $0 })
        return "\(stats.acknowledged / stats.syncs) entries a sync, at most \(rate) a second"
    }

    func remove() {
        writer.withLock { $0?.close() }
        try? FileManager.default.removeItem(at: directory)
    }
}
