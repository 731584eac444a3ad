import Foundation
import Glibc
import Guardrails

/// What the filter of answers costs, in CPU time of one thread: `guardrailfilters TEXTS.jsonl`, a text to a line in
/// the member `text`.
///
/// The output is JSON; `Benchmarks/guardrails/run` puts it beside other tools.
@main
struct GuardrailFilters {
    private struct Line: Decodable { let text: String }

    private struct Report: Encodable {
        var bytes = 0
        var findings = 0
        var blockMBPerSecond = 0.0
        var sixteenByteMBPerSecond = 0.0
        var prompt4KMicrosecondsP50 = 0.0
        var prompt4KMicrosecondsP99 = 0.0
        var quietChunkMicrosecondsP99 = 0.0
        var bytesKeptByStream = 0
        var eventMicrosecondsP50 = 0.0
        var eventMicrosecondsP99 = 0.0
        var adversarialNanosecondsPerByte: [String: Double] = [:]
        var adversarialWorstOverMedian = 0.0
        var patterns = 0
        var patternMedianNanosecondsPerByte = 0.0
        var patternWorst = ""
        var patternWorstOverMedian = 0.0
        var namesMBPerSecond = 0.0
    }

    static func main() throws {
        if CommandLine.arguments.count == 4, CommandLine.arguments[1] == "findings" { return try findings() }
        if CommandLine.arguments.count > 2, CommandLine.arguments[1] == "digest" {
            return try Digest.run(files: Array(CommandLine.arguments.dropFirst(2)))
        }
        if CommandLine.arguments.count > 3, CommandLine.arguments[1] == "cuttings" {
            let rounds = Int(CommandLine.arguments[2]) ?? 1
            exit(try Cuttings.run(rounds: rounds, files: Array(CommandLine.arguments.dropFirst(3))) ? 0 : 1)
        }
        guard CommandLine.arguments.count == 2,
            let data = FileManager.default.contents(atPath: CommandLine.arguments[1])
        else {
            FileHandle.standardError.write(Data("usage: guardrailfilters TEXTS.jsonl\n".utf8))
            exit(2)
        }
        let texts = try data.split(separator: 0x0A).map {
            Array(try JSONDecoder().decode(Line.self, from: Data($0)).text.utf8)
        }
        let rules = try OutputRules(.everything(.redact))
        var report = Report()
        report.bytes = texts.reduce(0) { $0 + $1.count }
        report.blockMBPerSecond = best {
            report.findings = 0
            for text in texts { report.findings += filtered(rules, text) }
            return report.bytes
        }
        report.sixteenByteMBPerSecond = best {
            var output: [UInt8] = []
            for text in texts {
                var filter = TextFilter(rules)
                output.removeAll(keepingCapacity: true)
                var start = 0
                while start < text.count {
                    let end = min(text.count, start + 16)
                    filter.feed(text[start..<end], into: &output)
                    start = end
                }
                filter.finish(into: &output)
            }
            return report.bytes
        }
        let all = Array(texts.joined())
        var times: [Double] = []
        for start in stride(from: 0, to: max(1, all.count - 4096), by: 4096).prefix(4000) {
            let text = Array(all[start..<min(all.count, start + 4096)])
            let before = cpu()
            _ = filtered(rules, text)
            times.append((cpu() - before) * 1e6)
        }
        (report.prompt4KMicrosecondsP50, report.prompt4KMicrosecondsP99) = percentiles(times)
        quiet(rules, &report)
        events(rules, &report)
        adversarial(rules, &report)
        try patterns(&report)
        let named = try OutputRules(.everything(.redact, names: true))
        report.namesMBPerSecond = best {
            for text in texts { _ = filtered(named, text) }
            return report.bytes
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        FileHandle.standardOutput.write(try encoder.encode(report) + Data("\n".utf8))
    }

    private struct Found: Encodable {
        let line: Int
        let rule: String
        let start: Int
        let end: Int
    }

    private static func findings() throws {
        let manager = FileManager.default
        guard let file = manager.contents(atPath: CommandLine.arguments[2]),
            let data = manager.contents(atPath: CommandLine.arguments[3])
        else { exit(2) }
        let rules = try GitleaksRules(contentsOf: Array(file), name: CommandLine.arguments[2])
        var found: [Found] = []
        for (index, line) in data.split(separator: 0x0A).enumerated() {
            let text = Array(try JSONDecoder().decode(Line.self, from: Data(line)).text.utf8)
            for finding in try rules.findings(in: text) {
                found.append(
                    Found(
                        line: index + 1,
                        rule: finding.rule,
                        start: finding.secret.lowerBound,
                        end: finding.secret.upperBound
                    )
                )
            }
        }
        FileHandle.standardOutput.write(try JSONEncoder().encode(found))
    }

    /// Chunks of a stream in which nothing is live.
    private static func quiet(_ rules: OutputRules, _ report: inout Report) {
        var filter = TextFilter(rules)
        let chunk = Array(" and so, as one would expect. ".utf8)
        var times: [Double] = []
        var output: [UInt8] = []
        for _ in 0..<20_000 {
            output.removeAll(keepingCapacity: true)
            let before = cpu()
            filter.feed(chunk[...], into: &output)
            times.append((cpu() - before) * 1e6)
        }
        report.quietChunkMicrosecondsP99 = percentiles(times).1
        report.bytesKeptByStream = filter.bytesKept
    }

    /// Events of a streamed chat, a word in each.
    private static func events(_ rules: OutputRules, _ report: inout Report) {
        var filter = OutputFilter(rules, dialect: .openAIChat, format: .events)
        let words = ["Well", ",", " the", " answer", " is", " (", "as", " ever", ")", " 42", ".", "\\n"]
        var times: [Double] = []
        for index in 0..<10_000 {
            let event = Array(
                """
                data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":\
                [{"index":0,"delta":{"content":"\(words[index % words.count])"},"finish_reason":null}]}\n\n
                """.utf8
            )
            let before = cpu()
            _ = filter.feed(event)
            times.append((cpu() - before) * 1e6)
        }
        (report.eventMicrosecondsP50, report.eventMicrosecondsP99) = percentiles(times)
    }

    /// For each kind of rule the text that it likes least.
    private static let hostile = [
        "plain": "the quick brown fox jumps over the lazy dog, and so on. ",
        "cards": "4111 1111 1111 1112 ", "digits": "4", "groups": "1 ", "dashed": "12-", "phones": "(202) 555-014 ",
        "dates": "2024-05-", "times": "10:", "addresses": "1.2.3.", "sixes": "fe80:", "mail": "a@", "dots": "a.",
        "mail-long": "aaaaaaaaaaaaaaaaaaaaaaaa@", "links": "http://a", "www": "www.", "iban": "GB82 WEST 1234 5698 ",
        "ids": "AB12", "ids-spaced": "AB 12 34 5 ", "keys": "ghp_", "keys-long": "sk_live_aaaaaaaaa ", "jwt": "eyJ",
        "settings": "key=", "settings-spaced": "password : ", "settings-long": "datadog_api_key_secret_token: abc ",
        "armour": "-----BEGIN ", "markdown": "](", "elements": "<img ", "hex": "deadbeef", "months": "May ",
        "colons": "::", "foreign": "é", "escapes": "\\n", "words": "a ",
    ]

    private static func adversarial(_ rules: OutputRules, _ report: inout Report) {
        for (name, unit) in hostile {
            let text = Array(String(repeating: unit, count: (1 << 17) / unit.utf8.count).utf8)
            let rate = best {
                _ = filtered(rules, text)
                return text.count
            }
            report.adversarialNanosecondsPerByte[name] = 1000 / rate
        }
        let costs = report.adversarialNanosecondsPerByte.values.sorted()
        report.adversarialWorstOverMedian = costs[costs.count - 1] / costs[costs.count / 2]
    }

    /// Each pattern alone: what a byte costs of the text that it likes least of all, over the median of the patterns.
    private static func patterns(_ report: inout Report) throws {
        let texts = hostile.values.map { unit in
            Array(String(repeating: unit, count: (1 << 15) / unit.utf8.count).utf8)
        }
        var policies: [(String, OutputPolicy)] = EntityType.allCases.filter { !$0.isName }.map {
            ($0.rawValue, OutputPolicy(entities: [$0: .redact]))
        }
        for id in OutputPolicy.secretRules {
            let others = Set(OutputPolicy.secretRules).subtracting([id])
            policies.append((id, OutputPolicy(secrets: .redact, secretsLeftOut: others)))
        }
        func cost(_ policy: OutputPolicy, rounds: Int) throws -> Double {
            let rules = try OutputRules(policy)
            let costs = texts.map { text in
                1000
                    / best(of: rounds) {
                        _ = filtered(rules, text)
                        return text.count
                    }
            }
            return costs.max() ?? 0
        }
        var costs = try policies.map { (cost: try cost($0.1, rounds: 3), name: $0.0, policy: $0.1) }
        costs.sort { $0.cost < $1.cost }
        // Those that cost most are measured again, so that it is not chance that tells the costliest.
        for place in costs.indices.suffix(16) {
            costs[place].cost = min(costs[place].cost, try cost(costs[place].policy, rounds: 12))
        }
        costs.sort { $0.cost < $1.cost }
        report.patterns = costs.count
        report.patternMedianNanosecondsPerByte = costs[costs.count / 2].cost
        report.patternWorst = costs[costs.count - 1].name
        report.patternWorstOverMedian = costs[costs.count - 1].cost / costs[costs.count / 2].cost
    }

    private static func filtered(_ rules: OutputRules, _ text: [UInt8]) -> Int {
        var filter = TextFilter(rules)
        var output = filter.feed(text)
        filter.finish(into: &output)
        return filter.takeFindings().count
    }

    /// The best rate of some rounds, in MB for a second of CPU.
    private static func best(of rounds: Int = 3, _ work: () -> Int) -> Double {
        var rate = 0.0
        for _ in 0..<rounds {
            let before = cpu()
            let bytes = work()
            rate = max(rate, Double(bytes) / 1e6 / max(1e-9, cpu() - before))
        }
        return rate
    }

    private static func percentiles(_ times: [Double]) -> (Double, Double) {
        let sorted = times.sorted()
        guard !sorted.isEmpty else { return (0, 0) }
        return (sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
    }

    /// CPU time of this thread, in seconds.
    private static func cpu() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
