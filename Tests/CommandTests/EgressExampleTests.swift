import Authorization
import Foundation
import Resources
import Testing
import WorkloadIdentity
import ZeroTrust

@testable import Gateway

/// The example of calling out loads as it stands, and says what its README promises.
@Suite(.timeLimit(.minutes(5))) struct EgressExampleTests {
    private static let documents = Result {
        try ResourceLoader.load(
            path: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path + "/Examples/egress"
        ).documents
    }

    @Test func `the example loads whole, and warns of nothing`() throws {
        let documents = try Self.documents.get()
        let gateway = try #require(try GatewayConfiguration.load(documents).first)
        #expect(gateway.egress?.listeners.count == 3)
        #expect(gateway.listeners.isEmpty)
        #expect(try ServiceEntry.load(documents).count == 3)
        for document in documents where document.kind == WorkloadEntry.kind { _ = try WorkloadEntry(document) }
        #expect(try Self.snapshot().warnings.isEmpty)
    }

    private static func snapshot() throws -> EgressSnapshot {
        let documents = try documents.get()
        return try EgressSnapshot(
            entries: ServiceEntry.load(documents),
            policies: PolicySet.load(documents),
            namespace: "ml-inference",
            trustDomains: ["cluster.local"],
            digest: ""
        )
    }

    @Test(
        arguments: [
            ("deployment-pipeline", "hub.example.com", 443, nil, nil),
            ("deployment-pipeline", "models.storage.example.com", 443, nil, nil),
            ("inference-service", "hub.example.com", 443, nil, "no_rule_matched"),
            ("inference-service", "evil.example.com", 443, nil, "undeclared_host"),
            ("inference-service", "feature-store.ml-features", 80, "/v1/features/7", nil),
            ("inference-service", "feature-store.ml-features", 80, "/v1/admin", "no_rule_matched"),
            ("deployment-pipeline", "feature-store.ml-features", 80, "/v1/features/7", "caller_not_our_workload"),
        ] as [(String, String, UInt16, String?, String?)]
    )
    func `who may call what`(caller: String, host: String, port: UInt16, path: String?, refusal: String?) throws {
        let own = try SPIFFEID("spiffe://cluster.local/ns/ml-inference/sa/inference-service")
        let engine = EgressEngine(snapshot: try Self.snapshot(), own: own)
        let target = EgressTarget(name: try DestinationName.parse(host).get(), port: port)
        let plain = path.map { PlainRequest(method: "GET", path: $0, headers: [], isDNSQuery: false) }
        let source = Exchange.Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 4000)
        do throws(EgressEngine.Refusal) {
            _ = try engine.approve(
                target,
                callers: [Self.id(caller)],
                source: source,
                plain: plain
            )
            #expect(refusal == nil)
        } catch {
            #expect(error.reason == refusal)
        }
    }

    private static func id(_ account: String) throws(EgressEngine.Refusal) -> SPIFFEID {
        do { return try SPIFFEID("spiffe://cluster.local/ns/ml-inference/sa/\(account)") } catch {
            throw EgressEngine.Refusal(reason: "\(error)")
        }
    }
}
