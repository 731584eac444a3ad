import Resources
import Testing
import ZeroTrust

@testable import Authorization

@Suite struct TokenGenerationTests {
    @Test func `a caller that sent tokens is allowed with tokens of the same issuer alone`() throws {
        func request(_ path: String, issuer: String?) throws -> ObservedRequest {
            var attributes = try Fixture.attributes(
                caller: Caller(uris: ["spiffe://td/ns/a/sa/a"]),
                method: "GET",
                path: path
            )
            attributes.token = issuer.map { TokenClaims(["iss": .text($0), "sub": .text("alice")]) }
            return ObservedRequest(attributes)
        }
        let seen = [
            try request("/open", issuer: nil), try request("/closed", issuer: "https://i"),
            try request("/odd", issuer: "https://*"),
        ]
        let generated = PolicyGenerator(scope: .init(namespace: "ml-inference", name: "seen")).generate(seen)
        #expect(generated.omissions.map(\.reason) == [.unnameableValue])
        let policies = try PolicySet.load(try ResourceLoader.parse(yaml: generated.yaml, file: "seen.yaml"))
        let engine = try PolicyEngine(policies: policies, workload: Fixture.workload)
        func outcome(_ path: String, _ issuer: String?) throws -> Decision.Outcome {
            engine.evaluate(try request(path, issuer: issuer).attributes).outcome
        }
        #expect(try outcome("/open", nil) == .allow && outcome("/closed", "https://i") == .allow)
        #expect(try outcome("/closed", nil) == .deny && outcome("/closed", "https://other") == .deny)
    }
}
