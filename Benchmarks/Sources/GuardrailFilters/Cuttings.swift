import Foundation
import Guardrails

/// `guardrailfilters cuttings ROUNDS TEXTS.jsonl…`: each text cut in as many ways, at random; the output and the findings
/// have to be those of the text at once.
enum Cuttings {
    private struct Line: Decodable { let text: String }

    static func run(rounds: Int, files: [String]) throws -> Bool {
        let rules = try OutputRules(.everything(.redact, names: true))
        var random = Numbers(state: 1)
        var cuttings = 0
        var different = 0
        var most = 0
        for file in files {
            guard let data = FileManager.default.contents(atPath: file) else { return false }
            for line in data.split(separator: 0x0A) {
                let text = Array(try JSONDecoder().decode(Line.self, from: Data(line)).text.utf8)
                let whole = filtered(rules, text, &most) { text.count }
                for round in 0..<rounds {
                    let largest = [1, 3, 8, 16, 64][round % 5]
                    let cut = filtered(rules, text, &most) { Int.random(in: 1...largest, using: &random) }
                    cuttings += 1
                    if cut.0 != whole.0 || cut.1 != whole.1 { different += 1 }
                }
            }
        }
        print("cuttings: \(cuttings), \(different) differ, at most \(most) code points held")
        return different == 0 && most <= 256
    }

    private static func filtered(
        _ rules: OutputRules,
        _ text: [UInt8],
        _ most: inout Int,
        _ next: () -> Int
    ) -> ([UInt8], [OutputFinding]) {
        var filter = TextFilter(rules)
        var output: [UInt8] = []
        var start = 0
        while start < text.count {
            let end = min(text.count, start + next())
            filter.feed(text[start..<end], into: &output)
            start = end
            most = max(most, filter.held)
        }
        filter.finish(into: &output)
        return (output, filter.takeFindings())
    }

    /// Numbers that are the same in every run (xorshift).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
