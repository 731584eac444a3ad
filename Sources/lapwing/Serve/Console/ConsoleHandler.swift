import Console
import NIOCore
import NIOHTTP1

/// One connection to the console: reads a request of bounded length within bounded time, and answers it.
final class ConsoleHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a request may take to come.
    private static let patience = TimeAmount.seconds(10)
    /// The longest form.
    private static let maximumBody = 16 << 10

    private let ask: @Sendable (ConsoleRequest) async -> ConsoleServer.Answer
    private var request: ConsoleRequest?
    private var deadline: Scheduled<Void>?
    private var work: Task<Void, Never>?

    init(_ ask: @escaping @Sendable (ConsoleRequest) async -> ConsoleServer.Answer) {
        self.ask = ask
    }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: Self.patience) { bound.value.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        work?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard work == nil, request == nil else { return context.close(promise: nil) }
            request = ConsoleRequest(head)
        case .body(var bytes):
            request?.body += bytes.readBytes(length: bytes.readableBytes) ?? []
            if (request?.body.count ?? 0) > Self.maximumBody { context.close(promise: nil) }
        case .end:
            guard let request, work == nil else { return }
            deadline?.cancel()
            work = Self.serve(request, on: context.channel, ask)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Answers a request beside the event loop, and closes the connection then.
    private static func serve(
        _ request: ConsoleRequest,
        on channel: any Channel,
        _ ask: @escaping @Sendable (ConsoleRequest) async -> ConsoleServer.Answer
    ) -> Task<Void, Never> {
        Task {
            let answer = await ask(request)
            await send(answer, to: channel, isHead: request.method == "HEAD")
            channel.close(promise: nil)
        }
    }

    private static func send(_ answer: ConsoleServer.Answer, to channel: any Channel, isHead: Bool) async {
        switch answer {
        case .whole(let response):
            let head = head(response.status, response.contentType, response.headers, length: response.body.count)
            channel.write(HTTPServerResponsePart.head(head), promise: nil)
            if !isHead {
                channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: response.body))), promise: nil)
            }
            try? await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
        case .events(let next, let done):
            defer { done() }
            do {
                let head = head(200, "text/event-stream; charset=utf-8", [], length: nil)
                try await channel.writeAndFlush(HTTPServerResponsePart.head(head)).get()
                while !isHead, !Task.isCancelled, let text = await next() {
                    // A reader that does not read is waited for, and nothing is made for it meanwhile.
                    try await channel.writeAndFlush(
                        HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text)))
                    ).get()
                }
                try await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
            } catch {}
        }
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
