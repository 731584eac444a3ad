import Authorization
import Foundation
import Testing

/// What `istioctl analyze` finds, the linter finds, in the same resources.
@Suite struct AuthorizationAnalyzerTests {
    private struct Case: Decodable {
        let name: String
        let inputFiles: [String]
        let expected: [[Part]]
    }

    /// A message as a Go expression, or a resource.
    private enum Part: Decodable {
        case message(String)
        case resource(String)

        private enum CodingKeys: String, CodingKey { case expression = "$expr" }

        init(from decoder: any Decoder) throws {
            if let values = try? decoder.container(keyedBy: CodingKeys.self) {
                self = .message(try values.decode(String.self, forKey: .expression))
            } else {
                self = .resource(try decoder.singleValueContainer().decode(String.self))
            }
        }
    }

    /// The rules that say what an analyzer's message says.
    private static let rules: [String: Set<String>] = [
        "msg.NoMatchingWorkloadsFound": ["LW0068"],
        "msg.ReferencedResourceNotFound": ["LW0068", "LW0069"],
        "msg.IneffectiveSelector": ["LW0070"],
        "msg.JwtClaimBasedRoutingWithoutRequestAuthN": ["LW0080"],
        "msg.ConflictingSidecarWorkloadSelectors": ["LW0081"],
        "msg.ConflictingTelemetryWorkloadSelectors": ["LW0081"],
        "msg.MultipleSidecarsWithoutWorkloadSelectors": ["LW0082"],
        "msg.MultipleTelemetriesWithoutWorkloadSelectors": ["LW0082"],
        "msg.IneffectivePolicy": ["LW0083"],
        "msg.GatewayPortNotDefinedOnService": ["LW0084"],
        "msg.ConflictingGateways": ["LW0085"],
    ]

    @Test func `every analyzer case finds the same in the same resources`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let folder = corpus.appendingPathComponent("istio-analyzers")
        let cases = try JSONDecoder().decode(
            [Case].self,
            from: Data(contentsOf: folder.appendingPathComponent("analyzer_cases.json"))
        )
        var report = SuiteReport(name: "Istio analyzers")
        for item in cases {
            let sources = try item.inputFiles.map { file in
                let name = URL(fileURLWithPath: file).lastPathComponent
                let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                return LintSource(file: name, text: text)
            }
            var asked: Set<String> = []
            var expected: [String] = []
            for row in item.expected {
                guard row.count == 2, case .message(let message) = row[0], case .resource(let resource) = row[1] else {
                    report.failed("\(item.name): a row of another form")
                    continue
                }
                guard let rules = Self.rules[message] else {
                    report.failed("\(item.name): no rule says \(message)")
                    continue
                }
                asked.formUnion(rules)
                expected.append(resource)
            }
            // A case asks one analyzer; one that expects nothing is held against all of them.
            if asked.isEmpty { asked = Self.rules.values.reduce([]) { $0.union($1) } }
            let found = PolicyLinter().lint(sources).filter { asked.contains($0.rule) }
            if found.map(\.resource).sorted() == expected.sorted() {
                report.passed()
            } else {
                report.failed("\(item.name): expected \(expected.sorted()), found \(found.map(\.description))")
            }
        }
        report.finish()
    }
}
