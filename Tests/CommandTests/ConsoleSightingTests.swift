import Console
import Monitoring
import Testing
import ZeroTrust

@testable import lapwing

/// The console counts what the monitor sees: a record is one thing to both.
@Suite(.timeLimit(.minutes(5))) struct ConsoleSightingTests {
    private static let caller = "spiffe://cluster.local/ns/ml-api/sa/api-gateway"

    @Test(
        arguments: [
            // The path names the model, whatever the body says.
            ("/v2/models/scorer/infer", "other", "scorer"), ("/v1/chat", "chat", "chat"),
            ("/v1/predict", nil, "behind predict"),
        ] as [(String, String?, String)]
    )
    func `the model is the one that the monitor sees`(_ path: String, _ asked: String?, _ model: String) throws {
        let record = try DecisionRecord.made(1, caller: Self.caller, path: path, model: asked)
        let seen = Sighting(record, entry: 1, Callees())
        #expect(seen.model == model)
        #expect(seen.caller == Self.caller)
    }

    @Test func `what a guardrail found in a request that went on is no refusal`() throws {
        let guardrail = DecisionRecord.Guardrail(name: "prompts", rule: "injection")
        for (outcome, isGuarded) in [(DecisionRecord.Outcome.allow, false), (.deny, true)] {
            let record = try DecisionRecord.made(
                1,
                caller: Self.caller,
                path: "/v1/chat",
                outcome: outcome,
                guardrail: guardrail
            )
            #expect(Sighting(record, entry: 1, Callees()).isGuarded == isGuarded)
        }
    }

    @Test(arguments: [caller, nil])
    func `a use is new while the monitor's finding of it is open`(_ caller: String?) throws {
        var settings = MonitorSettings()
        settings.learning = 0
        var monitor = Monitor(settings: settings)
        var picture = TrafficPicture()
        // The second is a member of the finding that the first has opened.
        for (number, path) in ["/v2/models/scorer/infer", "/v2/models/chat/infer", "/v1/predict"].enumerated() {
            let record = try DecisionRecord.made(number, caller: caller, path: path)
            monitor.observe(Observation(record, record: UInt64(number)))
            picture.take(Sighting(record, entry: UInt64(number), Callees()))
        }
        let findings = monitor.findings.findings
        #expect(Set(picture.uses.keys.map(\.model)) == ["scorer", "chat", "behind predict"])
        for use in picture.uses.keys {
            #expect(ConsoleService.isNew(use, in: findings), "\(use): \(findings)")
            #expect(!ConsoleService.isNew(use, in: []))
        }
        // A use of somebody else is none of these.
        let other = try DecisionRecord.made(
            9,
            caller: "spiffe://cluster.local/ns/shop/sa/cart",
            path: "/v2/models/scorer/infer"
        )
        var others = TrafficPicture()
        others.take(Sighting(other, entry: 9, Callees()))
        for use in others.uses.keys { #expect(!ConsoleService.isNew(use, in: findings)) }
        // One that somebody has resolved is not new any more.
        var book = monitor.findings
        for finding in findings {
            try book.apply(.resolve, to: finding.id, by: "uid 0", at: finding.updated)
        }
        for use in picture.uses.keys { #expect(!ConsoleService.isNew(use, in: book.findings)) }
    }

    @Test func `models without a signature are those that may be loaded, and those that a certificate names`() {
        func row(_ digest: String, tags: [String] = ["prod"], signed: Bool, admitted: Bool = true) -> ModelsPage.Row {
            var row = ModelsPage.Row(pushedAt: Timestamp(nanoseconds: 1))
            (row.digest, row.tags, row.isAdmitted) = (digest, tags, admitted)
            row.referrers = ["application/spdx+json"]
            if signed { row.referrers.append("application/vnd.dev.sigstore.bundle.v0.3+json") }
            return row
        }
        let rows = [
            row("a", signed: true), row("b", signed: false), row("c", tags: [], signed: false),
            row("d", signed: false, admitted: false), row("e", signed: false),
        ]
        // What somebody has proved to be signed elsewhere is signed.
        let fact = ConsoleService.models(rows, provenBy: [("e", "key"), ("f", nil)])
        #expect(fact.value == "2" && fact.state == .bad, "\(fact)")
        #expect(fact.more == "of 3 that the registry gives out; callers prove 2 that they have loaded")
        let none = ConsoleService.models(nil, provenBy: [])
        #expect(none.value == "0" && none.state == .idle && none.more == "no caller proves what it has loaded")
        let good = ConsoleService.models([row("a", signed: true)], provenBy: [])
        #expect(good.value == "0" && good.state == .ok)
    }
}
