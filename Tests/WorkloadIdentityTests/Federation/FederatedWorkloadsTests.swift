import Foundation
import RPC
import SPIFFE
import SwiftProtobuf
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

/// Bundles of other trust domains on their way to workloads.
@Suite(.timeLimit(.minutes(5))) struct FederatedWorkloadsTests {
    private let fixture: WorkloadAPIFixture
    private let partner: FederatedBundlesTests.Partner
    private let relationship: FederatedTrustDomain

    init() async throws {
        fixture = try await WorkloadAPIFixture()
        partner = try await FederatedBundlesTests.Partner(clock: fixture.base.clock)
        relationship = try partner.relationship()
        fixture.federation.follow([relationship])
    }

    private func take(_ document: [UInt8]) async throws {
        try await fixture.federation.take(document, of: partner.domain, under: relationship.relationship)
    }

    @Test func `rules 44, 45, 55: each bundle comes under its own name, to the workloads that federate`() async throws {
        try await take(partner.document(sequence: 1))
        try await fixture.create(try WorkloadAPIFixture.entry("self"))
        let client = try fixture.client
        #expect(try await client.fetchX509Context().bundles.keys.map(\.name) == ["cluster.local"])
        #expect(try await client.fetchX509Bundles().count == 1)
        #expect(try await client.fetchJWTBundles().count == 1)

        try await fixture.create(try WorkloadAPIFixture.entry("to-partner", federatesWith: ["partner.example"]))
        let context = try await client.fetchX509Context()
        #expect(context.bundles[partner.domain] == partner.authority.bundle)
        #expect(context.bundles[context.svids[0].id.trustDomain] == fixture.authority.bundle)
        #expect(try await client.fetchX509Bundles()[partner.domain] == partner.authority.bundle)
        #expect(try await client.fetchJWTBundles()[partner.domain] == partner.authority.jwtBundle)
        await fixture.drain()
    }

    @Test func `rules 39, 41, 51: a stream has the full state at each change, and an empty bundle is not in it`()
        async throws
    {
        try await fixture.create(try WorkloadAPIFixture.entry("self", federatesWith: ["partner.example"]))
        var events = try fixture.client.events().makeAsyncIterator()
        #expect(try await nextContext(&events).bundles.count == 1)
        try await take(partner.document(sequence: 1))
        #expect(try await nextContext(&events).bundles[partner.domain] == partner.authority.bundle)
        try await partner.authority.rotate()
        try await take(partner.document(sequence: 2))
        #expect(try await nextContext(&events).bundles[partner.domain]?.authorities.count == 2)
        try await take(Array("{\"keys\":[],\"spiffe_sequence\":3}".utf8))
        #expect(try await nextContext(&events).bundles[partner.domain] == nil)
        try await take(partner.document(sequence: 4))
        #expect(try await nextContext(&events).bundles[partner.domain] != nil)
        fixture.federation.follow([])
        #expect(try await nextContext(&events).bundles[partner.domain] == nil)
        await fixture.drain()
    }

    @Test func `rules 25, 48: a partner's token is validated by the partner's keys, for whoever federates`()
        async throws
    {
        try await take(partner.document(sequence: 1))
        try await fixture.create(try WorkloadAPIFixture.entry("self"))
        let client = try fixture.client
        let id = try SPIFFEID("spiffe://partner.example/caller")
        let token = try partner.authority.issue(JWTSVIDRequest(id: id, audiences: ["shop"])).token
        let refusal = await #expect(throws: RPCStatus.self) {
            try await client.validateJWTSVID(token, audience: "shop")
        }
        #expect(refusal?.code == .invalidArgument)
        try await fixture.create(try WorkloadAPIFixture.entry("to-partner", federatesWith: ["partner.example"]))
        #expect(try await client.validateJWTSVID(token, audience: "shop").id == id)
        // Our own keys do not speak for the partner, and the partner's not for us.
        let forged = try await FederatedBundlesTests.Partner("partner.example", clock: fixture.base.clock)
        let other = try forged.authority.issue(JWTSVIDRequest(id: id, audiences: ["shop"])).token
        await #expect(throws: RPCStatus.self) { try await client.validateJWTSVID(other, audience: "shop") }
        await fixture.drain()
    }

    // MARK: SDS

    private func secret(_ name: String, in response: Discovery_DiscoveryResponse) throws -> TransportSockets_Secret {
        let secrets = try response.resources.map { try TransportSockets_Secret(unpackingAny: $0) }
        return try #require(secrets.first { $0.name == name })
    }

    @Test func `Envoy gets the roots of a partner, and after them a root that vouches for nobody`() async throws {
        try await take(partner.document(sequence: 1))
        try await fixture.create(try WorkloadAPIFixture.entry("self", federatesWith: ["partner.example"]))
        let client = try await RPCClient.connect(unixSocket: fixture.socket)
        let stream: RPCCall<Discovery_DiscoveryRequest, Discovery_DiscoveryResponse> =
            try await client.bidirectional("/\(ServiceName.secretDiscovery)/StreamSecrets")
        var request = Discovery_DiscoveryRequest()
        request.resourceNames = ["spiffe://partner.example", "ALL"]
        try await stream.write(request)
        var responses = stream.responses.makeAsyncIterator()
        let first = try #require(try await responses.next())
        let roots = try secret("spiffe://partner.example", in: first)
        #expect(roots.validationContext.trustedCa.inlineBytes == Data(partner.authority.bundle.pem.utf8))
        func domains(_ response: Discovery_DiscoveryResponse) throws -> [String] {
            let all = try secret("ALL", in: response).validationContext.customValidatorConfig.typedConfig
            return try TransportSockets_SPIFFECertValidatorConfig(unpackingAny: all).trustDomains.map(\.name)
        }
        #expect(try domains(first) == ["cluster.local", "partner.example"])

        try await take(Array("{\"keys\":[],\"spiffe_sequence\":2}".utf8))
        let second = try #require(try await responses.next())
        let nobody = try secret("spiffe://partner.example", in: second).validationContext.trustedCa.inlineBytes
        #expect(nobody == Data(try NobodysRoot.pem.get().utf8) && !nobody.isEmpty)
        #expect(try domains(second) == ["cluster.local"])
        await client.close()
        await fixture.drain()
    }
}

/// py-spiffe as the workload.
@Suite(.enabled(if: PeerProcess.isAvailable), .timeLimit(.minutes(5))) struct FederatedPeerTests {
    @Test func `py-spiffe has the bundles of a partner, and none where its keys are revoked`() async throws {
        let fixture = try await WorkloadAPIFixture()
        let partner = try await FederatedBundlesTests.Partner(clock: fixture.base.clock)
        let relationship = try partner.relationship()
        fixture.federation.follow([relationship])
        try await fixture.create(try WorkloadAPIFixture.entry("a", federatesWith: ["partner.example"]))
        for (sequence, document, expected) in [
            (1, partner.document(sequence: 1), ["cluster.local", "partner.example"]),
            (2, Array("{\"keys\":[],\"spiffe_sequence\":2}".utf8), ["cluster.local"]),
        ] {
            try await fixture.federation.take(document, of: partner.domain, under: relationship.relationship)
            let peer = try PeerProcess("workload_api.py", ["fetch"], socket: fixture.socket)
            let line = try #require(await peer.line())
            let json = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect((json["context_bundles"] as? [String])?.sorted() == expected, "\(sequence)")
            #expect((json["bundles"] as? [String: Int])?.keys.sorted() == expected)
            #expect(await peer.wait() == 0)
        }
        await fixture.drain()
    }
}
