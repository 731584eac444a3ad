import Foundation
import Testing

/// `lapwing policy reach` and `lapwing policy export`, on the reference scenario.
@Suite struct PolicyReachCommandTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    private static let example = root + "/Examples/reference"

    @Test func `the table says who reaches what`() throws {
        let result = try Program.run("policy", "reach", "--config", Self.example)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("cluster.local/ns/ml-api/sa/api-gateway  POST     /v1/predict, /v1/stream"))
        let other = try Program.run("policy", "reach", "--config", Self.example, "--from", "cluster.local/ns/x/sa/y")
        #expect(other.output.contains("nobody reaches it"))
    }

    @Test func `a file of assertions that is not there is told as such`() throws {
        let result = try Program.run("policy", "reach", "--config", Self.example, "--assert", "missing.yaml")
        #expect(result.status == 2)
        #expect(result.errors.contains("there is no file `missing.yaml`; --assert takes one with `ReachAssertions`"))
        #expect(!result.errors.contains("lapwing init"))
    }

    @Test func `JSON and SVG are what they say`() throws {
        let json = try Program.run("policy", "reach", "--config", Self.example, "-o", "json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["version"] as? Int == 1)
        let workloads = try #require(object?["workloads"] as? [[String: Any]])
        #expect((workloads.first?["allowed"] as? [[String: Any]])?.count == 1)
        let svg = try Program.run("policy", "reach", "--config", Self.example, "-o", "svg")
        #expect(svg.output.hasPrefix("<svg "))
        #expect(XMLParserCheck.isWellFormed(svg.output))
        #expect(svg.output.contains("cluster.local/ns/ml-api/sa/api-gateway"))
    }

    @Test func `the assertions of the example hold, and one that does not is shown a request`() throws {
        let file = Self.example + "/policies.reach.yaml"
        let held = try Program.run("policy", "reach", "--config", Self.example, "--assert", file)
        #expect(held.status == 0, "\(held.output)\(held.errors)")
        #expect(held.errors.contains("4 hold, 0 do not"))
        let directory = try TemporaryDirectory()
        let wrong = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: ReachAssertions
            metadata: {name: wrong}
            spec:
              assertions:
              - name: nobody predicts
                requests: {to: [{operation: {paths: [/v1/predict]}}]}
                expect: DENY
            """,
            to: "wrong.yaml"
        )
        let violated = try Program.run("policy", "reach", "--config", Self.example, "--assert", wrong)
        #expect(violated.status == 1)
        #expect(violated.output.contains("VIOLATED  inference: nobody predicts"), "\(violated.output)")
        #expect(violated.output.contains("POST /v1/predict, from spiffe://cluster.local/ns/ml-api/sa/api-gateway"))
        let unknown = try Program.run(
            "policy",
            "reach",
            "--config",
            Self.example,
            "--assert",
            file,
            "--maximum-states",
            "5"
        )
        #expect(unknown.status == 1, "what is unknown is no pass")
    }

    @Test func `policies are exported, and what is lost is said and counted`() throws {
        let envoy = try Program.run("policy", "export", "--to", "envoy", "--config", Self.example)
        #expect(envoy.status == 0, "\(envoy.errors)")
        #expect(envoy.output.contains("ns[ml-inference]-policy[only-api-gateway]-rule[0]"))
        let ztunnel = try Program.run("policy", "export", "--to", "ztunnel", "--config", Self.example)
        #expect(ztunnel.status == 1)
        #expect(ztunnel.errors.contains("policies.yaml:"), "\(ztunnel.errors)")
        #expect(ztunnel.errors.contains("loss (stricter)"))
        let allowed = try Program.run(
            "policy",
            "export",
            "--to",
            "ztunnel",
            "--config",
            Self.example,
            "--allow-loss",
            "-o",
            "json"
        )
        #expect(allowed.status == 0)
        #expect((try JSONSerialization.jsonObject(with: Data(allowed.output.utf8)) as? [Any])?.count == 1)
    }
}

/// Whether a text is XML whose elements are closed in the order in which they were opened.
private enum XMLParserCheck {
    static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
        }
        return open.isEmpty
    }
}
