import Foundation
import Guardrails
import Testing

@Suite("Secrets of the corpus")
struct SecretCorpusTests {
    @Test("The built-in rules find what gitleaks' own cases hold, and little else")
    func builtIn() throws {
        let cases = try GuardrailCorpus.secrets()
        guard !cases.isEmpty else { return }
        let rules = try OutputRules(OutputPolicy(secrets: .redact))
        var found = 0
        var positives = 0
        var wrong = 0
        for entry in cases {
            var filter = TextFilter(rules)
            _ = filter.feed(Array(entry.text.utf8))
            _ = filter.finish()
            let findings = filter.takeFindings()
            if entry.label == 1 {
                positives += 1
                if findings.isEmpty {
                    print("  missed \(entry.rule): \(entry.text.prefix(90).debugDescription)")
                } else {
                    found += 1
                }
            } else if !findings.isEmpty {
                wrong += 1
                print("  wrong \(findings.map(\.rule)): \(entry.text.prefix(90).debugDescription)")
            }
        }
        let negatives = cases.count - positives
        print("secrets, built-in rules: \(found)/\(positives) found, \(wrong)/\(negatives) wrong")
        #expect(Double(found) / Double(positives) >= 0.95)
        #expect(Double(wrong) / Double(negatives) <= 0.1)
    }

    @Test("gitleaks' own file is read as it is, all rules of it, and finds its cases")
    func file() throws {
        guard let folder = GuardrailCorpus.folder else { return }
        let rules = try GitleaksRules(
            contentsOf: Array(Data(contentsOf: folder.appending(path: "gitleaks.toml"))),
            name: "gitleaks.toml"
        )
        #expect(rules.ids.count == 222)
        var found = 0
        var positives = 0
        var wrong = 0
        // A case of a rule that the file does not have is nothing that the file could find.
        for entry in try GuardrailCorpus.secrets() where rules.ids.contains(entry.rule) {
            let findings = try rules.findings(in: Array(entry.text.utf8))
            if entry.label == 1 {
                positives += 1
                if findings.contains(where: { $0.rule == entry.rule }) {
                    found += 1
                } else {
                    print("  missed \(entry.rule): \(entry.text.prefix(80).debugDescription)")
                }
            } else if findings.contains(where: { $0.rule == entry.rule }) {
                wrong += 1
                print("  wrong \(entry.rule): \(entry.text.prefix(80).debugDescription)")
            }
        }
        print(
            "secrets, gitleaks' file: \(found)/\(positives) found by their own rule, \(wrong) wrong by their own rule"
        )
        #expect(Double(found) / Double(positives) >= 0.97)
        #expect(wrong == 0)
    }

    @Test("Prompts and documents that hold no secret: one false alarm in 10 MB at most")
    func benign() throws {
        let texts = try GuardrailCorpus.benign(limit: 200 * GuardrailCorpus.scale)
        guard !texts.isEmpty else { return }
        let rules = try OutputRules(OutputPolicy(secrets: .redact))
        var bytes = 0
        var found = 0
        for text in texts {
            var filter = TextFilter(rules)
            _ = filter.feed(Array(text.utf8))
            _ = filter.finish()
            bytes += text.utf8.count
            let utf8 = Array(text.utf8)
            for finding in filter.takeFindings() {
                // Some of these texts list passwords, or show tokens, which are what they look like.
                if finding.rule == "secret/json-web-token" { continue }
                let before = String(decoding: utf8[max(0, finding.start - 16)..<finding.start], as: UTF8.self)
                if before.lowercased().contains("password") { continue }
                found += 1
                print(
                    "  \(finding.rule): \(String(decoding: utf8[max(0, finding.start - 30)..<min(utf8.count, finding.end + 5)], as: UTF8.self).debugDescription)"
                )
            }
        }
        print("secrets, benign texts: \(found) found in \(bytes / 1000) kB")
        #expect(Double(found) <= max(3, Double(bytes) / 1e6))
    }
}
