import AuditLog
import Foundation
import Glibc
import ZeroTrust

/// What `audit/run` measures the log with.
///
///     auditfigures rate DIRECTORY ENTRIES IN_FLIGHT     how many entries of 1 KiB are acknowledged a second at most
///     auditfigures steady DIRECTORY RATE SECONDS        how long they take where so many come each second
///     auditfigures write DIRECTORY ENTRIES IN_FLIGHT    writes a log as a busy gateway would
///     auditfigures verify DIRECTORY                     verifies a log whole
///
/// Each prints a line of JSON.
@main
enum AuditFigures {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let numbers = arguments.dropFirst(2).compactMap { Int($0) }.filter { $0 > 0 }
        switch (arguments.first, arguments.count, numbers.count) {
        case ("rate", 4, 2):
            try write(to: arguments[2], entries: numbers[0], inFlight: numbers[1]) { numbered($0) }
        case ("write", 4, 2):
            var traffic = BenchmarkTraffic()
            try write(to: arguments[2], entries: numbers[0], inFlight: numbers[1]) { _ in traffic.next() }
        case ("steady", 4, 2): try steady(in: arguments[2], rate: numbers[0], seconds: numbers[1])
        case ("verify", 2, 0): try verify(arguments[2])
        default:
            let usage = """
                usage: auditfigures rate|write DIRECTORY ENTRIES IN_FLIGHT | steady DIRECTORY RATE SECONDS | verify DIRECTORY

                """
            FileHandle.standardError.write(Data(usage.utf8))
            exit(2)
        }
    }

    private static let origin = "lapwing.example/benchmark"

    /// An entry of 1 KiB like no other, which costs next to nothing to make.
    private static func numbered(_ number: Int) -> [UInt8] {
        var entry = [UInt8](repeating: 0x78, count: 1_024)
        for place in 0..<8 { entry[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
        return entry
    }

    /// Begins a log below a directory, and leaves its key there.
    private static func begin(in directory: String) throws -> LogWriter {
        let signer = try CheckpointAuthority(directory: directory + "/authority", origin: origin)
        let log = try LogWriter(directory: directory + "/audit", origin: origin, signer: signer)
        try (signer.verifier.description + "\n").write(
            toFile: directory + "/log.vkey",
            atomically: true,
            encoding: .utf8
        )
        return log
    }

    // MARK: As many as it takes

    /// Writes entries as fast as the log takes them, so many of them waiting at any time.
    private static func write(
        to directory: String,
        entries: Int,
        inFlight: Int,
        _ next: (Int) -> [UInt8]
    ) throws {
        let log = try begin(in: directory)
        let free = DispatchSemaphore(value: inFlight)
        let latencies = Latencies(expecting: entries)
        let coverage = Coverage(of: log)
        var bytes = 0
        let began = Moment.now
        for number in 0..<entries {
            if number % 256 == 0 { coverage.keepUp() }
            let entry = next(number)
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
        let cpu = Moment.now.cpu - began.cpu
        log.close()
        let acknowledged = latencies.figures
        print(
            """
            {"entries":\(entries),"in_flight":\(inFlight),"bytes_per_entry":\(bytes / entries),\
            "per_second":\(Int(Double(entries) / (ended.wall - began.wall))),\
            \(figures(acknowledged, covered)),"syncs":\(log.stats.syncs),\
            "cpu_s_per_million":\(cpu / Double(entries) * 1e6)}
            """
        )
    }

    // MARK: So many each second

    /// Writes entries of 1 KiB at the moments at which they are due, whether or not those before are on the disk.
    ///
    /// What an entry waits for counts from when it was due: where the log, or the machine, holds up the one who brings
    /// entries, those that come late for it have waited as well.
    private static func steady(in directory: String, rate: Int, seconds: Int) throws {
        let log = try begin(in: directory)
        let entries = rate * seconds
        let latencies = Latencies(expecting: entries)
        let coverage = Coverage(of: log)
        let over = DispatchGroup()
        let began = Moment.now
        var latest = 0.0
        var number = 0
        while number < entries {
            let now = Moment.now.wall
            let due = min(entries, Int((now - began.wall) * Double(rate)) + 1)
            while number < due {
                let moment = began.wall + Double(number) / Double(rate)
                latest = max(latest, now - moment)
                over.enter()
                log.append(numbered(number)) { result in
                    if case .success = result { latencies.add(Moment.now.wall - moment) }
                    over.leave()
                }
                number += 1
            }
            usleep(500)
        }
        over.wait()
        guard latencies.count == entries else {
            throw Failed(description: "\(entries - latencies.count) of \(entries) entries were refused")
        }
        let ended = Moment.now.wall
        let covered = coverage.end(at: UInt64(entries))
        let cpu = Moment.now.cpu - began.cpu
        log.close()
        print(
            """
            {"entries":\(entries),"offered_per_second":\(rate),\
            "per_second":\(Int(Double(entries) / (ended - began.wall))),\
            \(figures(latencies.figures, covered)),"latest_start_ms":\(latest * 1e3),"syncs":\(log.stats.syncs),\
            "cpu_s_per_million":\(cpu / Double(entries) * 1e6)}
            """
        )
    }

    private static func figures(_ acknowledged: Figures, _ covered: Figures) -> String {
        """
        "ack_p50_ms":\(acknowledged.p50 * 1e3),"ack_p99_ms":\(acknowledged.p99 * 1e3),\
        "ack_max_ms":\(acknowledged.max * 1e3),\
        "covered_p50_s":\(covered.p50),"covered_p99_s":\(covered.p99),"covered_max_s":\(covered.max)
        """
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
