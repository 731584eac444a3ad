import Authorization
import Foundation
import Testing

/// The log has what SARIF 2.1.0 requires, and says what was found.
@Suite struct SARIFLogTests {
    private typealias Object = [String: Any]

    private func log(_ text: String, file: String) throws -> Object {
        let linter = PolicyLinter()
        let findings = linter.lint([LintSource(file: file, text: text)])
        let data = try JSONEncoder().encode(SARIFLog(findings, rules: linter.rules, version: "1.2.3"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? Object)
    }

    @Test func `a log has every property that the standard requires`() throws {
        let log = try log(LintYAML.operation("methods: [get], paths: [v1]"), file: "a b/ü.yaml")
        // §3.13: version and runs are required, and the version is this one.
        #expect(log["version"] as? String == "2.1.0")
        #expect((log["$schema"] as? String)?.contains("sarif-2.1.0") == true)
        let runs = try #require(log["runs"] as? [Object])
        #expect(runs.count == 1)
        // §3.14.6, §3.18.2, §3.19.8: a run has a tool, a tool a driver, a driver a name.
        let driver = try #require((runs[0]["tool"] as? Object)?["driver"] as? Object)
        #expect(driver["name"] as? String == "lapwing")
        #expect(driver["version"] as? String == "1.2.3")
        // §3.49.3: a rule has an id; §3.49.14 a level out of four.
        let rules = try #require(driver["rules"] as? [Object])
        #expect(rules.compactMap { $0["id"] as? String } == LintRule.all.map(\.id))
        let levels = ["none", "note", "warning", "error"]
        for rule in rules {
            let configuration = try #require(rule["defaultConfiguration"] as? Object)
            #expect(levels.contains(configuration["level"] as? String ?? ""))
            #expect(((rule["shortDescription"] as? Object)?["text"] as? String)?.isEmpty == false)
        }
        let results = try #require(runs[0]["results"] as? [Object])
        #expect(results.count == 2)
        for result in results {
            // §3.27.11: a message; §3.27.6: the index points at the rule of that id.
            #expect(((result["message"] as? Object)?["text"] as? String)?.isEmpty == false)
            #expect(levels.contains(result["level"] as? String ?? ""))
            let index = try #require(result["ruleIndex"] as? Int)
            #expect(rules[index]["id"] as? String == result["ruleId"] as? String)
            let location = try #require((result["locations"] as? [Object])?.first)
            let physical = try #require(location["physicalLocation"] as? Object)
            // §3.4.3: a URI reference, so that a space and a letter beyond ASCII are encoded.
            #expect((physical["artifactLocation"] as? Object)?["uri"] as? String == "a%20b/%C3%BC.yaml")
            let region = try #require(physical["region"] as? Object)
            #expect(region["startLine"] as? Int == 4)
            #expect((region["startColumn"] as? Int ?? 0) > 1)
            let logical = try #require((location["logicalLocations"] as? [Object])?.first)
            #expect(logical["fullyQualifiedName"] as? String == "AuthorizationPolicy ml-inference/p")
        }
        #expect(runs[0]["columnKind"] as? String == "unicodeCodePoints")
    }

    @Test func `a log without findings has an empty list of results`() throws {
        let log = try log(LintYAML.operation("methods: [GET]"), file: "/etc/a.yaml")
        let run = try #require((log["runs"] as? [Object])?.first)
        #expect((run["results"] as? [Object])?.isEmpty == true)
    }

    @Test func `an absolute file has a scheme`() throws {
        let log = try log("a: [", file: "/etc/a.yaml")
        let result = try #require(((log["runs"] as? [Object])?.first?["results"] as? [Object])?.first)
        let location = try #require((result["locations"] as? [Object])?.first?["physicalLocation"] as? Object)
        #expect((location["artifactLocation"] as? Object)?["uri"] as? String == "file:///etc/a.yaml")
        #expect((result["locations"] as? [Object])?.first?["logicalLocations"] == nil)
    }
}
