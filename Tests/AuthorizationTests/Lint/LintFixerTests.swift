import Authorization
import Foundation
import Resources
import Testing

/// What `--fix` changes is what it says, once, and nothing beside it.
@Suite struct LintFixerTests {
    struct Mending: Sendable, CustomTestStringConvertible {
        let name: String
        let before: String
        let after: String

        init(_ name: String, _ before: String, _ after: String) {
            self.name = name
            self.before = before
            self.after = after
        }

        var testDescription: String { name }
    }

    private static let head = """
        # Who may call the model.
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: p, namespace: ml}   # one line
        spec:

        """

    static let mendings: [Mending] = [
        Mending(
            "a value in a flow list, with its quotes",
            "  rules: [{from: [{source: {principals: [\"spiffe://td/ns/a/sa/b\"] }}]}] # why\n",
            "  rules: [{from: [{source: {principals: [\"td/ns/a/sa/b\"] }}]}] # why\n"
        ),
        Mending(
            "plain and in single quotes",
            "  rules:\n  - from: [{source: {principals: [td/ns/a/sa/b]}}]\n    to: [{operation: {methods: [get, 'post' ]}}]\n",
            "  rules:\n  - from: [{source: {principals: [td/ns/a/sa/b]}}]\n    to: [{operation: {methods: [GET, 'POST' ]}}]\n"
        ),
        Mending(
            "a misspelt field",
            "  rules:\n  - form:   # callers\n    - source: {namespaces: [a]}\n",
            "  rules:\n  - from:   # callers\n    - source: {namespaces: [a]}\n"
        ),
        Mending(
            "numbers without quotes",
            "  rules:\n  - from: [{source: {namespaces: [a]}}]\n    to:\n    - operation:\n        ports: [80,443]\n",
            "  rules:\n  - from: [{source: {namespaces: [a]}}]\n    to:\n    - operation:\n        ports: [\"80\",\"443\"]\n"
        ),
        Mending(
            "another value in a block list",
            "  action: DENY\n  rules:\n  - to:\n    - operation:\n        ports: ['80']\n        methods:\n        - GET # reading\n        - PUT\n",
            "  action: DENY\n  rules:\n  - to:\n    - operation:\n        ports: ['80']\n        methods:\n        - GET # reading\n        - \"HEAD\"\n        - PUT\n"
        ),
        Mending(
            "another value in a flow list",
            "  action: DENY\n  rules: [{to: [{operation: {ports: ['80'], hosts: ['a.example']}}]}]\n",
            "  action: DENY\n  rules: [{to: [{operation: {ports: ['80'], hosts: ['a.example', 'a.example:*']}}]}]\n"
        ),
        Mending(
            "a value that stands twice",
            "  rules:\n  - from: [{source: {namespaces: [a, b, a]}}]\n    to:\n    - operation:\n        methods:\n        - GET\n        - PUT\n        - GET\n        paths: [/x, /x, /y]\n",
            "  rules:\n  - from: [{source: {namespaces: [a, b]}}]\n    to:\n    - operation:\n        methods:\n        - GET\n        - PUT\n        paths: [/x, /y]\n"
        ),
        Mending("an action", "  action: Deny # no\n  rules: [{}]\n", "  action: DENY # no\n  rules: [{}]\n"),
        Mending(
            "one mistake behind another",
            "  rules:\n  - from: [{source: {namespaces: [a]}}]\n    to: [{operation: {method: [get]}}]\n",
            "  rules:\n  - from: [{source: {namespaces: [a]}}]\n    to: [{operation: {methods: [GET]}}]\n"
        ),
        Mending(
            "beside characters of several bytes",
            "  rules: [{from: [{source: {namespaces: [a]}}], to: [{operation: {hosts: [\"bücher.example\"], methods: [get]}}]}]\n",
            "  rules: [{from: [{source: {namespaces: [a]}}], to: [{operation: {hosts: [\"bücher.example\"], methods: [GET]}}]}]\n"
        ),
        Mending(
            "left alone: a value with a comment of its own, which would go with it",
            "  rules:\n  - from: [{source: {namespaces: [a]}}]\n    to:\n    - operation:\n        methods:\n        - GET\n        - GET # again\n",
            "  rules:\n  - from: [{source: {namespaces: [a]}}]\n    to:\n    - operation:\n        methods:\n        - GET\n        - GET # again\n"
        ),
        Mending(
            "left alone: a value with escapes",
            "  rules: [{from: [{source: {namespaces: [a]}}], to: [{operation: {methods: [\"\\u0067et\"]}}]}]\n",
            "  rules: [{from: [{source: {namespaces: [a]}}], to: [{operation: {methods: [\"\\u0067et\"]}}]}]\n"
        ),
        Mending(
            "left alone: a field whose right name is there already",
            "  rules: [{}]\n  rule: [{}]\n",
            "  rules: [{}]\n  rule: [{}]\n"
        ),
    ]

    @Test(arguments: mendings)
    func `what can be mended is mended where it stands`(_ item: Mending) {
        for lineBreak in ["\n", "\r\n"] {
            let wrap = { (text: String) in
                (Self.head + text).replacingOccurrences(of: "\n", with: lineBreak)
            }
            let linter = PolicyLinter()
            let once = LintFixer.fix([LintSource(file: "a.yaml", text: wrap(item.before))], with: linter)
            #expect(once.sources.map(\.text) == [wrap(item.after)])
            #expect(once.changedFiles.isEmpty == (item.before == item.after))
            #expect(once.fixed.isEmpty == (item.before == item.after))
            let twice = LintFixer.fix(once.sources, with: linter)
            #expect(twice.sources == once.sources)
            #expect(twice.fixed.isEmpty)
        }
    }

    @Test(arguments: LintCase.all)
    func `no fix makes a file worse, loses a comment or has to be made twice`(_ item: LintCase) throws {
        let linter = PolicyLinter(options: item.options)
        let text = item.bad.replacingOccurrences(of: "\nspec:", with: "\n# said before\nspec:") + "# said last\n"
        let before = LintSource(file: "a.yaml", text: text)
        let outcome = LintFixer.fix([before], with: linter)
        let after = try #require(outcome.sources.first)
        #expect(after.text.components(separatedBy: "#").count == text.components(separatedBy: "#").count)
        #expect(LintFixer.fix([after], with: linter).sources == [after])
        let errors = { (source: LintSource) in
            linter.lint([source]).count { $0.severity == .error && $0.rule < "LW0010" }
        }
        #expect(errors(after) <= errors(before))
        let rule = try #require(LintRule.all.first { $0.id == item.rule })
        let isMended = outcome.fixed.contains { $0.rule == item.rule }
        #expect(isMended == rule.isFixable)
        // What was mended is mended: the rule finds nothing there any more, and it loads.
        if isMended { #expect(!linter.lint([after]).contains { $0.rule == item.rule || $0.rule == "LW0006" }) }
    }

    @Test func `files are mended each on its own`() {
        let bad = LintYAML.operation("methods: [get]")
        let good = LintYAML.operation("methods: [GET]").replacing("name: p,", with: "name: q,")
        let sources = [LintSource(file: "b.yaml", text: bad), LintSource(file: "a.yaml", text: good)]
        let outcome = LintFixer.fix(sources, with: PolicyLinter())
        #expect(outcome.changedFiles == ["b.yaml"])
        #expect(outcome.sources[1] == sources[1])
        #expect(outcome.sources[0].text == bad.replacing("get", with: "GET"))
    }

    @Test func `no text, however broken, makes linting or mending fail, and mending twice is mending once`() {
        var random = SplitMix64(seed: 42)
        let pieces = [
            "\n", " ", "  - ", "[", "]", "{", "}", ": ", "#", "'", "\"", "\r\n", "\u{85}", "ü", "*a", "&a ", "get", "|",
        ]
        for item in LintCase.all {
            var text = Array(item.bad.unicodeScalars)
            for _ in 0..<4 {
                let index = Int(random.next() % UInt64(text.count + 1))
                let piece = pieces[Int(random.next() % UInt64(pieces.count))]
                if random.next() % 3 == 0, index < text.count {
                    text.remove(at: index)
                } else {
                    text.insert(contentsOf: piece.unicodeScalars, at: index)
                }
                var mutant = String.UnicodeScalarView()
                mutant.append(contentsOf: text)
                let source = LintSource(file: "a.yaml", text: String(mutant))
                let once = LintFixer.fix([source], with: PolicyLinter())
                #expect(LintFixer.fix(once.sources, with: PolicyLinter()).sources == once.sources)
            }
        }
    }
}
