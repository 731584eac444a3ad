import MutualTLS
import SPIFFE
import TestIdentities
import Testing
import X509
import ZeroTrust

@Suite(.enabled(if: OpenSSLClient.isWanted, "the test peers are not installed"), .timeLimit(.minutes(5)))
struct `OpenSSL client` {
    let world: PeerWorld
    let server: TLSIdentity

    init() throws {
        world = try PeerWorld()
        server = try TLSIdentity(
            svid: world.ours.svid("/ns/ml-inference/sa/inference-service"),
            bundles: world.bundles,
            options: TLSOptions(minimumVersion: .tls12)
        )
    }

    @Test func `is refused with a key that may not sign`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let leaf = try world.ours.leaf { $0.keyUsage = KeyUsage(keyAgreement: true) }
        let client = try OpenSSLClient(showing: leaf, to: loopback.address)
        #expect(try await client.connect() == "refused")
        #expect(await loopback.nextRefusal()?.refusal.code == "no_digital_signature")
        try client.stop()
        try await loopback.stop()
    }

    @Test(arguments: ["1.3", "1.2"], [false, true])
    func `resumes its session as the same peer until its CA is removed`(version: String, below: Bool) async throws {
        let loopback = try await LoopbackServer.start(server)
        let leaf = try (below ? world.ours.intermediate() : world.ours).leaf("/caller")
        let client = try OpenSSLClient(showing: leaf, to: loopback.address, version: version)
        #expect(try await client.connect() == "spiffe://cluster.local/caller new")
        #expect(try await client.connect(resuming: true) == "spiffe://cluster.local/caller resumed")
        let first = try #require(await loopback.nextPeer())
        let second = try #require(await loopback.nextPeer())
        #expect(first.peer == second.peer)

        try server.update(
            svid: server.svid,
            bundles: [
                world.ours.trustDomain: X509Bundle(
                    trustDomain: world.ours.trustDomain,
                    authorities: [world.stranger.certificate]
                )
            ]
        )
        #expect(try await client.connect(resuming: true) == "refused")
        #expect(await loopback.nextRefusal()?.refusal.code == "unknown_authority")
        try client.stop()
        try await loopback.stop()
    }

    @Test(arguments: ["1.3", "1.2"])
    func `does not resume past the end of its certificate`(version: String) async throws {
        let clock = TestClock()
        let identity = try TLSIdentity(
            svid: server.svid,
            bundles: world.bundles,
            options: server.options,
            clock: { clock.now }
        )
        let loopback = try await LoopbackServer.start(identity)
        let client = try OpenSSLClient(showing: try world.ours.leaf("/caller"), to: loopback.address, version: version)
        #expect(try await client.connect() == "spiffe://cluster.local/caller new")
        #expect(await loopback.nextPeer() != nil)
        clock.advance(by: 7200)
        #expect(try await client.connect(resuming: true) == "refused")
        #expect(await loopback.nextRefusal()?.refusal.code == "expired")
        try client.stop()
        try await loopback.stop()
    }
}
