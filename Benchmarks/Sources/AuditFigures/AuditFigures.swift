import AuditLog
import Foundation
import Glibc
import Synchronization
import ZeroTrust

/// What `audit/run` measures the log with.
///
///     auditfigures rate DIRECTORY ENTRIES IN_FLIGHT     how fast entries of 1 KiB are acknowledged, and are covered
///     auditfigures write DIRECTORY ENTRIES IN_FLIGHT    writes a log as a busy gateway would
///     auditfigures verify DIRECTORY                     verifies a log whole
///
/// Each prints a line of JSON.
@main
enum AuditFigures {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.count) {
        case ("rate", 4), ("write", 4):
            guard let entries = Int(arguments[3]), let inFlight = Int(arguments[4]), entries > 0, inFlight > 0 else {
                fallthrough
            }
            if arguments.first == "rate" {
                // Entries differ, and cost next to nothing to make.
                var number: UInt64 = 0
                try write(to: arguments[2], entries: entries, inFlight: inFlight) {
                    number += 1
                    var entry = [UInt8](repeating: 0x78, count: 1_024)
                    for place in 0..<8 { entry[place] = UInt8(truncatingIfNeeded: number >> UInt64(8 * place)) }
                    return entry
                }
            } else {
                var traffic = BenchmarkTraffic()
                try write(to: arguments[2], entries: entries, inFlight: inFlight) { traffic.next() }
            }
        case ("verify", 2): try verify(arguments[2])
        default:
            FileHandle.standardError.write(
                Data("usage: auditfigures rate|write DIRECTORY ENTRIES IN_FLIGHT | verify DIRECTORY\n".utf8)
            )
            exit(2)
        }
    }

    private static let origin = "lapwing.example/benchmark"

    // MARK: Writing

    private static func write(to directory: String, entries: Int, inFlight: Int, _ next: () -> [UInt8]) throws {
        let signer = try CheckpointAuthority(directory: directory + "/authority", origin: origin)
        let log = try LogWriter(directory: directory + "/audit", origin: origin, signer: signer)
        try (signer.verifier.description + "\n").write(
            toFile: directory + "/log.vkey",
            atomically: true,
            encoding: .utf8
        )
        let free = DispatchSemaphore(value: inFlight)
        let latencies = Latencies()
        let coverage = Coverage(of: log)
        var bytes = 0
        let began = Moment.now
        for number in 0..<entries {
            if number % 256 == 0 { coverage.keepUp() }
            let entry = next()
            bytes += entry.count
            free.wait()
            let asked = Moment.now.wall
            log.append(entry) { result in
                if case .success = result { latencies.add(Moment.now.wall - asked) }
                free.signal()
            }
        }
        for _ in 0..<inFlight { free.wait() }
        let ended = Moment.now
        for _ in 0..<inFlight { free.signal() }
        // What was refused is never covered.
        guard latencies.count == entries else {
            throw Failed(description: "\(entries - latencies.count) of \(entries) entries were refused")
        }
        let covered = coverage.end(at: UInt64(entries))
        let cpu = Moment.now.cpu
        log.close()
        let (p50, p99) = latencies.percentiles
        print(
            """
            {"entries":\(entries),"in_flight":\(inFlight),"bytes_per_entry":\(bytes / entries),\
            "per_second":\(Int(Double(entries) / (ended.wall - began.wall))),\
            "ack_p50_ms":\(p50 * 1e3),"ack_p99_ms":\(p99 * 1e3),\
            "covered_p50_s":\(covered.p50),"covered_max_s":\(covered.max),"syncs":\(log.stats.syncs),\
            "cpu_s_per_million":\((cpu - began.cpu) / Double(entries) * 1e6)}
            """
        )
    }

    // MARK: Verifying

    private static func verify(_ directory: String) throws {
        let key = try NoteVerifier(
            String(contentsOfFile: directory + "/log.vkey", encoding: .utf8).trimmingCharacters(in: .newlines)
        )
        let began = Moment.now
        let report = try LogVerifier(directory: directory + "/audit", keys: [key]).verify()
        let ended = Moment.now
        guard report.fault == nil else { throw Failed(description: "\(report)") }
        let perCore = Int(Double(report.verified) / (ended.cpu - began.cpu))
        print("{\"verified\":\(report.verified),\"per_cpu_second\":\(perCore)}")
    }

    private struct Failed: Error, CustomStringConvertible { let description: String }
}

/// Latencies, of which the percentiles are wanted.
private final class Latencies: Sendable {
    // Guards the values, in seconds.
    private let values = Mutex<[Double]>([])

    func add(_ value: Double) { values.withLock { $0.append(value) } }

    var count: Int { values.withLock { $0.count } }

    var percentiles: (p50: Double, p99: Double) {
        let sorted = values.withLock { $0.sorted() }
        return (sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
    }
}

/// How long durable entries wait for a signed checkpoint that covers them.
private final class Coverage: Sendable {
    private struct State {
        var isOver = false
        /// When so many entries were durable.
        var durable: [(time: Double, size: UInt64)] = []
        /// How many of them a checkpoint has covered.
        var covered = 0
        var waits: [Double] = []
        var size: UInt64 = 0
    }

    // Guards what was seen so far.
    private let state = Mutex(State())

    /// Looks every two milliseconds, which is how exact the figures are.
    init(of log: LogWriter) {
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isOver }) {
                let stats = log.stats
                look(durable: stats.acknowledged, covered: stats.checkpointSize)
                usleep(2_000)
            }
        }
    }

    private func look(durable: UInt64, covered: UInt64) {
        let now = Moment.now.wall
        state.withLock { state in
            if durable > state.durable.last?.size ?? 0 { state.durable.append((now, durable)) }
            while state.covered < state.durable.count, state.durable[state.covered].size <= covered {
                state.waits.append(now - state.durable[state.covered].time)
                state.covered += 1
            }
            state.size = covered
        }
    }

    /// Waits where the tree is so far behind the durable entries that the log would refuse more before long, so that the
    /// rate is one that lasts.
    func keepUp() {
        while state.withLock({ ($0.durable.last?.size ?? 0) > $0.size + 100_000 }) { usleep(1_000) }
    }

    /// Waits until so many entries are covered; returns how long those seen waited.
    func end(at size: UInt64) -> (p50: Double, max: Double) {
        while state.withLock({ $0.size < size }) { usleep(2_000) }
        return state.withLock { state in
            state.isOver = true
            let sorted = state.waits.sorted()
            return (sorted.isEmpty ? 0 : sorted[sorted.count / 2], sorted.last ?? 0)
        }
    }
}

/// Two clocks read together.
private struct Moment {
    let cpu: Double
    let wall: Double

    static var now: Moment { Moment(cpu: read(CLOCK_PROCESS_CPUTIME_ID), wall: read(CLOCK_MONOTONIC)) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
