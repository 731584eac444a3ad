import MutualTLS
import NIOCore
import NIOPosix
import NIOSSL
import SPIFFE
import ZeroTrust

/// Sends bytes on one new connection, exactly as given, and reads what comes back until the other end closes it.
///
/// It is the demo's attacker as much as its client, so it corrects nothing.
struct RawClient {
    /// What the bytes travel in.
    enum Transport {
        case plaintext
        /// TLS without a certificate of our own; whoever answers is believed.
        case anonymousTLS
        /// Mutual TLS; the other end must be who is expected.
        case mutualTLS(TLSIdentity, expecting: SPIFFEID)
    }

    /// What came of it.
    enum Outcome {
        /// An HTTP/1.1 answer, in the order that its parts arrived.
        case answer(status: Int, head: String, body: [UInt8], arrivals: Int)
        /// No answer: the connection was closed, for the reason that we could see.
        case refused(String)
    }

    let group: any EventLoopGroup
    let host: String
    let port: Int

    func exchange(_ bytes: [UInt8], over transport: Transport) async -> Outcome {
        let finished = group.next().makePromise(of: Outcome.self)
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let collector = AnswerCollector(request: bytes, finished: finished)
                    switch transport {
                    case .plaintext:
                        collector.sendsWhenConnected = true
                    case .anonymousTLS:
                        var configuration = TLSConfiguration.makeClientConfiguration()
                        configuration.certificateVerification = .none
                        let handler = try NIOSSLClientHandler(
                            context: NIOSSLContext(configuration: configuration),
                            serverHostname: nil
                        )
                        try channel.pipeline.syncOperations.addHandler(handler)
                        collector.sendsWhenConnected = true
                    case .mutualTLS(let identity, let id):
                        try channel.pipeline.syncOperations.addHandlers(
                            identity.clientHandlers(expecting: id) { refused in
                                finished.succeed(.refused(refused.refusal.message))
                            }
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(collector)
                }
            }
        do {
            let channel = try await bootstrap.connect(host: host, port: port).get()
            let timeout = channel.eventLoop.scheduleTask(in: .seconds(10)) {
                finished.succeed(.refused("no answer in 10 s"))
                channel.close(promise: nil)
            }
            let outcome = try await finished.futureResult.get()
            timeout.cancel()
            return outcome
        } catch {
            finished.succeed(.refused("\(error)"))
            return .refused("cannot connect: \(error)")
        }
    }
}

/// Writes the request when the connection is ready and keeps what comes back.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var sendsWhenConnected = false
    private let request: [UInt8]
    private let finished: EventLoopPromise<RawClient.Outcome>
    private var received = ByteBuffer()
    private var arrivals = 0
    private var failure: String?
    /// How many bytes the answer has; more than there can be where its head does not say so.
    private var length: Int?

    /// The most bytes kept of an answer.
    private static let limit = 4 << 20

    init(request: [UInt8], finished: EventLoopPromise<RawClient.Outcome>) {
        self.request = request
        self.finished = finished
    }

    func channelActive(context: ChannelHandlerContext) {
        if sendsWhenConnected { send(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is PeerVerified { send(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func send(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        arrivals += 1
        received.writeBuffer(&part)
        if length == nil { length = lengthOfAnswer() }
        // The other end may wait for a moment before it closes; there is nothing to wait for here.
        if received.readableBytes > Self.limit || length.map({ received.readableBytes >= $0 }) == true {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = Self.words(error) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finished.succeed(outcome())
        context.fireChannelInactive()
    }

    /// How long the answer will be, once its head is there.
    private func lengthOfAnswer() -> Int? {
        let bytes = received.readableBytesView
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let name = "content-length:"
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
        guard let line = lines.first(where: { $0.hasPrefix(name) }),
            let length = Int(line.dropFirst(name.count).filter { $0 != " " }), length <= Self.limit
        else { return .max }
        return bytes.distance(from: bytes.startIndex, to: end.upperBound) + length
    }

    private func outcome() -> RawClient.Outcome {
        let bytes = Array(received.readableBytesView)
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)), bytes.starts(with: "HTTP/1.1 ".utf8) else {
            return .refused(failure ?? "the connection was closed")
        }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        guard let status = Int(head.dropFirst(9).prefix(3)) else { return .refused("an answer without a status") }
        return .answer(status: status, head: head, body: Array(bytes[end.upperBound...]), arrivals: arrivals)
    }

    /// The alert that the other end sent, where there was one.
    private static func words(_ error: any Error) -> String {
        let text = "\(error)"
        for (name, words) in [
            ("CERTIFICATE_REQUIRED", "TLS alert: certificate required"),
            ("CERTIFICATE_UNKNOWN", "TLS alert: certificate unknown"),
            ("UNKNOWN_CA", "TLS alert: unknown CA"),
            ("BAD_CERTIFICATE", "TLS alert: bad certificate"),
            ("CONNECTION_RESET", "the connection was reset"),
        ] where text.uppercased().contains(name) { return words }
        return text.contains("eset by peer") ? "the connection was reset" : text
    }
}
