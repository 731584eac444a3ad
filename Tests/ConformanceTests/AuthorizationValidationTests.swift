import Authorization
import Foundation
import Resources
import Testing

/// What Istio's admission refuses, or warns of, is refused or warned of when it is loaded here.
@Suite struct AuthorizationValidationTests {
    @Test func `every webhook case without tokens or providers is judged as the webhook judges it`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let file = corpus.appendingPathComponent("istio-webhook-validation/AuthorizationPolicy.json")
        let cases = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
        var report = SuiteReport(name: "Istio webhook validation")
        var leftOut = 0
        for item in cases {
            let name = try #require(item["name"] as? String)
            let isValid = try #require(item["valid"] as? Bool)
            let warns = try #require(item["warning"] as? Bool)
            guard let spec = item["spec"], let text = Self.json(spec), !Self.needsMore(text) else {
                leftOut += 1
                continue
            }
            var document: [String: Any] = [
                "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "spec": spec,
            ]
            var metadata: [String: Any] = ["name": "case", "namespace": "default"]
            metadata["annotations"] = item["annotations"]
            document["metadata"] = metadata
            let findings = Self.findings(try #require(Self.json(document)), file: "\(name).yaml")
            let accepted = !findings.contains { $0.severity == .error }
            if accepted != isValid {
                report.failed("\(name): expected \(isValid ? "valid" : "invalid"), found \(findings)")
            } else if isValid, warns != !findings.isEmpty {
                report.failed("\(name): expected \(warns ? "a warning" : "no warning"), found \(findings)")
            } else {
                report.passed()
            }
        }
        print("Istio webhook validation: \(leftOut) left out, which need tokens or an external provider")
        report.finish()
    }

    @Test func `every schema case without tokens is judged as the schema judges it`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        var report = SuiteReport(name: "Istio schema validation")
        for (file, isValid) in [("authz-valid.yaml", true), ("authz-invalid.yaml", false)] {
            let url = corpus.appendingPathComponent("api-crd-validation/\(file)")
            let documents = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n---\n")
            for (index, document) in documents.enumerated() where !Self.needsMore(document) {
                let text = document.components(separatedBy: "\n").filter { !$0.hasPrefix("_err:") }
                let findings = Self.findings(text.joined(separator: "\n"), file: file)
                if findings.contains(where: { $0.severity == .error }) == isValid {
                    report.failed("\(file) document \(index): found \(findings)")
                } else {
                    report.passed()
                }
            }
        }
        report.finish()
    }

    /// Whether a policy needs what is not offered yet: tokens, an external provider, Envoy's own metadata.
    private static func needsMore(_ policy: String) -> Bool {
        ["equestPrincipals", "request.auth.", "CUSTOM", "experimental.envoy."].contains { policy.contains($0) }
    }

    private static func json(_ value: Any) -> String? {
        guard let data = try? JSONSerialization.data(withJSONObject: value, options: [.withoutEscapingSlashes]) else {
            return nil
        }
        return String(data: data, encoding: .utf8)
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
