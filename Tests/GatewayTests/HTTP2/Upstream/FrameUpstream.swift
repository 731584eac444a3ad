import MutualTLS
import NIOCore
import NIOHPACK
import NIOPosix
import SPIFFE

@testable import Gateway

/// An upstream of HTTP/2 that takes apart what it is sent, and sends the bytes that a test gives it.
final class FrameUpstream: Sendable {
    /// What was sent to it on one stream.
    struct Request: Sendable {
        var fields: [Frames.Field] = []
        var body = ""
        var isEnded = false
        /// The code of the reset.
        var reset: UInt32?
        var windowUpdates = 0

        /// The values of a field.
        func values(_ name: String) -> [String] { fields.filter { $0.0 == name }.map(\.1) }
    }

    /// What was sent to it on one connection.
    struct Heard: Sendable {
        var requests: [UInt32: Request] = [:]
        var settings: [UInt16: UInt32] = [:]
        var acknowledgedPings = 0
        var pings = 0
        /// The code of a GOAWAY.
        var goAway: UInt32?
        var isClosed = false
    }

    /// One of its connections.
    struct Connection: Sendable {
        /// Counted from zero.
        let number: Int
        let channel: any Channel

        func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

        /// Answers a request with a body.
        func answer(
            _ stream: UInt32,
            _ body: String = "hello",
            status: String = "200",
            with fields: [Frames.Field] = []
        ) {
            send(
                Frames.headers(stream, [(":status", status)] + fields, ends: false)
                    + Frames.data(stream, body, ends: true)
            )
        }

        func close() { channel.close(promise: nil) }
    }

    /// What a test can act on.
    enum Event: Sendable {
        case began(Connection)
        /// A request's head has come.
        case head(Connection, UInt32, Request)
        /// A request is whole.
        case whole(Connection, UInt32, Request)
    }

    let heard = Observed<[Heard]>([])
    let connections = Observed<[Connection]>([])
    let transport: Upstream.Transport
    private let channel: any Channel

    private init(_ channel: any Channel, _ transport: Upstream.Transport, _ parts: Parts) {
        self.channel = channel
        self.transport = transport
        parts.owner.update { $0 = self }
    }

    private struct Parts: Sendable {
        let owner = Observed<FrameUpstream?>(nil)
        let settings: [(UInt16, UInt32)]?
        let respond: @Sendable (Event) -> Void
    }

    /// Starts on a loopback port; it says its settings by itself unless there are none.
    static func start(
        identity: TLSIdentity? = nil,
        settings: [(UInt16, UInt32)]? = [],
        respond: @escaping @Sendable (Event) -> Void = FrameUpstream.hello
    ) async throws -> FrameUpstream {
        let parts = Parts(settings: settings, respond: respond)
        let channel = try await TestUpstream.bind { channel in
            if let identity {
                try channel.pipeline.syncOperations.addHandlers(identity.serverHandlers(carrying: .http2) { _ in })
            }
            try channel.pipeline.syncOperations.addHandler(Handler(parts))
        }
        let port = channel.localAddress?.port ?? 0
        let transport: Upstream.Transport =
            if let identity {
                .mutualTLS(host: "127.0.0.1", port: port, id: identity.svid.id, serverName: nil)
            } else {
                .plaintext(address: "127.0.0.1", port: port)
            }
        return FrameUpstream(channel, transport, parts)
    }

    /// Answers every request that is whole.
    static let hello: @Sendable (Event) -> Void = { event in
        if case .whole(let connection, let stream, _) = event { connection.answer(stream) }
    }

    /// A request, once the connection of this number has it.
    func request(
        _ stream: UInt32,
        on connection: Int = 0,
        where condition: @escaping @Sendable (Request) -> Bool = { _ in true }
    )
        async -> Request
    {
        let heard = await heard.wait {
            $0.count > connection && $0[connection].requests[stream].map(condition) == true
        }
        return heard[connection].requests[stream] ?? Request()
    }

    func stop() async {
        try? await channel.close()
    }

    /// Runs a test with a gateway before such an upstream, and stops both.
    static func with(
        _ respond: @escaping @Sendable (Event) -> Void = FrameUpstream.hello,
        settings: [(UInt16, UInt32)]? = [],
        log: FakeLog = FakeLog(),
        policy: String = TestGateway.policy,
        configure: (inout GatewayConfiguration) -> Void = { _ in },
        _ body: (TestGateway, FrameUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FrameUpstream.start(settings: settings, respond: respond)
        let gateway = try await TestGateway.start(
            upstream: nil,
            transport: upstream.transport,
            log: log,
            policy: policy
        ) { configuration in
            configuration.upstreams[0].http2 = HTTP2Upstream()
            configure(&configuration)
        }
        do {
            try await body(gateway, upstream)
        } catch {
            await gateway.stop()
            await upstream.stop()
            throw error
        }
        await gateway.stop()
        await upstream.stop()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let parts: Parts
        private var number = 0
        private var prefaceLeft = Frames.preface.count
        private var inbox = ByteBuffer()
        private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

        init(_ parts: Parts) { self.parts = parts }

        private var owner: FrameUpstream? { parts.owner.value }

        func channelActive(context: ChannelHandlerContext) {
            owner?.heard.update {
                number = $0.count
                $0.append(Heard())
            }
            let connection = Connection(number: number, channel: context.channel)
            owner?.connections.update { $0.append(connection) }
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            owner?.heard.update { $0[number].isClosed = true }
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            inbox.writeBuffer(&bytes)
            let connection = Connection(number: number, channel: context.channel)
            if prefaceLeft > 0 {
                guard inbox.readableBytes >= prefaceLeft else { return }
                inbox.moveReaderIndex(forwardBy: prefaceLeft)
                prefaceLeft = 0
                if let settings = parts.settings { connection.send(Frames.settings(settings)) }
                parts.respond(.began(connection))
            }
            while inbox.readableBytes >= 9,
                let prefix: UInt32 = inbox.getInteger(at: inbox.readerIndex),
                inbox.readableBytes >= 9 + Int(prefix >> 8),
                let head = inbox.readSlice(length: 9), let payload = inbox.readSlice(length: Int(prefix >> 8))
            {
                let flags: UInt8 = head.getInteger(at: 4 + head.readerIndex) ?? 0
                let stream: UInt32 = head.getInteger(at: 5 + head.readerIndex) ?? 0
                take(UInt8(prefix & 0xff), flags, stream, payload, connection)
            }
        }

        private func take(
            _ kind: UInt8,
            _ flags: UInt8,
            _ stream: UInt32,
            _ payload: ByteBuffer,
            _ connection: Connection
        ) {
            var payload = payload
            var request = owner?.heard.value[number].requests[stream] ?? Request()
            switch kind {
            case 0x0: request.body += String(buffer: payload)
            case 0x1:
                let fields = (try? decoder.decodeHeaders(from: &payload)) ?? [:]
                request.fields += fields.map { ($0.name, $0.value) }
            case 0x3: request.reset = payload.readInteger()
            case 0x4:
                if flags & 1 == 0 { connection.send(Frames.settingsAcknowledged) }
                while let name: UInt16 = payload.readInteger(), let value: UInt32 = payload.readInteger() {
                    owner?.heard.update { $0[number].settings[name] = value }
                }
                return
            case 0x6:
                owner?.heard.update {
                    if flags & 1 == 1 { $0[number].acknowledgedPings += 1 } else { $0[number].pings += 1 }
                }
                return
            case 0x7:
                payload.moveReaderIndex(forwardBy: 4)
                let code: UInt32? = payload.readInteger()
                owner?.heard.update { $0[number].goAway = code }
                return
            case 0x8 where stream != 0: request.windowUpdates += 1
            default: return
            }
            let hasEnded = (kind == 0x0 || kind == 0x1) && flags & 0x1 != 0
            if hasEnded { request.isEnded = true }
            let now = request
            owner?.heard.update { $0[number].requests[stream] = now }
            if kind == 0x1 { parts.respond(.head(connection, stream, request)) }
            if hasEnded { parts.respond(.whole(connection, stream, request)) }
        }
    }
}
