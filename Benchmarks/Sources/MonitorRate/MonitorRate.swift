import Foundation
import Monitoring
import ZeroTrust

/// How many observations a second go through all detectors on one core, and how much memory many identities take.
///
///     monitorrate [--identities N] [--models N] [--observations N]
@main struct MonitorRate {
    static func main() throws {
        let identities = argument("--identities") ?? 100_000
        let models = argument("--models") ?? 1_000
        let count = argument("--observations") ?? 3_000_000
        let before = residentBytes()
        let monitor = fill(identities, models)
        print(
            "\(identities) identities, \(models) models: \((residentBytes() - before) >> 20) MiB more, \(residentBytes() >> 20) MiB in all"
        )
        try measure(monitor, identities, models, count)
    }

    /// A monitor to which every identity and every model is known.
    private static func fill(_ identities: Int, _ models: Int) -> Monitor {
        var monitor = Monitor()
        var record: UInt64 = 0
        for round in 0..<3 {
            for identity in 0..<identities {
                monitor.observe(
                    observation(record, identity, (identity + round * 7) % models, Int64(round) * 50_000_000_000_000)
                )
                record += 1
            }
        }
        return monitor
    }

    private static func measure(_ filled: Monitor, _ identities: Int, _ models: Int, _ count: Int) throws {
        var monitor = filled
        var number: UInt64 = 88_172_645_463_325_252
        // Made before the clock starts: reading a log is not what is measured.
        let batch = (0..<200_000).map { index in
            number ^= number << 13
            number ^= number >> 7
            number ^= number << 17
            let identity = Int(number % UInt64(identities))
            return observation(
                UInt64(10_000_000 + index),
                identity,
                (identity + Int(number >> 40) % 3 * 7) % models,
                150_000_000_000_000
            )
        }
        let start = cpuSeconds()
        var seen = 0
        while seen < count {
            for var observation in batch {
                observation.record += UInt64(seen)
                observation.time = Timestamp(nanoseconds: observation.time.nanoseconds + Int64(seen) * 10_000)
                monitor.observe(observation)
            }
            seen += batch.count
        }
        let spent = cpuSeconds() - start
        print("\(seen) observations in \(rounded(spent)) s of CPU: \(Int(Double(seen) / spent)) a second on one core")
        let begun = cpuSeconds()
        let bytes = monitor.encoded()
        let written = cpuSeconds()
        let again = try Monitor(encoded: bytes, settings: monitor.settings, declared: nil)
        print(
            "state \(bytes.count >> 20) MiB: written in \(rounded(written - begun)) s, taken up in "
                + "\(rounded(cpuSeconds() - written)) s, \(again.encoded() == bytes ? "the same bytes" : "OTHER BYTES"); "
                + "\(residentBytes() >> 20) MiB in all"
        )
    }

    private static func observation(_ record: UInt64, _ identity: Int, _ model: Int, _ offset: Int64) -> Observation {
        Observation(
            source: .lapwing,
            record: record,
            time: Timestamp(nanoseconds: 1_795_392_000_000_000_000 + offset + Int64(record % 1_000_000) * 1_000_000),
            caller: "spiffe://cluster.local/ns/team-\(identity % 500)/sa/service-\(identity)",
            callee: "route-\(model % 100)",
            verb: "POST",
            object: "/v2/models/model-\(model)/infer",
            model: .init(
                name: "model-\(model)",
                digest: "sha256:\(model)aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            ),
            decision: .allow,
            status: 200,
            bytes: 2_048,
            tokens: 300,
            wasGuarded: true
        )
    }

    private static func argument(_ name: String) -> Int? {
        guard let place = CommandLine.arguments.firstIndex(of: name), place + 1 < CommandLine.arguments.count else {
            return nil
        }
        return Int(CommandLine.arguments[place + 1])
    }

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4_096
    }

    /// CPU seconds of this process, from the kernel's count of its ticks.
    private static func cpuSeconds() -> Double {
        let text = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / 100
    }

    private static func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
