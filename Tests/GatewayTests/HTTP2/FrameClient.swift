import Foundation
import MutualTLS
import NIOCore
import NIOHPACK
import NIOPosix
import SPIFFE
import TestIdentities

@testable import Gateway

/// An HTTP/2 client that sends the bytes that a test gives it, and takes apart what comes back.
final class FrameClient: Sendable {
    /// What came back for one stream.
    struct Response: Sendable {
        var statuses: [Int] = []
        var fields: [String: String] = [:]
        var body = ""
        /// Whether the other end has said its last word.
        var isEnded = false
        /// The code of its reset.
        var reset: UInt32?

        var status: Int? { statuses.last }
        var isOver: Bool { isEnded || reset != nil }
    }

    /// What came back so far.
    struct Heard: Sendable {
        var responses: [UInt32: Response] = [:]
        /// The code and the last stream of a GOAWAY.
        var goAway: (code: UInt32, last: UInt32)?
        var settings: [UInt16: UInt32] = [:]
        var pings = 0
        var applicationProtocol: String?
        var isClosed = false
    }

    let heard: Observed<Heard>
    private let channel: any Channel

    private init(channel: any Channel, heard: Observed<Heard>) {
        self.channel = channel
        self.heard = heard
    }

    /// Connects and, unless a test wants to do so itself, begins HTTP/2.
    static func connect(
        to gateway: TestGateway,
        as path: String = "/ns/ml-api/sa/api-gateway",
        lifetime: Double? = nil,
        protocols: [String] = ["h2"],
        settings: [(UInt16, UInt32)] = [],
        begins: Bool = true,
        autoRead: Bool = true
    ) async throws -> FrameClient {
        let identity = try TLSIdentity(
            svid: gateway.authority.svid(path) { form in
                if let lifetime { form.notAfter = Date() + lifetime }
            },
            bundles: [gateway.authority.trustDomain: gateway.authority.bundle],
            options: TLSOptions(applicationProtocols: protocols)
        )
        let heard = Observed(Heard())
        let verified = Observed(false)
        let id = gateway.id
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(identity.clientHandlers(expecting: id))
                    try channel.pipeline.syncOperations.addHandler(Collector(heard: heard, verified: verified))
                }
            }
            .connect(host: "127.0.0.1", port: gateway.server.ports["mtls"] ?? 0).get()
        await verified.wait { $0 }
        if !autoRead { try await channel.setOption(.autoRead, value: false).get() }
        let client = FrameClient(channel: channel, heard: heard)
        if begins { client.send(Frames.preface + Frames.settings(settings)) }
        return client
    }

    /// Connects without TLS, and begins HTTP/2 as a client that knows that it may.
    static func connectPlaintext(to gateway: TestGateway) async throws -> FrameClient {
        let heard = Observed(Heard())
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(heard: heard, verified: Observed(true)))
                }
            }
            .connect(host: "127.0.0.1", port: gateway.server.ports["mtls"] ?? 0).get()
        let client = FrameClient(channel: channel, heard: heard)
        client.send(Frames.preface + Frames.settings([]))
        return client
    }

    func send(_ bytes: [UInt8]) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Sends one request on a stream, and waits for its end.
    func request(_ stream: UInt32, _ fields: [Frames.Field] = Frames.request(), body: String? = nil) async -> Response {
        send(Frames.headers(stream, fields, ends: body == nil))
        if let body { send(Frames.data(stream, body, ends: true)) }
        return await response(stream)
    }

    /// The response of a stream, once it is over or the connection is.
    @discardableResult
    func response(_ stream: UInt32) async -> Response {
        await heard.wait { $0.isClosed || $0.responses[stream]?.isOver == true }.responses[stream] ?? Response()
    }

    /// Waits until the other end closes.
    @discardableResult
    func end() async -> Heard { await heard.wait { $0.isClosed } }

    func resume() async throws { try await channel.setOption(.autoRead, value: true).get() }

    func close() async { try? await channel.close() }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let heard: Observed<Heard>
        private let verified: Observed<Bool>
        private var inbox = ByteBuffer()

        init(heard: Observed<Heard>, verified: Observed<Bool>) {
            self.heard = heard
            self.verified = verified
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? PeerVerified {
                heard.update { $0.applicationProtocol = event.applicationProtocol }
                verified.update { $0 = true }
            }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            inbox.writeBuffer(&bytes)
            while inbox.readableBytes >= 9,
                let prefix: UInt32 = inbox.getInteger(at: inbox.readerIndex),
                inbox.readableBytes >= 9 + Int(prefix >> 8),
                let head = inbox.readSlice(length: 9), let payload = inbox.readSlice(length: Int(prefix >> 8))
            {
                let flags: UInt8 = head.getInteger(at: 4 + head.readerIndex) ?? 0
                let stream: UInt32 = head.getInteger(at: 5 + head.readerIndex) ?? 0
                heard.update { Self.take(UInt8(prefix & 0xff), flags, stream, payload, &$0) }
            }
        }

        private static func take(
            _ kind: UInt8,
            _ flags: UInt8,
            _ stream: UInt32,
            _ payload: ByteBuffer,
            _ heard: inout Heard
        ) {
            var payload = payload
            switch kind {
            case 0x0:
                heard.responses[stream, default: Response()].body += String(buffer: payload)
                if flags & 0x1 != 0 { heard.responses[stream]?.isEnded = true }
            case 0x1:
                // A new decoder each time: a header section that leans on another's would not be read.
                var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
                decoder.maxDynamicTableLength = Int(UInt32.max)
                let fields = try? decoder.decodeHeaders(from: &payload)
                var response = heard.responses[stream] ?? Response()
                for field in fields ?? [:] {
                    if field.name == ":status" { response.statuses.append(Int(field.value) ?? 0) }
                    response.fields[field.name] = field.value
                }
                response.isEnded = flags & 0x1 != 0
                heard.responses[stream] = response
            case 0x3: heard.responses[stream, default: Response()].reset = payload.readInteger()
            case 0x4:
                while let name: UInt16 = payload.readInteger(), let value: UInt32 = payload.readInteger() {
                    heard.settings[name] = value
                }
            case 0x6: heard.pings += 1
            case 0x7:
                guard let last: UInt32 = payload.readInteger(), let code: UInt32 = payload.readInteger() else { return }
                heard.goAway = (code, last)
            default: break
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            heard.update { $0.isClosed = true }
            verified.update { $0 = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
