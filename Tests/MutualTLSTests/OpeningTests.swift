import Foundation
import NIOCore
import NIOEmbedded
import NIOTLS
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import MutualTLS

@Suite(.timeLimit(.minutes(5))) struct `Opening of a connection` {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let hello: [UInt8] = [22, 3, 1, 2, 0, 1]

    // MARK: The first bytes

    static let openings: [(name: String, bytes: [UInt8], opening: OpeningReader.Opening?)] = [
        ("nothing", [], nil),
        ("a record's header alone", [22, 3, 1, 2, 0], nil),
        ("a ClientHello", hello, .tls),
        ("a ClientHello of TLS 1.2", [22, 3, 3, 0, 200, 1, 9, 9], .tls),
        ("another handshake message", [22, 3, 3, 0, 200, 2], .other),
        ("another content type", [21, 3, 3, 0, 2, 1], .other),
        ("another version", [22, 2, 0], .other),
        ("a version that is none", [22, 3, 9], .other),
        ("SSL 2", [0x80, 46, 1], .other),
        ("a request", Array("GET / HTTP/1.1\r\n".utf8), .other),
        ("a method that begins like the preface", Array("PRI * HTTP/2.0\r\nHost: a\r\n\r\n".utf8), .other),
        ("a part of the preface", Array(preface.dropLast()), nil),
        ("the preface", preface, .http2),
        ("the preface and a frame", preface + [0, 0, 0, 4], .http2),
        ("POST, which shares a letter", Array("POST".utf8), .other),
    ]

    @Test(arguments: openings)
    func `is told by its first bytes, however they are cut`(
        name: String,
        bytes: [UInt8],
        opening: OpeningReader.Opening?
    ) {
        var whole = OpeningReader()
        #expect(whole.read(bytes) == opening, "\(name)")
        var bytewise = OpeningReader()
        var last: OpeningReader.Opening?
        for byte in bytes where last == nil { last = bytewise.read([byte]) }
        #expect(last == opening, "\(name)")
    }

    @Test func `is told within as many bytes as are looked at, whatever comes`() {
        let scale = Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1
        var random = Seeded(state: 11)
        for _ in 0..<(20_000 * scale) {
            var bytes = Bool.random(using: &random) ? Self.hello : Self.preface
            bytes += (0..<Int.random(in: 0...40, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            var whole = OpeningReader()
            let reading = whole.read(bytes)
            if bytes.count >= OpeningReader.maximumLength { #expect(reading != nil) }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            var parts = OpeningReader()
            #expect((parts.read(bytes[..<cut]) ?? parts.read(bytes[cut...])) == reading)
        }
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    // MARK: What is let in

    let world: PeerWorld
    let identity: TLSIdentity
    let client: TLSIdentity

    init() throws {
        world = try PeerWorld()
        identity = try TLSIdentity(
            svid: world.ours.svid("/ns/ml-inference/sa/inference-service"),
            bundles: world.bundles
        )
        client = try TLSIdentity(svid: world.ours.svid(), bundles: world.bundles)
    }

    @Test func `a permissive listener takes plaintext as nobody's and TLS as its caller's`() async throws {
        let loopback = try await LoopbackServer.start(identity, admitting: .either)
        let plain = try await LoopbackClient.connect(to: loopback.address) { [] }
        #expect(try await plain.answer() == "nobody")
        guard case .opened(let opened) = await loopback.next() else {
            Issue.record("not opened")
            return
        }
        #expect(!opened.isHTTP2)
        let secure = try await LoopbackClient.connect(client, to: loopback.address, expecting: identity.svid.id)
        #expect(try await secure.answer() == "\(client.svid.id)")
        #expect(await loopback.nextPeer()?.peer.id == client.svid.id)
        try await loopback.stop()
    }

    /// PERMISSIVE admits a good certificate or none, and no bad one.
    @Test(arguments: PeerCase.all.filter { $0.refusal != nil && $0.refusal != "no_digital_signature" })
    func `a permissive listener still refuses each certificate that is wrong`(peer: PeerCase) async throws {
        let leaf = try peer.make(world)
        let loopback = try await LoopbackServer.start(identity, admitting: .either)
        let connection = try await LoopbackClient.connect(to: loopback.address) {
            try PlainTLSClient.handlers(showing: leaf)
        }
        #expect(try await connection.answer() == nil)
        #expect(await loopback.nextRefusal()?.refusal.code == peer.transportRefusal)
        try await loopback.stop()
    }

    @Test func `a plaintext listener refuses TLS`() async throws {
        let loopback = try await LoopbackServer.start(identity, admitting: .plaintext)
        let plain = try await LoopbackClient.connect(to: loopback.address) { [] }
        #expect(try await plain.answer() == "nobody")
        _ = await loopback.next()
        let secure = try await LoopbackClient.connect(client, to: loopback.address, expecting: identity.svid.id)
        #expect(try await secure.answer() == nil)
        #expect(await loopback.nextRefusal()?.refusal.code == "tls_not_spoken")
        try await loopback.stop()
    }

    /// What a channel with the opening's handler in front says of itself.
    private final class Seen: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var events: [String] = []

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let opened = event as? PlaintextOpened { events.append(opened.isHTTP2 ? "http2" : "plaintext") }
            if case ChannelEvent.inputClosed? = event as? ChannelEvent { events.append("end") }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            events.append(String(buffer: unwrapInboundIn(data)))
        }
    }

    private struct Embedded {
        let channel = EmbeddedChannel()
        let seen = Seen()
        let refused = Refused()

        final class Refused: @unchecked Sendable { var code: String? }

        init(_ identity: TLSIdentity, _ admission: Admission, _ carriage: Carriage) throws {
            let refused = refused
            let handlers = try identity.serverHandlers(admitting: admission, carrying: carriage) {
                refused.code = $0.refusal.code
            }
            try channel.pipeline.syncOperations.addHandlers(handlers + [seen])
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        func read(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }
        func pass(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }
    }

    @Test func `HTTP/2 is announced where it is spoken, and its bytes follow`() throws {
        let preface = String(decoding: Self.preface, as: UTF8.self)
        let spoken = try Embedded(identity, .plaintext, .http2)
        try spoken.read("PRI * HT")
        #expect(spoken.seen.events.isEmpty)
        try spoken.read("TP/2.0\r\n\r\nSM\r\n\r\n")
        #expect(spoken.seen.events == ["http2", preface])
        let other = try Embedded(identity, .plaintext, .http)
        try other.read(preface)
        #expect(other.seen.events == ["plaintext", preface])
    }

    @Test func `who says nothing, or too little, is refused in time`() throws {
        for text in ["", "PRI *", "\u{16}\u{3}"] {
            let slow = try Embedded(identity, .either, .http2)
            if !text.isEmpty { try slow.read(text) }
            slow.pass(.milliseconds(9_999))
            #expect(slow.refused.code == nil && slow.seen.events.isEmpty)
            slow.pass(.milliseconds(1))
            #expect(slow.refused.code == "opening_timeout" && slow.seen.events.isEmpty)
            #expect(!slow.channel.isActive)
        }
    }

    @Test func `a client who waits for the server to speak is plaintext, at once or after a while`() throws {
        let plain = try Embedded(identity, .plaintext, .opaque)
        #expect(plain.seen.events == ["plaintext"])
        try plain.read("\u{16}\u{3}\u{1}")
        #expect(plain.seen.events == ["plaintext", "\u{16}\u{3}\u{1}"])
        let either = try Embedded(identity, .either, .opaque)
        either.pass(.milliseconds(2_999))
        #expect(either.seen.events.isEmpty)
        either.pass(.milliseconds(1))
        #expect(either.seen.events == ["plaintext"])
    }

    @Test func `who ends after a few bytes is heard where any bytes are, and refused where they should be HTTP`() throws
    {
        let opaque = try Embedded(identity, .either, .opaque)
        try opaque.read("\u{16}")
        opaque.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(opaque.seen.events == ["plaintext", "\u{16}", "end"])
        let silent = try Embedded(identity, .either, .opaque)
        silent.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(silent.refused.code == "handshake_aborted" && silent.seen.events.isEmpty)
        let http = try Embedded(identity, .either, .http)
        try http.read("P")
        http.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(http.refused.code == "handshake_aborted" && http.seen.events.isEmpty)
    }

    // MARK: Within the handshake

    @Test func `a peer that is revoked between its certificate and the end of its handshake is refused`() async throws {
        let (identity, client) = (identity, client)
        let loopback = try await LoopbackServer.start(identity) { event in
            // The certificate was verified before this, and nobody has been told yet.
            if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
                identity.revoke(RevocationSet(ids: [client.svid.id]))
            }
        }
        let connection = try await LoopbackClient.connect(client, to: loopback.address, expecting: identity.svid.id)
        #expect(try await connection.answer() == nil)
        #expect(await loopback.nextRefusal()?.refusal.code == "revoked")
        try await loopback.stop()
    }
}
