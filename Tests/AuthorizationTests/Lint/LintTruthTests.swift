import Authorization
import Foundation
import Resources
import Testing
import ZeroTrust

/// What the linter says of a way around a policy is so: the request that it names passes under `istio`, and under
/// `strict` does not.
@Suite struct LintTruthTests {
    struct WayAround: Sendable, CustomTestStringConvertible {
        let rule: String
        let policy: String
        /// What the policy keeps out.
        let plain: (path: String, authority: String)
        /// What passes it.
        let variant: (path: String, authority: String)

        var testDescription: String { "\(rule): \(variant.path) at \(variant.authority)" }
    }

    private static func path(_ rule: String, _ denied: String, _ plain: String, _ variant: String) -> WayAround {
        WayAround(
            rule: rule,
            policy: LintYAML.operation("paths: ['\(denied)'], ports: ['8080']", action: "DENY"),
            plain: (plain, "a.example"),
            variant: (variant, "a.example")
        )
    }

    static let waysAround: [WayAround] = [
        path("LW0042", "/admin/x", "/admin/x", "//admin/x"),
        path("LW0043", "/admin/x", "/admin/x", "/admin%2Fx"),
        path("LW0044", "/admin/x", "/admin/x", "/Admin/x"),
        path("LW0045", "/admin/x", "/admin/x", "/admin;x/x"),
        path("LW0046", "/admin/x", "/admin/x", "/admin/x/"),
        path("LW0046", "/admin/*", "/admin/x", "/admin"),
        path("LW0047", "/v1/{*}/delete", "/v1/m/delete", "/v1/m/delete/"),
        path("LW0047", "/v1/{*}/delete", "/v1/m/delete", "/v1/m/delete;a"),
        WayAround(
            rule: "LW0020",
            policy: LintYAML.operation("hosts: [admin.example], ports: ['8080']", action: "DENY"),
            plain: ("/", "admin.example"),
            variant: ("/", "admin.example:443")
        ),
        WayAround(
            rule: "LW0021",
            policy: LintYAML.rule(
                "{when: [{key: 'request.headers[:authority]', values: [admin.example]}]}",
                action: "DENY"
            ),
            plain: ("/", "admin.example"),
            variant: ("/", "Admin.example")
        ),
    ]

    private func decide(
        _ policy: String,
        _ compatibility: Compatibility,
        _ request: (path: String, authority: String)
    ) throws -> Decision.Outcome {
        let everything = LintYAML.rule("{}", name: "everything")
        let engine = try Fixture.engine(policy, everything, compatibility: compatibility)
        // Paths as a gateway hands them over, with the normalisation that the linter takes for granted.
        let screen = RequestScreen(normalization: .base, compatibility: compatibility)
        let screened: RequestScreen.Request
        switch screen.check(method: "POST", target: request.path, authority: request.authority) {
        case .accepted(let accepted): screened = accepted
        // Refused before any policy is asked: it does not pass.
        case .refused: return .deny
        }
        let attributes = try Fixture.attributes(path: screened.path, authority: screened.authority)
        return engine.evaluate(attributes).outcome
    }

    @Test(arguments: waysAround)
    func `a way around that is reported passes in Istio and not in strict mode`(_ item: WayAround) throws {
        for compatibility in Compatibility.allCases {
            let linter = PolicyLinter(options: LintOptions(compatibility: compatibility))
            let findings = linter.lint([LintSource(file: "a.yaml", text: item.policy)])
            let finding = try #require(findings.first { $0.rule == item.rule })
            #expect(finding.severity == (compatibility == .strict ? .note : .warning))
            #expect(try decide(item.policy, compatibility, item.plain) == .deny)
            #expect(try decide(item.policy, compatibility, item.variant) == (compatibility == .strict ? .deny : .allow))
        }
    }

    @Test(arguments: waysAround)
    func `what mends a way around closes it in Istio as well`(_ item: WayAround) throws {
        let linter = PolicyLinter(options: LintOptions(compatibility: .istio))
        let outcome = LintFixer.fix([LintSource(file: "a.yaml", text: item.policy)], with: linter)
        guard outcome.fixed.contains(where: { $0.rule == item.rule }), let mended = outcome.sources.first else {
            return
        }
        #expect(try decide(mended.text, .istio, item.variant) == .deny)
        #expect(try decide(mended.text, .istio, item.plain) == .deny)
    }

    @Test func `an ALLOW rule that only excludes tokens lets in whoever has none, in Istio alone`() throws {
        let policy = LintYAML.source("notRequestPrincipals: ['a/b']")
        #expect(try Fixture.engine(policy, compatibility: .istio).evaluate(Fixture.attributes()).outcome == .allow)
        #expect(try Fixture.engine(policy, compatibility: .strict).evaluate(Fixture.attributes()).outcome == .deny)
    }

    @Test(arguments: LintCase.all.filter { $0.rule == "LW0030" })
    func `a rule that is reported as contradictory never matches`(_ item: LintCase) throws {
        let callers = ["cluster.local/ns/a/sa/b", "cluster.local/ns/c/sa/d"]
        for caller in callers {
            for path in ["/", "/a", "/b", "/a/b"] {
                for port: UInt16 in [80, 81] {
                    let attributes = try Fixture.attributes(
                        caller: Caller(uris: ["spiffe://" + caller]),
                        path: path,
                        port: port
                    )
                    #expect(try Fixture.engine(item.bad, compatibility: .istio).evaluate(attributes).outcome == .deny)
                }
            }
        }
    }
}
