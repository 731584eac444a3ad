import Authorization
import Foundation
import MutualTLS
import NIOCore
import Resources
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway

/// The oracle's connections without HTTP, each made to a real listener at the address that it names.
///
/// The port is one that the system chooses, and stands in the policies for the one that the case names.
@Suite(.timeLimit(.minutes(1))) struct TCPOracleTests {
    private struct Oracle: Decodable {
        struct Set: Decodable {
            let id: String
            let kind: String
            let peerAuthentication: MutualTLSMode
            let policyYAML: String
        }

        struct Case: Decodable {
            struct Certificate: Decodable {
                let uris: [String]
                let trusted_ca: Bool
                let expired: Bool
            }

            struct Request: Decodable {
                let src: String
                let port: Int
                let dst_ip: String
                let sni: String?
                let plain: Bool?
                let client: Certificate?
            }

            struct Expectation: Decodable { let decision: String }

            let id: String
            let set: String
            let request: Request
            let expected: Expectation
        }

        let sets: [Set]
        let cases: [Case]
    }

    @Test func `every connection is let through or refused as Envoy does, and who is refused hears nothing`()
        async throws
    {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("skipped: LAPWING_CORPUS is not set")
            return
        }
        let file = URL(fileURLWithPath: root).appendingPathComponent("istio/oracle_cases.json")
        let oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: file))
        let sets = oracle.sets.filter { $0.kind == "tcp" }
        let byID = Dictionary(sets.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var passed = 0
        var failures: [String] = []
        for item in oracle.cases {
            guard let set = byID[item.set] else { continue }
            let decision = try await Self.decision(set, item.request)
            // A certificate that SPIFFE does not allow is refused earlier than Envoy does it.
            if decision == item.expected.decision || (decision == "TLS_REJECT" && item.expected.decision == "DENY") {
                passed += 1
            } else {
                failures.append("\(item.id): expected \(item.expected.decision), got \(decision)")
            }
        }
        for failure in failures { print("FAILED \(failure)") }
        print("suite: Istio authorization oracle, TCP listeners: \(passed) passed, \(failures.count) failed")
        #expect(failures.isEmpty)
        #expect(passed > 0)
    }

    /// What becomes of a connection before a server that speaks first.
    private static func decision(_ set: Oracle.Set, _ request: Oracle.Case.Request) async throws -> String {
        let server = try await TCPServer.start(greeting: "banner")
        let workload = Workload(namespace: "ml-inference", labels: ["app": "inference-service"])
        let gateway = try await TestGateway.start(upstream: nil, transport: server.transport) { configuration in
            configuration.listeners = [
                Listener(
                    address: request.dst_ip,
                    port: 0,
                    service: .tcp(TCPService(upstream: "inference"))
                )
            ]
            configuration.routes = []
        }
        let port = try #require(gateway.server.ports["mtls"])
        let documents = try ResourceLoader.parse(
            yaml: set.policyYAML.replacing("'\(request.port)'", with: "'\(port)'")
                + TestGateway.mode(set.peerAuthentication),
            file: "\(set.id).yaml"
        )
        let policies = try PolicySet.load(documents, checks: .dataPlane)
        try await gateway.replace(
            policy: PolicySnapshot(
                engine: PolicyEngine(
                    policies: policies,
                    workload: workload,
                    options: .init(compatibility: .istio, trustDomains: ["cluster.local"])
                ),
                mutualTLS: MutualTLSRequirement(policies.peerAuthentications, workload: workload),
                digest: set.id
            )
        )
        let peer = try await connect(gateway, port, request)
        let heard = await peer.heard.wait { $0.isClosed || $0.isEnded || $0.text == "banner" }
        await peer.close()
        await gateway.stop()
        await server.stop()
        if heard.text == "banner" { return "ALLOW" }
        #expect(heard.count == 0 && server.accepted.isEmpty, "who is refused heard something")
        return gateway.log.entries.value.contains { $0["kind"] == "decision" } ? "DENY" : "TLS_REJECT"
    }

    private static func connect(
        _ gateway: TestGateway,
        _ port: Int,
        _ request: Oracle.Case.Request
    ) async throws -> TCPPeer {
        guard request.plain != true else { return try await TCPPeer.connect(to: port, at: request.dst_ip) }
        let authority =
            request.client?.trusted_ca == true ? gateway.authority : try .root("cluster.local", now: Date())
        let uris = request.client?.uris ?? []
        let path = uris.count == 1 ? uris[0].replacing("spiffe://cluster.local", with: "") : "/none"
        let svid = try authority.svid(path) { form in
            if request.client?.expired == true { form.notAfter = Date() - 60 }
        }
        return try await TCPPeer.connect(
            to: port,
            at: request.dst_ip,
            as: TLSIdentity(svid: svid, bundles: [gateway.authority.trustDomain: gateway.authority.bundle]),
            expecting: gateway.id,
            serverName: request.sni
        )
    }
}
