import AuditLog
import Foundation
import Glibc
import Synchronization
import ZeroTrust

/// What `audit/run` measures the log with: writes one as a busy gateway would, and verifies it whole.
///
///     auditfigures write DIRECTORY ENTRIES IN_FLIGHT    prints a line of JSON
///     auditfigures verify DIRECTORY                     prints a line of JSON
@main
enum AuditFigures {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch (arguments.first, arguments.count) {
        case ("write", 4):
            guard let entries = Int(arguments[3]), let inFlight = Int(arguments[4]), entries > 0, inFlight > 0 else {
                fallthrough
            }
            try write(to: arguments[2], entries: entries, inFlight: inFlight)
        case ("verify", 2): try verify(arguments[2])
        default:
            FileHandle.standardError.write(
                Data("usage: auditfigures write DIRECTORY ENTRIES IN_FLIGHT | verify DIRECTORY\n".utf8)
            )
            exit(2)
        }
    }

    private static let origin = "lapwing.example/benchmark"

    // MARK: Writing

    private static func write(to directory: String, entries: Int, inFlight: Int) throws {
        let signer = try CheckpointAuthority(directory: directory + "/authority", origin: origin)
        let log = try LogWriter(directory: directory + "/audit", origin: origin, signer: signer)
        try (signer.verifier.description + "\n").write(
            toFile: directory + "/log.vkey",
            atomically: true,
            encoding: .utf8
        )
        // Making the records is not what is measured.
        var traffic = BenchmarkTraffic()
        let sample = (0..<20_000).map { _ in traffic.next() }
        let free = DispatchSemaphore(value: inFlight)
        let latencies = Latencies()
        var bytes = 0
        let began = Moment.now
        for number in 0..<entries {
            free.wait()
            // Ids and times are those of now: each entry is another.
            let entry = number < sample.count ? sample[number] : traffic.next()
            bytes += entry.count
            let asked = Moment.now.wall
            log.append(entry) { result in
                if case .success = result { latencies.add(Moment.now.wall - asked) }
                free.signal()
            }
        }
        for _ in 0..<inFlight { free.wait() }
        let ended = Moment.now
        for _ in 0..<inFlight { free.signal() }
        while log.stats.checkpointSize < UInt64(entries) { usleep(5_000) }
        let covered = Moment.now
        guard latencies.count == entries else { throw Failed(description: "entries were refused") }
        log.close()
        let (p50, p99) = latencies.percentiles
        print(
            """
            {"entries":\(entries),"in_flight":\(inFlight),"bytes_per_entry":\(bytes / entries),\
            "per_second":\(Int(Double(entries) / (ended.wall - began.wall))),\
            "ack_p50_ms":\(p50 * 1e3),"ack_p99_ms":\(p99 * 1e3),\
            "covered_after_s":\(covered.wall - ended.wall),\
            "cpu_s_per_million":\((covered.cpu - began.cpu) / Double(entries) * 1e6)}
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
