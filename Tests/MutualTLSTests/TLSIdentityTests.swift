import Foundation
import MutualTLS
import NIOCore
import NIOPosix
import NIOSSL
import SPIFFE
import Synchronization
import TestIdentities
import Testing
import X509
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `TLS identity` {
    let world: PeerWorld
    let server: TLSIdentity
    let client: TLSIdentity
    let serverID: SPIFFEID

    init() throws {
        world = try PeerWorld()
        let svid = try world.ours.svid("/ns/ml-inference/sa/inference-service")
        serverID = svid.id
        server = try TLSIdentity(svid: svid, bundles: world.bundles)
        client = try TLSIdentity(svid: world.ours.svid(), bundles: world.bundles)
    }

    @Test func `says on both sides who is at the other end`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let connection = try await LoopbackClient.connect(
            client,
            to: loopback.address,
            expecting: serverID,
            serverName: "Inference.Example"
        )
        #expect(try await connection.answer() == "\(client.svid.id)")
        let seen = try #require(await loopback.nextPeer())
        #expect(seen.peer.id == client.svid.id)
        #expect(seen.peer.serialNumber == client.svid.serialNumber)
        #expect(seen.tlsVersion == "TLSv1.3")
        #expect(seen.cipher.hasPrefix("TLS_"))
        #expect(seen.serverName == "inference.example")
        let reached = try await connection.verified.get()
        #expect(reached.peer.id == serverID)
        #expect(reached.cipher == seen.cipher)
        try await loopback.stop()
    }

    /// BoringSSL does not load a key that may not sign, so that another library presents that one below.
    @Test(arguments: PeerCase.all.filter { $0.refusal != "no_digital_signature" })
    func `judges each way to present oneself on the wire`(peer: PeerCase) async throws {
        let leaf = try peer.make(world)
        let loopback = try await LoopbackServer.start(server)
        let connection = try await LoopbackClient.connect(to: loopback.address) {
            try PlainTLSClient.handlers(showing: leaf)
        }
        let answer = try await connection.answer()
        switch (await loopback.next(), peer.transportRefusal) {
        case (.verified(let verified), nil): #expect(answer == "\(verified.peer.id)")
        case (.refused(let refused), let code?):
            #expect(answer == nil)
            #expect(refused.refusal.code == code, "\(refused.refusal)")
            #expect(refused.remoteAddress != nil)
        case (let event, _): Issue.record("\(peer): \(String(describing: event))")
        }
        try await loopback.stop()
    }

    @Test func `refuses plaintext`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let connection = try await LoopbackClient.connect(to: loopback.address) { [] }
        #expect(try await connection.answer() == nil)
        #expect(await loopback.nextRefusal()?.refusal.code == "plaintext")
        try await loopback.stop()
    }

    @Test func `refuses a client without a certificate`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let connection = try await LoopbackClient.connect(to: loopback.address) {
            try PlainTLSClient.handlers(showing: nil)
        }
        #expect(try await connection.answer() == nil)
        #expect(await loopback.nextRefusal()?.refusal.code == "no_certificate")
        try await loopback.stop()
    }

    @Test func `speaks TLS 1_2 only where it was chosen`() async throws {
        let leaf = try world.ours.leaf()
        let strict = try await LoopbackServer.start(server)
        let refused = try await LoopbackClient.connect(to: strict.address) {
            try PlainTLSClient.handlers(showing: leaf, minimum: .tlsv12, maximum: .tlsv12)
        }
        #expect(try await refused.answer() == nil)
        #expect(await strict.nextRefusal()?.refusal.code == "handshake_failed")
        try await strict.stop()

        let lenient = try await LoopbackServer.start(
            TLSIdentity(svid: server.svid, bundles: world.bundles, options: TLSOptions(minimumVersion: .tls12))
        )
        let taken = try await LoopbackClient.connect(to: lenient.address) {
            try PlainTLSClient.handlers(showing: leaf, minimum: .tlsv12, maximum: .tlsv12)
        }
        #expect(try await taken.answer() != nil)
        let peer = try #require(await lenient.nextPeer())
        #expect(peer.tlsVersion == "TLSv1.2")
        #expect(peer.cipher == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
        try await lenient.stop()
    }

    @Test func `notes a client that goes away during the handshake`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(to: loopback.address).get()
        try await channel.close()
        #expect(await loopback.nextRefusal()?.refusal.code == "handshake_aborted")
        try await loopback.stop()
    }

    @Test func `closes a handshake that does not end in time`() async throws {
        let options = TLSOptions(handshakeTimeout: .milliseconds(50))
        let loopback = try await LoopbackServer.start(
            TLSIdentity(svid: server.svid, bundles: world.bundles, options: options)
        )
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(to: loopback.address).get()
        // The server may have given up already.
        try? await channel.writeAndFlush(ByteBuffer(bytes: [22, 3, 1, 2, 0, 1]))
        #expect(await loopback.nextRefusal()?.refusal.code == "handshake_timeout")
        try await channel.closeFuture.get()
        try await loopback.stop()
    }

    @Test func `refuses garbage in a handshake's place`() async throws {
        let loopback = try await LoopbackServer.start(server)
        for bytes: [UInt8] in [
            [22, 3, 1, 0, 4, 2, 0, 0, 0], [22] + Array(repeating: 0xff, count: 400),
        ] {
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(to: loopback.address).get()
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
            #expect(await loopback.nextRefusal()?.refusal.code == "handshake_failed")
            try await channel.closeFuture.get()
        }
        try await loopback.stop()
    }

    @Test func `does not talk to a server that is somebody else`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let refusals = Refusals()
        let connection = try await LoopbackClient.connect(
            client,
            to: loopback.address,
            expecting: SPIFFEID("spiffe://cluster.local/ns/ml-inference/sa/other"),
            onRefusal: { refusals.note($0) }
        )
        #expect(try await connection.answer() == nil)
        #expect(refusals.codes == ["unexpected_id"])
        #expect(await loopback.nextRefusal()?.refusal.code == "rejected_by_peer")
        try await loopback.stop()
    }

    @Test func `does not talk to a server of another CA`() async throws {
        let loopback = try await LoopbackServer.start(
            TLSIdentity(
                svid: world.stranger.svid("/ns/ml-inference/sa/inference-service"),
                bundles: [world.stranger.trustDomain: world.stranger.bundle]
            )
        )
        let refusals = Refusals()
        let connection = try await LoopbackClient.connect(
            client,
            to: loopback.address,
            expecting: serverID,
            onRefusal: { refusals.note($0) }
        )
        #expect(try await connection.answer() == nil)
        #expect(refusals.codes == ["unknown_authority"])
        try await loopback.stop()
    }

    @Test func `keeps a connection through any number of renewals`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let connection = try await LoopbackClient.connect(client, to: loopback.address, expecting: serverID)
        let old = client.svid.id
        for number in 0..<20 {
            #expect(try await connection.ask() == "\(old)")
            try server.update(svid: world.ours.svid("/ns/ml-inference/sa/inference-service"), bundles: world.bundles)
            try client.update(svid: world.ours.svid("/renewed/\(number)"), bundles: world.bundles)
            #expect(try await connection.ask() == "\(old)")
            let new = try await LoopbackClient.connect(client, to: loopback.address, expecting: serverID)
            #expect(try await new.answer() == "spiffe://cluster.local/renewed/\(number)")
            #expect(try await new.verified.get().peer.serialNumber == server.svid.serialNumber)
        }
        try await connection.channel.close()
        try await loopback.stop()
    }

    @Test func `takes an added CA and refuses a removed one, and leaves connections that stand`() async throws {
        let loopback = try await LoopbackServer.start(server)
        let (ours, next) = (world.ours, world.stranger)
        let leaf = try next.leaf()
        @Sendable func answer(_ leaf: TestLeaf) async throws -> String? {
            try await connect(leaf).answer()
        }
        @Sendable func connect(_ leaf: TestLeaf) async throws -> LoopbackClient {
            try await LoopbackClient.connect(to: loopback.address) { try PlainTLSClient.handlers(showing: leaf) }
        }
        #expect(try await answer(leaf) == nil)
        #expect(await loopback.nextRefusal()?.refusal.code == "unknown_authority")

        let both = X509Bundle(trustDomain: ours.trustDomain, authorities: [ours.certificate, next.certificate])
        try server.update(svid: server.svid, bundles: [ours.trustDomain: both])
        let standing = try await connect(try ours.leaf())
        #expect(try await standing.ask() != nil)
        #expect(try await answer(leaf) != nil)
        try server.update(svid: server.svid, bundles: [ours.trustDomain: next.bundle])
        #expect(try await answer(leaf) != nil)
        #expect(try await answer(try ours.leaf()) == nil)
        #expect(try await standing.ask() != nil)
        try await standing.channel.close()
        try await loopback.stop()
    }

    @Test func `shows its intermediate authorities`() async throws {
        let intermediate = try world.ours.intermediate()
        let loopback = try await LoopbackServer.start(
            TLSIdentity(
                svid: intermediate.svid("/ns/ml-inference/sa/inference-service"),
                bundles: world.bundles
            )
        )
        let connection = try await LoopbackClient.connect(
            TLSIdentity(svid: intermediate.svid("/caller"), bundles: world.bundles),
            to: loopback.address,
            expecting: serverID
        )
        #expect(try await connection.answer() == "spiffe://cluster.local/caller")
        try await loopback.stop()
    }

    /// The refusals that a client was told of.
    private final class Refusals: Sendable {
        /// Guards the codes.
        private let list = Mutex<[String]>([])
        func note(_ refused: RefusedConnection) { list.withLock { $0.append(refused.refusal.code) } }
        var codes: [String] { list.withLock { $0 } }
    }
}
