import Testing

@testable import Guardrails

/// Limits by a clock that the test turns.
@Suite struct LocalUsageTests {
    private let second: UInt64 = 1_000_000_000

    private func isAdmitted(_ verdict: UsageVerdict) -> Bool { verdict == .admitted }

    @Test func `a burst goes through, and then one after the other`() {
        let usage = LocalUsage()
        let claim = UsageClaim(key: "a", rate: .init(count: 10, period: .seconds(1), burst: 3))
        for _ in 0..<3 { #expect(isAdmitted(usage.admit([claim], at: second))) }
        guard case .refused(_, let wait?) = usage.admit([claim], at: second) else {
            Issue.record("was admitted")
            return
        }
        #expect(wait <= .milliseconds(100) && wait > .milliseconds(99))
        #expect(isAdmitted(usage.admit([claim], at: second + 100_000_000)))
        #expect(!isAdmitted(usage.admit([claim], at: second + 150_000_000)))
        // After a pause the burst is there again, and no more than it.
        for _ in 0..<3 { #expect(isAdmitted(usage.admit([claim], at: 60 * second))) }
        #expect(!isAdmitted(usage.admit([claim], at: 60 * second)))
    }

    @Test func `over a long time the rate holds exactly`() {
        let usage = LocalUsage()
        let claim = UsageClaim(key: "a", rate: .init(count: 7, period: .seconds(1), burst: 5))
        var admitted = 0
        for tick in 0..<10_000 where isAdmitted(usage.admit([claim], at: second + UInt64(tick) * 10_000_000)) {
            admitted += 1
        }
        #expect((704...706).contains(admitted), "\(admitted)")
    }

    @Test func `callers do not use up one another's share, and nothing is counted of what is refused`() {
        let usage = LocalUsage()
        let rate = UsageLimit.Rate(count: 1, period: .seconds(60), burst: 1)
        let (a, b) = (UsageClaim(key: "a", rate: rate), UsageClaim(key: "b", rate: rate))
        #expect(isAdmitted(usage.admit([a], at: second)))
        #expect(!isAdmitted(usage.admit([b, a], at: second)))
        #expect(isAdmitted(usage.admit([b], at: second)))
    }

    @Test func `what is more than a burst never comes through`() {
        let usage = LocalUsage()
        let claim = UsageClaim(key: "t", rate: .init(count: 100, period: .seconds(1), burst: 50), amount: 51)
        #expect(usage.admit([claim], at: second) == .refused(claim, retryAfter: nil))
        #expect(GuardrailStage.refusal(claim, retryAfter: nil).status == 413)
        let huge = UsageClaim(key: "t", rate: .init(count: 100, period: .seconds(1), burst: 50), amount: .max)
        #expect(usage.admit([huge], at: second) == .refused(huge, retryAfter: nil))
    }

    @Test func `requests at the same time are counted until they are over`() {
        let usage = LocalUsage()
        let claim = UsageClaim(key: "c", concurrent: 2)
        #expect(isAdmitted(usage.admit([claim], at: 1)))
        #expect(isAdmitted(usage.admit([claim], at: 1)))
        #expect(!isAdmitted(usage.admit([claim], at: 1)))
        usage.release([claim])
        #expect(isAdmitted(usage.admit([claim], at: 1)))
    }

    @Test func `many callers cannot use up the memory`() {
        let usage = LocalUsage(maximumKeys: 100)
        let rate = UsageLimit.Rate(count: 1, period: .seconds(1), burst: 1)
        for number in 0..<100 { #expect(isAdmitted(usage.admit([.init(key: "\(number)", rate: rate)], at: second))) }
        #expect(!isAdmitted(usage.admit([.init(key: "new", rate: rate)], at: second)))
        // What is used up is forgotten.
        #expect(isAdmitted(usage.admit([.init(key: "new", rate: rate)], at: 3 * second)))
    }

    @Test func `a caller who names keys at random uses up no more than its own room`() throws {
        let usage = LocalUsage(maximumKeys: 100, maximumKeysOfOwner: 10)
        let rate = UsageLimit.Rate(count: 1, period: .seconds(1), burst: 1)
        func isAdmitted(_ key: String, _ owner: String, at time: UInt64) -> Bool {
            usage.admit([.init(key: key, rate: rate, owner: owner)], at: time) == .admitted
        }
        #expect((0..<50).filter { isAdmitted("a\($0)", "a", at: second) }.count == 10)
        #expect((0..<10).allSatisfy { isAdmitted("b\($0)", "b", at: second) })
        #expect(isAdmitted("a50", "a", at: 3 * second), "what is used up is forgotten")
    }

    @Test func `the name of a model takes so many bytes of a key, however few characters it is`() throws {
        let stage = GuardrailStage(
            try GuardrailTests.guardrail(
                "dialect: openai-chat\nlimits: [{ per: [model], requests: { count: 1, period: 1m } }]"
            )
        )
        let name = "e" + String(repeating: "\u{301}", count: 100_000)
        let body = #"{"model":"\#(name)","messages":[{"role":"user","content":"a"}]}"#
        let request = try stage.judge(RequestBody(path: "/v1/chat/completions", bytes: Array(body.utf8)))
        let claim = try #require(stage.claims(of: request, by: "spiffe://x/a").first)
        #expect(claim.key.utf8.count < 300 && claim.owner == "spiffe://x/a")
    }

    @Test func `a request claims for its caller, its model, its tokens`() throws {
        let stage = GuardrailStage(
            try GuardrailTests.guardrail(
                """
                dialect: openai-chat
                limits:
                  - { per: [identity], requests: { count: 1, period: 1m }, concurrent: 3 }
                  - { per: [model], tokens: { count: 100, period: 1m } }
                """
            )
        )
        let body = #"{"model":"m","n":2,"max_tokens":10,"messages":[{"role":"user","content":"12345678"}]}"#
        let request = try stage.judge(RequestBody(path: "/v1/chat/completions", bytes: Array(body.utf8)))
        let claims = stage.claims(of: request, by: "spiffe://x/a")
        #expect(claims.count == 3)
        #expect(claims.last?.amount == 22)
        #expect(
            Set(claims.map(\.key)).isDisjoint(with: stage.claims(of: request, by: "spiffe://x/b").prefix(2).map(\.key))
        )
        let refusal = GuardrailStage.refusal(claims[0], retryAfter: .milliseconds(1500))
        #expect(refusal.status == 429 && refusal.retryAfter == 2 && refusal.rule == "request_rate")
    }
}
