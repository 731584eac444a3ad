import Authorization
import Foundation
import Resources
import Testing

/// Every rule finds what it is for, leaves its near miss alone, and is explained.
@Suite struct LintRuleTests {
    private static func rules(in text: String, _ options: LintOptions) -> Set<String> {
        Set(PolicyLinter(options: options).lint([LintSource(file: "a.yaml", text: text)]).map(\.rule))
    }

    @Test(arguments: LintCase.all)
    func `a rule finds what it is for and leaves its near miss alone`(_ item: LintCase) {
        let bad = Self.rules(in: item.bad, item.options)
        #expect(bad.contains(item.rule), "found only \(bad.sorted())")
        var options = item.options
        if let backend = item.goodBackend { options.backend = backend }
        let good = Self.rules(in: item.good, options)
        #expect(!good.contains(item.rule))
        // The near miss itself loads, so that it is not passed over because nothing was read.
        #expect(!good.contains("LW0006"), "the near miss does not load")
    }

    @Test func `every rule has a case, an identifier of its own and words for it`() {
        let rules = LintRule.all
        #expect(Set(LintCase.all.map(\.rule)) == Set(rules.map(\.id)))
        #expect(rules.count >= 40)
        #expect(Set(rules.map(\.id)).count == rules.count)
        #expect(Set(rules.map(\.name)).count == rules.count)
        for (index, rule) in rules.enumerated() {
            #expect(rule.id == "LW" + String(10_000 + index + 1).dropFirst())
            #expect(rule.summary.first?.isLowercase == true && !rule.summary.hasSuffix("."), "\(rule.id)")
        }
    }

    @Test func `every rule has a section of its own on the page, with its severity, and the page has no other`() throws
    {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appending(path: "Documentation/Lapwing.docc/PolicyLint.md"),
            encoding: .utf8
        )
        let sections = page.components(separatedBy: "\n### ").dropFirst()
        let headings = sections.map { String($0.prefix { $0 != "\n" }) }
        #expect(headings == LintRule.all.map { "\($0.id) \($0.name)" })
        for (rule, section) in zip(LintRule.all, sections) {
            let facts = section.components(separatedBy: "\n").dropFirst().first { !$0.isEmpty } ?? ""
            #expect(facts.hasPrefix("*\(rule.severity.rawValue)"), "\(rule.id): \(facts)")
            #expect(facts.contains("mended by `--fix`") == rule.isFixable, "\(rule.id)")
            #expect(section.utf8.count > 160, "\(rule.id) is explained in a few words only")
        }
    }

    @Test func `a disabled rule is silent and the others are not`() throws {
        let text = LintYAML.operation("methods: [get], paths: [v1]")
        let source = LintSource(file: "a.yaml", text: text)
        #expect(PolicyLinter().lint([source]).map(\.rule) == ["LW0002", "LW0003"])
        #expect(PolicyLinter(disabled: ["LW0002"]).lint([source]).map(\.rule) == ["LW0003"])
    }

    @Test(arguments: ["LW0020", "LW0021", "LW0042", "LW0043", "LW0044", "LW0045", "LW0046", "LW0047", "LW0055"])
    func `a way around that strict mode closes is a note there, and a warning under istio`(_ rule: String) throws {
        let item = try #require(LintCase.all.first { $0.rule == rule })
        for compatibility in Compatibility.allCases {
            var options = item.options
            options.compatibility = compatibility
            let findings = PolicyLinter(options: options).lint([LintSource(file: "a.yaml", text: item.bad)])
            let finding = try #require(findings.first { $0.rule == rule })
            #expect(finding.severity == (compatibility == .strict ? .note : .warning))
            #expect(finding.message.contains("strict mode sees through it") == (compatibility == .strict))
        }
    }

    @Test func `a gateway among the files says whose defaults hold`() throws {
        let text = LintYAML.join(
            LintYAML.operation("paths: [/admin/x], ports: ['80']", action: "DENY"),
            LintYAML.object(
                "lapwing.dev/v1alpha1",
                "Gateway",
                "g",
                "namespace: ml-inference}\nspec: {compatibility: istio}"
            )
        )
        let findings = PolicyLinter().lint([LintSource(file: "a.yaml", text: text)])
        #expect(findings.contains { $0.rule == "LW0042" && $0.severity == .warning })
    }

    @Test func `a finding names its place and its resource`() throws {
        let text = "# a comment\n" + LintYAML.operation("methods: [get]")
        let finding = try #require(PolicyLinter().lint([LintSource(file: "dir/a.yaml", text: text)]).first)
        #expect(finding.location.file == "dir/a.yaml")
        #expect(finding.location.line == 5)
        #expect(finding.resource == "AuthorizationPolicy ml-inference/p")
        #expect(finding.description.hasPrefix("dir/a.yaml:5:"))
        #expect(finding.description.hasSuffix("[LW0002]"))
    }

    @Test func `the repository's own examples are clean`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "Examples")
        let files = try #require(FileManager.default.enumerator(atPath: folder.path)).compactMap { $0 as? String }
            .filter { $0.hasSuffix(".yaml") && !$0.contains(".build/") }.sorted()
        let folders = Dictionary(grouping: files) { $0.split(separator: "/").first ?? "" }
        #expect(!folders.isEmpty)
        for (_, files) in folders {
            let sources = try files.map {
                LintSource(file: $0, text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
            }
            #expect(PolicyLinter().lint(sources).map(\.description) == [])
        }
    }

    @Test func `what is no YAML is a finding and not a crash`() {
        for text in ["", "---\n", "a: [", "\u{feff}kind: x", "- 1\n- 2", "kind: AuthorizationPolicy", "{}", "a: *b"] {
            let findings = PolicyLinter().lint([LintSource(file: "a.yaml", text: text)])
            #expect(findings.allSatisfy { $0.location.file == "a.yaml" })
        }
        #expect(PolicyLinter().lint([LintSource(file: "a.yaml", text: "a: [")]).map(\.rule) == ["LW0006"])
    }
}
