import Authorization
import Foundation
import Gateway
import Resources
import Testing
import WorkloadIdentity
import ZeroTrust

/// What the articles and the examples show has to load as it stands there.
@Suite("Configuration in articles and examples", .timeLimit(.minutes(5)))
struct DocumentedConfigurationTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A page and a resource on it.
    struct Sample: Sendable, CustomTestStringConvertible {
        let page: String
        let yaml: String

        var testDescription: String { page }
    }

    /// Every block of YAML that is a resource, on every page for readers.
    private static let samples: [Sample] = {
        let articles = root.appendingPathComponent("Documentation/Lapwing.docc")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: articles.path)) ?? []
        let pages = names.filter { $0.hasSuffix(".md") }.sorted().map { "Documentation/Lapwing.docc/\($0)" }
        return (["README.md"] + pages).flatMap { page in
            let text = (try? String(contentsOf: root.appendingPathComponent(page), encoding: .utf8)) ?? ""
            return text.components(separatedBy: "```yaml\n").dropFirst().compactMap { block in
                let yaml = block.components(separatedBy: "```").first ?? ""
                return yaml.hasPrefix("apiVersion:") ? Sample(page: page, yaml: yaml) : nil
            }
        }
    }()

    /// Loads what the modules know; the rest is the program's own.
    private func load(_ documents: [Document]) throws {
        _ = try GatewayConfiguration.load(documents)
        _ = try PolicySet.load(documents)
        _ = try PolicyTest.load(documents)
        _ = try AdminPolicy.load(documents)
        _ = try ServiceEntry.load(documents)
        for document in documents where document.kind == WorkloadEntry.kind { _ = try WorkloadEntry(document) }
    }

    @Test func `there are samples on the pages`() {
        #expect(Set(Self.samples.map(\.page)).count >= 4)
    }

    @Test(arguments: samples)
    func `a sample loads`(sample: Sample) throws {
        try load(try ResourceLoader.parse(yaml: sample.yaml, file: sample.page))
    }

    @Test func `the reference configuration loads whole`() throws {
        let documents = try ResourceLoader.load(path: Self.root.path + "/Examples/reference").documents
        try load(documents)
        #expect(
            Set(documents.map(\.kind)) == [
                "Gateway", "AuthorizationPolicy", "WorkloadEntry", "PolicyTest", "ReachAssertions",
            ]
        )
    }

    @Test(arguments: [
        ("ml-api/sa/api-gateway", "POST", "/v1/predict", Decision.Outcome.allow),
        ("ml-api/sa/api-gateway", "POST", "/v1/stream", .allow),
        ("ml-api/sa/api-gateway", "POST", "/v1//predict", .allow),
        ("ml-api/sa/api-gateway", "GET", "/v1/predict", .deny),
        ("ml-api/sa/api-gateway", "POST", "/v1/predict/..", .deny),
        ("ml-api/sa/api-gateway", "POST", "/v1%2Fpredict", .deny),
        ("ml-api/sa/api-gateway", "POST", "/v1/admin", .deny),
        ("ml-training/sa/training-pipeline", "POST", "/v1/predict", .deny),
        ("ml-api/sa/api-gateway/x", "POST", "/v1/predict", .deny),
    ])
    func `the reference configuration lets one caller through`(
        caller: String,
        method: String,
        path: String,
        outcome: Decision.Outcome
    ) throws {
        let documents = try ResourceLoader.load(path: Self.root.path + "/Examples/reference").documents
        let gateway = try #require(try GatewayConfiguration.load(documents).first)
        let engine = try PolicyEngine(policies: try PolicySet.load(documents), workload: gateway.workload)
        let screen = RequestScreen(normalization: gateway.pathNormalization)
        guard case .accepted(let request) = screen.check(method: method, target: path, authority: "inference.example")
        else {
            Issue.record("the request is malformed")
            return
        }
        let loopback = IPAddress(v4: 0x7f00_0001)
        let decision = engine.evaluate(
            Attributes(
                caller: Caller(try SPIFFEID("spiffe://cluster.local/ns/\(caller)")),
                method: request.method,
                path: request.path,
                authority: request.authority,
                source: loopback,
                destination: Exchange.Endpoint(address: loopback, port: 8443)
            )
        )
        #expect(decision.outcome == outcome)
    }
}
