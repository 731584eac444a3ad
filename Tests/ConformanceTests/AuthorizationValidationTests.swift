import Authorization
import Foundation
import Resources
import Testing

/// What Istio's admission refuses, or warns of, is refused or warned of when it is loaded here.
@Suite struct AuthorizationValidationTests {
    /// One row of the webhook's own tests.
    private struct WebhookCase: Decodable {
        let name: String
        let kind: String
        let annotations: [String: String]?
        let valid: Bool
        let warning: Bool
    }

    @Test func `every webhook case of every kind is judged as the webhook judges it`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let folder = corpus.appendingPathComponent("istio-webhook-validation")
        var report = SuiteReport(name: "Istio webhook validation")
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where file.hasSuffix(".json") {
            let data = try Data(contentsOf: folder.appendingPathComponent(file))
            let cases = try JSONDecoder().decode([WebhookCase].self, from: data)
            let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
            for (item, row) in zip(cases, rows) {
                let document: [String: Any] = [
                    "apiVersion": "security.istio.io/v1", "kind": item.kind,
                    "metadata": ["name": "case", "annotations": item.annotations ?? [:]],
                    "spec": row["spec"] ?? [:],
                ]
                let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
                let findings = Self.findings(text, file: file)
                judge(item, findings, &report)
            }
        }
        report.finish()
    }

    private func judge(_ item: WebhookCase, _ findings: [Diagnostic], _ report: inout SuiteReport) {
        let accepted = !findings.contains { $0.severity == .error }
        // What a lint rule says beside is not the webhook's.
        let warned = findings.contains { $0.severity == .warning && $0.rule == nil }
        if accepted != item.valid {
            report.failed("\(item.name): expected \(item.valid ? "valid" : "invalid"), found \(findings)")
        } else if item.valid, warned != item.warning {
            report.failed("\(item.name): expected \(item.warning ? "a warning" : "no warning"), found \(findings)")
        } else {
            report.passed()
        }
    }

    @Test func `every schema case of every kind is judged as the schema judges it`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let folder = corpus.appendingPathComponent("api-crd-validation")
        var report = SuiteReport(name: "Istio schema validation")
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let isValid = file.hasSuffix("-valid.yaml")
            guard isValid || file.hasSuffix("-invalid.yaml") else { continue }
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            for (index, document) in text.components(separatedBy: "\n---").enumerated() {
                // The schema's own words for what is wrong stand in a field of their own.
                let lines = document.components(separatedBy: "\n").filter { !$0.hasPrefix("_err:") }
                guard lines.contains(where: { !$0.isEmpty && !$0.hasPrefix("#") }) else { continue }
                let findings = Self.findings(lines.joined(separator: "\n"), file: file)
                if findings.contains(where: { $0.severity == .error }) == isValid {
                    report.failed("\(file) document \(index): found \(findings)")
                } else {
                    report.passed()
                }
            }
        }
        report.finish()
    }

    private static func findings(_ yaml: String, file: String) -> [Diagnostic] {
        do {
            return PolicySet.check(try ResourceLoader.parse(yaml: yaml, file: file)).diagnostics
        } catch let error as ResourceError {
            return error.diagnostics
        } catch {
            return [Diagnostic(at: SourceLocation(file: file, line: 1, column: 1), "\(error)")]
        }
    }
}
