import Authorization
import Foundation
import Resources

/// Measures decisions, explanations or a replay, for `Benchmarks/policy/run`; prints one line of JSON.
///
///     policydecisions decide|explain|replay --policies FILE --requests FILE [--seconds S] [--records N] [--distinct]
@main
enum PolicyDecisions {
    static func main() {
        do {
            let arguments = try Arguments(CommandLine.arguments)
            let began = Clock.wall
            let documents = try ResourceLoader.load(path: arguments.policies).documents
            let policies = try PolicySet.load(documents)
            let engine = try PolicyEngine(policies: policies, workload: Workload(namespace: "ml-inference"))
            let loaded = Clock.wall - began
            let requests = try CaseRequest.load(arguments.requests)
            var result: [String: Double]
            switch arguments.mode {
            case .decide: result = try Timing.decisions(engine, requests, seconds: arguments.seconds)
            case .explain: result = try Timing.explanations(engine, requests, seconds: arguments.seconds)
            case .replay:
                result = try ReplayTiming.run(
                    engine,
                    requests,
                    records: arguments.records,
                    isDistinct: arguments.isDistinct
                )
            }
            result["load_s"] = loaded
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            print(String(decoding: try encoder.encode(result), as: UTF8.self))
        } catch {
            print("error: \(error)")
            exit(1)
        }
    }
}

/// What the command line asked for.
struct Arguments {
    enum Mode: String { case decide, explain, replay }

    let mode: Mode
    private(set) var policies = ""
    private(set) var requests = ""
    private(set) var seconds = 1.0
    private(set) var records = 1_000_000
    private(set) var isDistinct = false

    init(_ words: [String]) throws {
        guard words.count > 1, let mode = Mode(rawValue: words[1]) else { throw Failure("decide, explain or replay?") }
        self.mode = mode
        var rest = words.dropFirst(2)
        while let word = rest.popFirst() {
            switch word {
            case "--policies": policies = rest.popFirst() ?? ""
            case "--requests": requests = rest.popFirst() ?? ""
            case "--seconds": seconds = rest.popFirst().flatMap(Double.init) ?? 1
            case "--records": records = rest.popFirst().flatMap(Int.init) ?? 0
            case "--distinct": isDistinct = true
            default: throw Failure("`\(word)` is not understood")
            }
        }
    }
}

/// The benchmark cannot go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
