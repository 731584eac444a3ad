import Glibc

/// The cost of Lapwing's parts, each alone: CPU seconds per million, minimum and median of the rounds.
///
///     swift run -c release --package-path Benchmarks microbenchmarks [--seconds S] [--rounds N] [PART ...]
///
/// A PART is the beginning of names, such as `policy` or `policy/allow`; without any, all are measured.
@main
enum Microbenchmarks {
    static func main() async {
        let arguments = Arguments(CommandLine.arguments)
        #if DEBUG
            print("This is a debug build: its figures mean nothing.")
        #endif
        print("CPU-s per million: min    median      wall")
        do {
            for benchmark in try await all() where arguments.wants(benchmark.name) {
                defer { benchmark.finish?() }
                let measurement = try Measurement.of(benchmark, seconds: arguments.seconds, rounds: arguments.rounds)
                let cells = [measurement.minimum, measurement.median, measurement.wall].map { column(decimal($0)) }
                let remark = benchmark.remark.map { "  (\($0()))" } ?? ""
                print("            \(cells.joined())  \(benchmark.name)\(remark)")
            }
        } catch {
            print("error: \(error)")
            exit(1)
        }
    }

    /// In the order in which a request meets them.
    private static func all() async throws -> [Benchmark] {
        try await ScannerBenchmarks.all() + PolicyBenchmarks.all() + RecordBenchmarks.all()
    }

    private static func column(_ text: String) -> String {
        String(repeating: " ", count: max(0, 10 - text.count)) + text
    }

    /// Three decimals.
    private static func decimal(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        return "\(thousandths / 1000)." + String(String(thousandths % 1000 + 1000).dropFirst())
    }
}
