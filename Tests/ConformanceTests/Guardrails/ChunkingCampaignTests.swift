import Guardrails
import Testing

@Suite("Ways of cutting the corpus")
struct ChunkingCampaignTests {
    /// `LAPWING_SCALE=500` makes more than a million.
    @Test("Whatever way a text is cut, the output is that of the text at once, and nothing that is found goes out")
    func campaign() throws {
        var texts = try GuardrailCorpus.secrets().map(\.text)
        texts += try GuardrailCorpus.personal().map(\.text)
        guard !texts.isEmpty else { return }
        let rules = try OutputRules(.everything(.redact))
        var random = CampaignRandom(seed: UInt64(GuardrailCorpus.scale))
        var cuttings = 0
        var different = 0
        var most = 0
        var held: [Int: Int] = [:]
        for text in texts {
            let bytes = Array(text.utf8)
            let whole = Self.run(rules, bytes) { bytes.count }
            for round in 0..<GuardrailCorpus.scale {
                let largest = [1, 4, 16, 64][(round + cuttings) % 4]
                let cut = Self.run(rules, bytes) { Int.random(in: 1...largest, using: &random) }
                cuttings += 1
                most = max(most, cut.most)
                for (units, count) in cut.held { held[units, default: 0] += count }
                if cut.output != whole.output || cut.findings != whole.findings {
                    different += 1
                    if different < 5 { print("  differs: \(text.prefix(120).debugDescription)") }
                }
            }
        }
        let pieces = held.values.reduce(0, +)
        var median = 0
        var sum = 0
        for (value, count) in held.sorted(by: { $0.key < $1.key }) {
            sum += count
            if sum * 2 >= pieces {
                median = value
                break
            }
        }
        print(
            "cuttings: \(cuttings) of \(texts.count) texts, \(different) differ; held: median \(median), most \(most) code points"
        )
        #expect(different == 0)
        #expect(most <= 256)
    }

    private struct Run {
        var output: [UInt8] = []
        var findings: [OutputFinding] = []
        var most = 0
        var held: [Int: Int] = [:]
    }

    private static func run(_ rules: OutputRules, _ bytes: [UInt8], next: () -> Int) -> Run {
        var run = Run()
        var filter = TextFilter(rules)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + next())
            filter.feed(bytes[start..<end], into: &run.output)
            start = end
            run.most = max(run.most, filter.held)
            run.held[filter.held, default: 0] += 1
        }
        filter.finish(into: &run.output)
        run.findings = filter.takeFindings()
        return run
    }
}
