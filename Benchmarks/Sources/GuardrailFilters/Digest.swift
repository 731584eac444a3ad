import Foundation
import Guardrails

/// `guardrailfilters digest TEXTS.jsonl…`: one number for all that is found in texts, whole and in pieces, so that two
/// versions can be held against one another.
enum Digest {
    private struct Line: Decodable { let text: String }

    static func run(files: [String]) throws {
        let rules = try OutputRules(.everything(.redact))
        let flags = try OutputRules(.everything(.flag))
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        var texts = 0
        var findings = 0
        for file in files {
            guard let data = FileManager.default.contents(atPath: file) else { continue }
            for line in data.split(separator: 0x0A) {
                let text = Array(try JSONDecoder().decode(Line.self, from: Data(line)).text.utf8)
                texts += 1
                for rules in [rules, flags] {
                    for piece in [text.count, 7] {
                        var filter = TextFilter(rules)
                        var output: [UInt8] = []
                        var start = 0
                        while start < text.count {
                            let end = min(text.count, start + piece)
                            filter.feed(text[start..<end], into: &output)
                            start = end
                        }
                        filter.finish(into: &output)
                        let found = filter.takeFindings()
                        findings += found.count
                        let all = output + found.flatMap { Array("\($0.rule) \($0.start) \($0.end);".utf8) }
                        for byte in all { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
                    }
                }
            }
            print("\(file): \(texts) texts, \(findings) findings, digest \(String(digest, radix: 16))")
        }
    }
}
