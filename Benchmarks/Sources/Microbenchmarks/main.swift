// The cost of Lapwing's parts, each alone: CPU seconds per million, minimum and median of five rounds.
//
//     swift run -c release --package-path Benchmarks microbenchmarks [--seconds S] [--rounds N] [PART ...]
//
// A PART is the beginning of names, such as `policy` or `policy/allow`; without any, all are measured.

import Glibc

/// What the command line asked for.
struct Arguments {
    var seconds = 0.25
    var rounds = 5
    var parts: [String] = []

    init(_ words: [String]) {
        var rest = words.dropFirst()[...]
        while let word = rest.popFirst() {
            switch word {
            case "--seconds":
                guard let value = rest.popFirst().flatMap(Double.init), value > 0 else { Self.fail(word) }
                seconds = value
            case "--rounds":
                guard let value = rest.popFirst().flatMap(Int.init), value > 0 else { Self.fail(word) }
                rounds = value
            default:
                guard !word.hasPrefix("-") else { Self.fail(word) }
                parts.append(word)
            }
        }
    }

    func wants(_ name: String) -> Bool {
        parts.isEmpty || parts.contains { name.hasPrefix($0) }
    }

    private static func fail(_ word: String) -> Never {
        print("usage: microbenchmarks [--seconds S] [--rounds N] [PART ...]; `\(word)` is not understood")
        exit(2)
    }
}

func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}

/// Three decimals, without Foundation.
func decimal(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    return "\(thousandths / 1000)." + String(String(thousandths % 1000 + 1000).dropFirst())
}

let arguments = Arguments(CommandLine.arguments)
#if DEBUG
    print("This is a debug build: its figures mean nothing.")
#endif
print("CPU-s per million  min   median     wall   what")
do {
    for benchmark in try PolicyBenchmarks.all() + ScannerBenchmarks.all() where arguments.wants(benchmark.name) {
        let measurement = try Measurement.of(benchmark, seconds: arguments.seconds, rounds: arguments.rounds)
        let cells = [measurement.minimum, measurement.median, measurement.wall].map { padded(decimal($0), 9) }
        print(" ", cells.joined(), " ", benchmark.name, benchmark.remark.map { "(\($0()))" } ?? "")
    }
} catch {
    print("error: \(error)")
    exit(1)
}
