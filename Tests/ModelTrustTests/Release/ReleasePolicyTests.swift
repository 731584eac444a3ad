import Resources
import Testing

@testable import ModelTrust

@Suite struct ReleasePolicyTests {
    @Test func `a policy is read whole`() throws {
        let policy = try ReleaseWorld.policy(ReleaseWorld.yaml)
        #expect(policy.environments == ["production", "staging"])
        #expect(policy.evaluations.first?.metrics.map(\.metric) == ["accuracy", "toxicity"])
        #expect(policy.evaluations.first?.maximumAge == .seconds(720 * 3600))
        #expect(policy.provenance?.datasets.map(\.isRequired) == [true, false])
        #expect(policy.approvals?.count == 2)
    }

    @Test(arguments: [
        ("releasers: [a]", "policy.yaml:1:1: error: `environments` is missing"),
        ("environments: [p]\nreleasers: [a]", "policy.yaml:1:1: error: `authorities` is missing"),
        (
            "authorities: []\nenvironments: [p]\nreleasers: [a]",
            "policy.yaml:1:14: error: `authorities` must not be empty"
        ),
        ("environments: []\nreleasers: [a]", "policy.yaml:1:15: error: `environments` must not be empty"),
        ("environments: [p]", "`releasers` is missing"),
        ("environments: [p]\nreleasers: [a]\nevaluation: []", "policy.yaml:3:1: error: unknown field `evaluation`"),
        ("environments: [p]\nreleasers: ['spiffe://*']", "policy.yaml:2:13: error: `spiffe://*` is not an identity"),
        ("environments: [p]\nreleasers: [a]\nscan: {signers: [s]}", "`maxAge` is missing"),
        (
            "environments: [p]\nreleasers: [a]\napprovals: {count: 2, signers: ['spiffe://td/s'], maxAge: 1h}",
            "names only 1"
        ),
        ("environments: [p]\nreleasers: [a]\napprovals: {count: 0, signers: [s], maxAge: 1h}", "policy.yaml:3:20"),
        (
            "environments: [p]\nreleasers: [a]\nevaluations: [{suite: s, signers: [s], metrics: [], dataset: {name: d}, maxAge: 1h}]",
            "at least one bound"
        ),
        (
            "environments: [p]\nreleasers: [a]\nevaluations: [{suite: s, signers: [s], metrics: [{name: m, atLeast: 2, atMost: 1}], dataset: {name: d}, maxAge: 1h}]",
            "nothing is at least"
        ),
        ("environments: [p]\nreleasers: [a]\nrevoked: {digests: [sha256:AB]}", "is not a digest"),
    ])
    func `a mistake is told with its place`(yaml: String, message: String) {
        do {
            _ = try ReleaseWorld.policy(yaml)
            Issue.record("it was read")
        } catch { #expect("\(error)".contains(message), "\(error)") }
    }

    @Test(arguments: [
        ("spiffe://td/a", true), ("key:" + String(repeating: "a", count: 64), true), ("certificate:a@b", true),
        ("sigstore:https://issuer#a@b", true), ("a@b", false), ("key:abc", false), ("sigstore:a@b", false),
        ("certificate:", false), ("", false),
    ])
    func `a name of a signer says how it was proven`(name: String, isName: Bool) {
        #expect(Principal.isName(name) == isName)
    }

    @Test func `a pattern fits whole segments of a path in one trust domain`() throws {
        let below = try #require(IdentityPattern("spiffe://cluster.local/ns/ml/*"))
        #expect(below.matches("spiffe://cluster.local/ns/ml/sa/a"))
        #expect(!below.matches("spiffe://cluster.local/ns/ml/"))
        #expect(!below.matches("spiffe://cluster.local/ns/mlx/sa/a"))
        #expect(!below.matches("spiffe://cluster.local.evil/ns/ml/sa/a"))
        for text in ["", "*", "spiffe://*", "spiffe://td/*", "spiffe://td/a*", "spiffe://td/*/b", "a/*"] {
            #expect(IdentityPattern(text) == nil, "\(text)")
        }
    }
}
