import Resources
import SPIFFE
import Testing
import ZeroTrust

@testable import Authorization

/// Conditions on the model that the caller's certificate names.
@Suite struct ModelConditionTests {
    static let good = "sha256:" + String(repeating: "0a", count: 32)
    static let other = "sha256:" + String(repeating: "0b", count: 32)

    /// A caller that has loaded a model, or none.
    private func request(_ digest: String?, signer: String = "trainer") throws -> Attributes {
        let model = try digest.map { try #require(ModelClaim(digest: $0, signer: signer)) }
        let id = try SPIFFEID(Fixture.gateway)
        return try Fixture.attributes(caller: Caller(id, model: model))
    }

    private func rule(_ key: String, _ values: String) -> String { "{when: [{key: \(key), \(values)}]}" }

    private static let both: [Compatibility] = [.strict, .istio]

    @Test(arguments: both) func `a digest is matched whole, and a signer as a name`(_ mode: Compatibility) throws {
        let digest = try Fixture.engine(
            Fixture.policy(rule("source.model.digest", "values: [\"\(Self.good)\"]")),
            compatibility: mode
        )
        #expect(digest.evaluate(try request(Self.good)).outcome == .allow)
        for attributes in [try request(Self.other), try request(nil), try Fixture.attributes(caller: .anonymous)] {
            #expect(digest.evaluate(attributes).outcome == .deny)
        }
        let signer = try Fixture.engine(
            Fixture.policy(rule("source.model.signer", "values: [\"train*\"]")),
            compatibility: mode
        )
        #expect(signer.evaluate(try request(Self.other)).outcome == .allow)
        #expect(signer.evaluate(try request(Self.good, signer: "stranger")).outcome == .deny)
        #expect(signer.evaluate(try request(nil)).outcome == .deny)
        let any = try Fixture.engine(
            Fixture.policy(rule("source.model.digest", "values: ['*']")),
            compatibility: mode
        )
        #expect(any.evaluate(try request(Self.other)).outcome == .allow)
        #expect(any.evaluate(try request(nil)).outcome == .deny)
    }

    @Test(arguments: both) func `a DENY rule for any other model takes who has none`(_ mode: Compatibility) throws {
        let engine = try Fixture.engine(
            Fixture.policy("{}", name: "everybody"),
            Fixture.policy(rule("source.model.digest", "notValues: [\"\(Self.good)\"]"), action: "DENY", name: "not"),
            compatibility: mode
        )
        #expect(engine.evaluate(try request(Self.good)).outcome == .allow)
        #expect(engine.evaluate(try request(Self.other)).outcome == .deny)
        #expect(engine.evaluate(try request(nil)).outcome == .deny)
    }

    @Test func `an ALLOW rule for any other model needs one, in strict`() throws {
        let engine = try Fixture.engine(
            Fixture.policy(rule("source.model.digest", "notValues: [\"\(Self.good)\"]"))
        )
        #expect(engine.evaluate(try request(Self.other)).outcome == .allow)
        #expect(engine.evaluate(try request(Self.good)).outcome == .deny)
        #expect(engine.evaluate(try request(nil)).outcome == .deny)
    }

    @Test(arguments: ["sha256:0a", "0a", "sha256:*", "'*a'"]) func `a value that is no digest is refused`(
        _ value: String
    ) throws {
        let yaml = Fixture.policy(rule("source.model.digest", "values: [\(value)]"))
        let checked = PolicySet.check(try ResourceLoader.parse(yaml: yaml, file: "policy.yaml"))
        #expect(checked.diagnostics.contains { $0.severity == .error && $0.message.contains("no digest of a model") })
    }

    @Test(arguments: both) func `who can reach what is unknown, and never wrong`(_ mode: Compatibility) throws {
        let engine = try Fixture.engine(
            Fixture.policy(rule("source.model.digest", "values: [\"\(Self.good)\"]")),
            compatibility: mode
        )
        do {
            _ = try Reachability(engine, options: .init()).allowed()
            Issue.record("what is not analysed was answered")
        } catch {
            #expect(error.code == .unsupported)
        }
    }

    @Test(arguments: ["ALLOW", "DENY"]) func `no export lets more through`(_ action: String) throws {
        let yaml = Fixture.policy(rule("source.model.digest", "values: [\"\(Self.good)\"]"), action: action)
        let set = try PolicySet.load(try ResourceLoader.parse(yaml: yaml, file: "policy.yaml"))
        let export = EnvoyExport().export(set.policies, compatibility: .strict)
        #expect(export.losses.map(\.effect) == [.stricter])
        #expect(export.losses.allSatisfy { $0.message.contains("source.model.digest") })
    }
}
