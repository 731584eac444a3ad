import NIOCore
import NIOHTTP1
import ZeroTrust

/// One connection to the credential endpoint: reads a request without looking at more of it than has to be, and answers.
final class CredentialHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a request may take to come.
    private static let patience = TimeAmount.seconds(10)

    private let ask: @Sendable (CredentialEndpoint.Connection) async -> CredentialEndpoint.Answer
    private var head: HTTPRequestHead?
    private var deadline: Scheduled<Void>?

    init(_ ask: @escaping @Sendable (CredentialEndpoint.Connection) async -> CredentialEndpoint.Answer) {
        self.ask = ask
    }

    func channelActive(context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        deadline = loop.scheduleTask(in: Self.patience) { context.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            deadline?.cancel()
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = head.uri.prefix { $0 != "?" }
        guard let client = Self.endpoint(context.channel.remoteAddress),
            let server = Self.endpoint(context.channel.localAddress)
        else { return context.close(promise: nil) }
        // A page in a browser that has its name point to us is told by its host.
        let hosts = head.headers["host"]
        let own = ["127.0.0.1:\(server.port)", "localhost:\(server.port)"]
        guard hosts.count == 1, let host = hosts.first, own.contains(host) else {
            return write(CredentialEndpoint.refusal(421, "Misdirected", "the host is not this endpoint"), context)
        }
        guard path == CredentialServer.path else {
            return write(CredentialEndpoint.refusal(404, "NotFound", "there are credentials at one path only"), context)
        }
        guard head.method == .GET else {
            return write(
                CredentialEndpoint.refusal(405, "MethodNotAllowed", "credentials are asked for with GET"),
                context
            )
        }
        let loop = context.eventLoop
        let this = NIOLoopBound(self, eventLoop: loop)
        let bound = NIOLoopBound(context, eventLoop: loop)
        let connection = CredentialEndpoint.Connection(client: client, server: server)
        Task { [ask] in
            let answer = await ask(connection)
            loop.execute { this.value.write(answer, bound.value) }
        }
    }

    private func write(_ answer: CredentialEndpoint.Answer, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status))
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: String(answer.body.value.utf8.count))
        head.headers.add(name: "cache-control", value: "no-store")
        head.headers.add(name: "connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body.value)))), promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }

    private static func endpoint(_ address: SocketAddress?) -> Exchange.Endpoint? {
        guard let text = address?.ipAddress, let ip = IPAddress(text), let port = address?.port else { return nil }
        return Exchange.Endpoint(address: ip, port: UInt16(clamping: port))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
