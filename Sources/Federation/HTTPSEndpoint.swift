public import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
public import SPIFFE
import Synchronization
import WorkloadIdentity
public import ZeroTrust

/// A small HTTPS server for strangers: few connections, fewer from any one address, short ones, of few bytes, one request
/// each.
///
/// It asks nobody who they are. Before there is a certificate to show, connections are closed.
///
/// ```swift
/// let endpoint = try await HTTPSEndpoint.start(address: address, port: 8444) { request in .init(404, "{}") }
/// try endpoint.show(svid)
/// ```
public final class HTTPSEndpoint: Sendable {
    /// What is asked.
    public struct Request: Sendable {
        /// `GET`.
        public let method: String
        /// Path and query.
        public let target: String
        /// The line `Host`; nil where there is none, or more than one.
        public let host: String?
        /// The body.
        public let body: [UInt8]
        /// Where it came from.
        public let remoteAddress: String
    }

    /// What is answered: JSON.
    public struct Answer: Sendable {
        /// The HTTP status.
        public let status: Int
        /// The body.
        public let body: [UInt8]

        /// An answer.
        public init(_ status: Int, _ body: [UInt8]) {
            self.status = status
            self.body = body
        }

        /// An answer that says no more than what its status means.
        public init(problem status: Int) {
            let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
            self.init(status, Array("{\"error\":\"\(reason)\"}".utf8))
        }
    }

    /// The most connections at a time.
    static let maximumConnections = 256
    /// The most connections at a time from one address, so that nobody alone keeps the others out.
    static let maximumPerAddress = 16
    /// How long a connection may last, handshake included.
    static let patience = TimeAmount.seconds(15)
    /// The most bytes that a request may have.
    static let maximumRequest = 128 * 1024

    /// Who counts as one: an IPv4 address, or the half of an IPv6 address that names a network, since a host may have every
    /// address of its own.
    package static func source(_ text: String?) -> String {
        guard let text, let address = IPAddress(text), address.family == .v6 else { return text ?? "" }
        // What came over IPv4 to a socket of both kinds (RFC 4291 §2.5.5.2).
        if address.bits >> 32 == 0xffff { return IPAddress(v4: UInt32(truncatingIfNeeded: address.bits)).description }
        return IPAddress(v6: (address.bits >> 64) << 64).description
    }

    private struct State {
        var tls: NIOSSLContext?
        var connections = 0
        /// Those of each address that has any.
        var perAddress: [String: Int] = [:]
    }

    private final class Shared: Sendable {
        /// Guards what is shown, and the number of connections.
        let state = Mutex(State())

        func enter(from address: String) -> NIOSSLContext? {
            state.withLock { state in
                let held = state.perAddress[address] ?? 0
                guard state.connections < maximumConnections, held < maximumPerAddress, let tls = state.tls else {
                    return nil
                }
                state.connections += 1
                state.perAddress[address] = held + 1
                return tls
            }
        }

        func leave(from address: String) {
            state.withLock { state in
                state.connections -= 1
                let left = (state.perAddress[address] ?? 1) - 1
                state.perAddress[address] = left > 0 ? left : nil
            }
        }
    }

    private let channel: any Channel
    private let shared: Shared

    private init(_ channel: any Channel, _ shared: Shared) {
        self.channel = channel
        self.shared = shared
    }

    /// Listens.
    ///
    /// - Parameters:
    ///   - address: the address.
    ///   - port: the port; 0 for any that is free.
    ///   - answer: answers a request.
    /// - Returns: the server, which has nothing to show yet.
    /// - Throws: where the address cannot be listened on.
    public static func start(
        address: IPAddress,
        port: Int,
        answer: @escaping @Sendable (Request) async -> Answer
    ) async throws -> HTTPSEndpoint {
        let shared = Shared()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let address = source(channel.remoteAddress?.ipAddress)
                    guard let tls = shared.enter(from: address) else { throw ChannelError.connectTimeout(.zero) }
                    channel.closeFuture.whenComplete { _ in shared.leave(from: address) }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: tls))
                    try pipeline.addHandler(ByteBudget(maximumRequest))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(Handler(answer))
                }
            }
            .bind(host: address.description, port: port)
            .get()
        return HTTPSEndpoint(channel, shared)
    }

    /// Whether there is something to show.
    public var isShown: Bool { shared.state.withLock { $0.tls != nil } }

    /// The port that it listens on.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// Shows an X.509-SVID from the next connection on.
    ///
    /// - Throws: where BoringSSL does not take it; what was shown stays.
    public func show(_ svid: X509SVID) throws {
        let context = try EndpointTLS.server(svid)
        shared.state.withLock { $0.tls = context }
    }

    /// Shows what is in PEM files from the next connection on.
    ///
    /// - Throws: where the files cannot be read, the key is open to others, or BoringSSL does not take them; what was shown
    ///   stays.
    public func show(certificateFile: String, keyFile: String) throws {
        let context = try EndpointTLS.server(certificateFile: certificateFile, keyFile: keyFile)
        shared.state.withLock { $0.tls = context }
    }

    /// When the certificate in a PEM file ends that could be shown with its key.
    ///
    /// - Throws: where they could not be shown.
    public static func certificateEnd(certificateFile: String, keyFile: String) throws -> Date {
        _ = try EndpointTLS.server(certificateFile: certificateFile, keyFile: keyFile)
        let chain = try EndpointTLS.chain(in: certificateFile)
        return Date(timeIntervalSince1970: TimeInterval(chain[0].notValidAfter))
    }

    /// Shows nothing any more: connections are closed.
    public func hide() { shared.state.withLock { $0.tls = nil } }

    /// Stops listening.
    public func stop() async { try? await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (Request) async -> Answer
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []
        private var deadline: Scheduled<Void>?

        init(_ answer: @escaping @Sendable (Request) async -> Answer) { self.answer = answer }

        func channelActive(context: ChannelHandlerContext) {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            deadline = context.eventLoop.scheduleTask(in: patience) { bound.value.close(promise: nil) }
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            deadline?.cancel()
            context.fireChannelInactive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
            case .end:
                guard let head else { return }
                self.head = nil
                let hosts = head.headers[canonicalForm: "host"]
                let request = Request(
                    method: head.method.rawValue,
                    target: head.uri,
                    host: hosts.count == 1 ? String(hosts[0]) : nil,
                    body: body,
                    remoteAddress: context.channel.remoteAddress?.ipAddress ?? ""
                )
                let loop = context.eventLoop
                let bound = NIOLoopBound((self, context), eventLoop: loop)
                let hasBody = head.method != .HEAD
                Task { [answer] in
                    let answer = await answer(request)
                    loop.execute { bound.value.0.write(answer, hasBody, bound.value.1) }
                }
            }
        }

        private func write(_ answer: Answer, _ hasBody: Bool, _ context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status))
            head.headers.add(name: "content-type", value: "application/json")
            head.headers.add(name: "content-length", value: String(answer.body.count))
            head.headers.add(name: "cache-control", value: "no-store")
            head.headers.add(name: "x-content-type-options", value: "nosniff")
            head.headers.add(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if hasBody {
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
            }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
