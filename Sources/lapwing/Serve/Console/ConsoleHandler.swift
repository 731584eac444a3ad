import Console
import MutualTLS
import NIOCore
import NIOHTTP1
import SPIFFE
import ZeroTrust

/// One connection to the console: reads a request of bounded length within bounded time, and answers it.
final class ConsoleHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let bounds: ConsoleServer.Bounds
    /// Whether only a caller is heard whose certificate was verified.
    private let isVerified: Bool
    private let ask: ConsoleServer.Ask
    /// Who is at the other end, where their certificate was verified.
    private var peer: Peer?
    private var request: ConsoleRequest?
    private var deadline: Scheduled<Void>?
    private var work: Task<Void, Never>?

    init(_ bounds: ConsoleServer.Bounds, isVerified: Bool, _ ask: @escaping ConsoleServer.Ask) {
        self.bounds = bounds
        self.isVerified = isVerified
        self.ask = ask
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let verified = event as? PeerVerified {
            peer = verified.peer
            // The handshake has a time of its own.
            wait(bounds.headPatience, context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelActive(context: ChannelHandlerContext) {
        wait(bounds.headPatience, context)
        context.fireChannelActive()
    }

    /// Closes the connection where nothing more has come until then.
    private func wait(_ patience: TimeAmount, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: patience) { bound.value.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        work?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard work == nil, request == nil, peer != nil || !isVerified,
                Self.length(of: head) <= ConsoleIntake.maximumHead
            else { return context.close(promise: nil) }
            request = ConsoleRequest(head)
            request?.localAddress = Self.address(context.localAddress)
            wait(bounds.bodyPatience, context)
        case .body(var bytes):
            request?.body += bytes.readBytes(length: bytes.readableBytes) ?? []
            if (request?.body.count ?? 0) > ConsoleIntake.maximumBody { context.close(promise: nil) }
        case .end:
            guard let request, work == nil else { return }
            deadline?.cancel()
            work = Self.serve(request, of: peer, on: context.channel, patience: bounds.writePatience, ask)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// An address without what a socket of both families puts before one of IPv4.
    static func address(_ address: SocketAddress?) -> IPAddress? {
        guard let text = address?.ipAddress else { return nil }
        return IPAddress(text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text)
    }

    private static func length(of head: HTTPRequestHead) -> Int {
        head.headers.reduce(head.uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }

    /// Answers a request beside the event loop, and closes the connection then.
    private static func serve(
        _ request: ConsoleRequest,
        of peer: Peer?,
        on channel: any Channel,
        patience: TimeAmount,
        _ ask: @escaping ConsoleServer.Ask
    ) -> Task<Void, Never> {
        Task {
            let answer = await ask(request, peer)
            await send(answer, to: channel, patience: patience, isHead: request.method == "HEAD")
            channel.close(promise: nil)
        }
    }

    private static func send(
        _ answer: ConsoleServer.Answer,
        to channel: any Channel,
        patience: TimeAmount,
        isHead: Bool
    ) async {
        switch answer {
        case .whole(let response):
            let head = head(response.status, response.contentType, response.headers, length: response.body.count)
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            if !isHead {
                channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: response.body))), promise: nil)
            }
            try? await write(.end(nil), to: channel, patience)
        case .events(let next, let done):
            defer { done() }
            do {
                let head = head(200, "text/event-stream; charset=utf-8", [], length: nil)
                try await write(.head(head), to: channel, patience)
                while !isHead, !Task.isCancelled, let text = await next() {
                    // A reader that does not read is waited for, and nothing is made for it meanwhile.
                    try await write(.body(.byteBuffer(ByteBuffer(string: text))), to: channel, patience)
                }
                try await write(.end(nil), to: channel, patience)
            } catch {}
        }
    }

    /// Writes a part, and returns once it is on its way; the connection of a reader that does not read is closed.
    private static func write(
        _ part: HTTPServerResponsePart,
        to channel: any Channel,
        _ patience: TimeAmount
    ) async throws {
        let late = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        defer { late.cancel() }
        try await channel.writeAndFlush(part).get()
    }

    private static func head(
        _ status: Int,
        _ contentType: String,
        _ more: [(name: String, value: String)],
        length: Int?
    ) -> HTTPResponseHead {
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
        head.headers.add(name: "content-type", value: contentType)
        if let length { head.headers.add(name: "content-length", value: String(length)) }
        for (name, value) in ConsoleResponse.standingHeaders + more { head.headers.add(name: name, value: value) }
        head.headers.add(name: "connection", value: "close")
        return head
    }
}

extension ConsoleRequest {
    /// A request as its head says it, without the body.
    fileprivate init(_ head: HTTPRequestHead) {
        self.init(method: head.method.rawValue, target: head.uri, hosts: head.headers["host"])
        origins = head.headers["origin"]
        let sites = head.headers["sec-fetch-site"]
        fetchSite = sites.isEmpty ? nil : sites.joined(separator: ",")
        cookies = head.headers["cookie"]
        contentType = head.headers.first(name: "content-type") ?? ""
        lastEvent = head.headers.first(name: "last-event-id")
    }
}
