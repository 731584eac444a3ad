import Foundation
import Resources
import SPIFFE
import TestIdentities
import Testing

@testable import ModelTrust

/// Which signers are believed for which models, as a configuration says it.
@Suite struct ModelTrustPolicyTests {
    private static func policy(_ spec: String) -> String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: ModelTrustPolicy
        metadata: {name: p}
        spec:
        \(spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
        """
    }

    private static func set(_ yaml: String, files: [String: String] = [:]) throws -> ModelTrustPolicySet {
        try ModelTrustPolicySet(try ResourceLoader.parse(yaml: yaml, file: "config/policy.yaml")) { path in
            guard let text = files[path] else { throw ModelRefusal(.unreadable, "there is no `\(path)`") }
            return Array(text.utf8)
        }
    }

    @Test func `a model is believed by every policy that is about it, or refused`() throws {
        let authority = try TestAuthority.root(now: Date())
        let world = try ModelWorld()
        try world.sign(by: try SigningCredential(svid: try authority.svid("/ns/ml-training/sa/pipeline")))
        let bundle = X509Bundle(trustDomain: authority.trustDomain, authorities: [authority.certificate])
        func yaml(_ name: String, _ models: String, _ identity: String) -> String {
            Self.policy(
                """
                models: [\(models)]
                signers:
                - spiffe:
                    trustDomain: cluster.local
                    bundle: {file: bundle.pem}
                    identities: [\(identity)]
                """
            ).replacing("name: p", with: "name: \(name)")
        }
        func refusal(_ yaml: String, _ name: String) throws -> ModelRefusal.Code? {
            do {
                return try Self.set(yaml, files: ["config/bundle.pem": bundle.pem]).verifier(for: name)
                    .verify(model: world.model, signature: world.signature).refusal
            } catch let refusal as ModelRefusal { return refusal.code }
        }
        let training = "'spiffe://cluster.local/ns/ml-training/*'"
        let other = "'spiffe://cluster.local/ns/ml-eval/sa/evaluation'"
        #expect(try refusal(yaml("a", "'fraud-*'", training), "fraud-v3") == nil)
        #expect(try refusal(yaml("a", "'fraud-*'", other), "fraud-v3") == .identity)
        #expect(try refusal(yaml("a", "'fraud-*'", training), "tickets") == .policy)
        // Two policies about one model: both have to be content.
        let both = yaml("a", "'fraud-*'", training) + "\n---\n" + yaml("b", "'*-v3'", other)
        #expect(try refusal(both, "fraud-v3") == .identity)
        #expect(try refusal(both, "fraud-v2") == nil)
    }

    @Test(arguments: [
        ("models: [a]", "`signers`"),
        ("models: []\nsigners: [{key: {publicKey: x}}]", "`models` must not be empty"),
        ("models: [a]\nsigners: []", "`signers` must not be empty"),
        ("models: [a]\nsigners: [{}]", "exactly one of"),
        ("models: [a]\nsigners: [{key: {publicKey: x}}]", "`PUBLIC KEY`"),
        ("models: [a]\nsigners: [{key: {publicKey: {file: none.pem}}}]", "there is no `config/none.pem`"),
        ("models: [a]\nsigners: [{key: {publickey: x}}]", "publicKey"),
        ("models: [a]\nsigners: [{certificate: {authorities: x, identities: []}}]", "must not be empty"),
        ("models: [a]\nsigners: [{sigstore: {trustedRoot: '{}', identities: [a]}}]", "`issuers`"),
        ("models: [a]\nsigners: [{spiffe: {trustDomain: 'A b', bundle: x, identities: [a]}}]", "trust domain"),
        ("models: [a]\nsigners: [{spiffe: {trustDomain: a, bundle: x, identities: ['*']}}]", "identity"),
        ("models: [a]\nsigner: []", "signer"),
    ]) func `a mistake is told with its place`(_ spec: String, _ message: String) throws {
        do {
            _ = try Self.set(Self.policy(spec))
            Issue.record("the mistake was not seen")
        } catch let error as ResourceError {
            #expect(error.description.contains(message), "\(error)")
            #expect(error.description.hasPrefix("config/policy.yaml:"), "\(error)")
        }
    }

    @Test func `a star in a name stands for any characters`() throws {
        let cases: [(String, String, Bool)] = [
            ("fraud", "fraud", true), ("fraud", "fraud2", false), ("*", "", true), ("*", "a/b", true),
            ("fraud-*", "fraud-", true), ("fraud-*", "fraud", false), ("*-v*-int8", "a-v1-v2-int8", true),
            ("*a*a*a*a*b", String(repeating: "a", count: 5000), false), ("a*b", "ab", true), ("a*b", "aXbX", false),
        ]
        for (pattern, name, fits) in cases {
            #expect(try #require(NamePattern(pattern)).matches(name) == fits, "\(pattern) \(name.prefix(20))")
        }
    }
}
