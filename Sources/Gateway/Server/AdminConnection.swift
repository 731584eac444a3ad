import NIOCore

/// What the admin listener answers.
struct AdminAnswer: Sendable {
    var status: Int
    var type = "text/plain; charset=utf-8"
    var text: String

    static let notFound = AdminAnswer(status: 404, text: "not found\n")
}

/// Serves health and metrics over plaintext on loopback, read by the same strict scanner; one request a connection.
final class AdminConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: (String, any EventLoop) -> EventLoopFuture<AdminAnswer>
    private var scanner = RequestScanner(limits: HTTP1Limits(headBytes: 8192, fields: 50, targetBytes: 1024))
    private var inbox = ByteBuffer()
    private var isAnswered = false
    private var deadline: Scheduled<Void>?

    init(answer: @escaping (String, any EventLoop) -> EventLoopFuture<AdminAnswer>) {
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: .seconds(10)) { bound.value.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        var bytes = unwrapInboundIn(data)
        inbox.writeBuffer(&bytes)
        do throws(HTTP1Refusal) {
            guard try scanner.scan(inbox.readableBytesUInt8Span) else { return }
        } catch {
            return write(AdminAnswer(status: error.status, text: error.code.rawValue + "\n"), to: context)
        }
        guard scanner.method == .get || scanner.method == .head, scanner.framing == .none else {
            return write(AdminAnswer(status: 405, text: "only GET and HEAD\n"), to: context)
        }
        isAnswered = true
        let target = inbox.getString(at: inbox.readerIndex + scanner.path.lowerBound, length: scanner.path.count) ?? ""
        let path = String(target.prefix { $0 != "?" })
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        answer(path, context.eventLoop).hop(to: context.eventLoop).whenComplete { result in
            let (connection, context) = bound.value
            connection.write((try? result.get()) ?? AdminAnswer(status: 500, text: "failed\n"), to: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func write(_ answer: AdminAnswer, to context: ChannelHandlerContext) {
        isAnswered = true
        var output = ByteBuffer()
        output.writeString(
            "HTTP/1.1 \(answer.status) \(Status.reason(answer.status))\r\ncontent-type: \(answer.type)\r\n"
        )
        output.writeString("content-length: \(answer.text.utf8.count)\r\nconnection: close\r\n\r\n")
        if scanner.method != .head { output.writeString(answer.text) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(output)).whenComplete { _ in bound.value.close(promise: nil) }
    }
}
