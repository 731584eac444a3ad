import Glibc
public import NIOCore
import NIOHPACK
import NIOHTTP2
public import NIOPosix
public import SwiftProtobuf

/// Calls a gRPC server over one connection.
///
/// The connection is made once; when it is lost, or the server drains, calls fail with UNAVAILABLE and the caller
/// connects again.
///
/// ```swift
/// let client = try await RPCClient.connect(unixSocket: "/run/lapwing/workload.sock")
/// let responses: RPCMessages<WorkloadAPI_X509SVIDResponse> = try await client.serverStreaming(
///     "/SpiffeWorkloadAPI/FetchX509SVID",
///     WorkloadAPI_X509SVIDRequest(),
///     metadata: ["workload.spiffe.io": "true"]
/// )
/// for try await response in responses { … }
/// ```
public final class RPCClient: Sendable {
    private let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    private let authority: String
    private let limits: RPCLimits
    private let goingAway: GoingAway

    private init(
        channel: any Channel,
        multiplexer: NIOHTTP2Handler.StreamMultiplexer,
        authority: String,
        limits: RPCLimits,
        goingAway: GoingAway
    ) {
        self.channel = channel
        self.multiplexer = multiplexer
        self.authority = authority
        self.limits = limits
        self.goingAway = goingAway
    }

    deinit {
        self.channel.close(promise: nil)
    }

    // MARK: Connecting

    /// Connects to a Unix socket.
    ///
    /// - Throws: ``RPCStatus`` UNAVAILABLE where nobody answers.
    public static func connect(
        unixSocket path: String,
        limits: RPCLimits = RPCLimits(),
        timeout: Duration = .seconds(10),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> RPCClient {
        try await Self.connect(
            to: path,
            authority: "localhost",
            limits: limits,
            timeout: timeout,
            group: group
        ) { bootstrap in
            bootstrap.connect(unixDomainSocketPath: path)
        }
    }

    /// Connects to a TCP port, without TLS unless `prepare` adds it.
    ///
    /// - Parameters:
    ///   - host: The server's name or address.
    ///   - port: Its port.
    ///   - limits: What the server may ask of us.
    ///   - timeout: How long connecting may take.
    ///   - group: Where the connection lives.
    ///   - prepare: Adds what stands below HTTP/2 on the connection, on its event loop.
    /// - Returns: The client.
    /// - Throws: ``RPCStatus`` UNAVAILABLE where nobody answers.
    public static func connect(
        host: String,
        port: Int,
        limits: RPCLimits = RPCLimits(),
        timeout: Duration = .seconds(10),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> RPCClient {
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return try await Self.connect(
            to: authority,
            authority: authority,
            limits: limits,
            timeout: timeout,
            group: group,
            prepare: prepare
        ) {
            $0.connect(host: host, port: port)
        }
    }

    private static func connect(
        to place: String,
        authority: String,
        limits: RPCLimits,
        timeout: Duration,
        group: any EventLoopGroup,
        prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
        _ connect: (ClientBootstrap) -> EventLoopFuture<any Channel>
    ) async throws -> RPCClient {
        let goingAway = GoingAway()
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    let http2 = NIOHTTP2Handler(
                        mode: .client,
                        eventLoop: channel.eventLoop,
                        connectionConfiguration: limits.connectionConfiguration(isServer: false),
                        streamConfiguration: limits.streamConfiguration
                    ) { stream in
                        // A server opens no streams: pushes are switched off.
                        stream.close()
                    }
                    try channel.pipeline.syncOperations.addHandlers([http2, ClientConnectionHandler(goingAway)])
                }
            }
        do {
            let channel = try await connect(bootstrap).get()
            let multiplexer = try await channel.pipeline.handler(type: NIOHTTP2Handler.self)
                .flatMap { $0.multiplexer }.get()
            return RPCClient(
                channel: channel,
                multiplexer: multiplexer,
                authority: authority,
                limits: limits,
                goingAway: goingAway
            )
        } catch {
            throw RPCStatus(.unavailable, "\(Self.unconnected) `\(place)`: \(Self.reason(of: error))")
        }
    }

    /// How the message of every connection begins that was not made.
    private static let unconnected = "cannot connect to"

    /// Whether a call failed for want of a connection; otherwise the server said why.
    package static func isUnconnected(_ status: RPCStatus) -> Bool {
        status.code == .unavailable && status.message.hasPrefix(unconnected)
    }

    /// What the system says of a connection that was not made, without the names of functions.
    private static func reason(of error: any Error) -> String {
        // Sound: the text is copied before anything else can ask for one.
        (error as? IOError).map { unsafe String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }

    /// Whether calls can still be made over the connection.
    public var isUsable: Bool { self.channel.isActive && !self.goingAway.isMarked }

    /// Returns when the connection has closed.
    public func waitUntilClosed() async {
        try? await self.channel.closeFuture.get()
    }

    /// Closes the connection; calls in flight end with UNAVAILABLE.
    public func close() async {
        self.goingAway.mark()
        try? await self.channel.close().get()
    }

    // MARK: Calling

    /// Sends one request and gives the one response.
    ///
    /// - Parameters:
    ///   - path: The method, `/service/method`.
    ///   - request: The request.
    ///   - metadata: What to send beside it.
    ///   - timeout: How long to wait; nil: for ever.
    /// - Returns: The response.
    /// - Throws: ``RPCStatus`` for any end but OK.
    public func unary<Request: Message, Response: Message>(
        _ path: String,
        _ request: Request,
        metadata: RPCMetadata = RPCMetadata(),
        timeout: Duration? = nil
    ) async throws -> Response {
        let call = try await self.start(path, metadata, timeout)
        // Does nothing where the call is over.
        defer { if !call.queue.isFinished { call.cancel() } }
        return try await withTaskCancellationHandler {
            try await call.gate.send(FramedMessage.encode(request), last: true)
            guard let bytes = try await call.queue.next() else {
                throw RPCStatus(.internalError, "the server ended the call without a response")
            }
            guard try await call.queue.next() == nil else {
                throw RPCStatus(.internalError, "the server sent more than one response")
            }
            return try FramedMessage.decode(bytes)
        } onCancel: {
            call.cancel()
        }
    }

    /// Sends one request and gives the responses as they come.
    ///
    /// The call lasts until the responses end or the sequence is let go.
    public func serverStreaming<Request: Message, Response: Message>(
        _ path: String,
        _ request: Request,
        metadata: RPCMetadata = RPCMetadata(),
        timeout: Duration? = nil,
        as type: Response.Type = Response.self
    ) async throws -> RPCMessages<Response> {
        let call = try await self.start(path, metadata, timeout)
        do {
            try await call.gate.send(FramedMessage.encode(request), last: true)
        } catch {
            // Where the server has answered already, its answer says more than that the request could not be sent.
            guard error is RPCStatus else { throw error }
        }
        return RPCMessages(call.queue, lifetime: CallLifetime(call.channel))
    }

    /// Opens a call in which both sides send any number of messages.
    public func bidirectional<Request: Message, Response: Message>(
        _ path: String,
        metadata: RPCMetadata = RPCMetadata(),
        timeout: Duration? = nil,
        sending: Request.Type = Request.self,
        receiving: Response.Type = Response.self
    ) async throws -> RPCCall<Request, Response> {
        let call = try await self.start(path, metadata, timeout)
        return RPCCall(call)
    }

    private func start(_ path: String, _ metadata: RPCMetadata, _ timeout: Duration?) async throws -> StartedCall {
        guard self.isUsable else { throw RPCStatus(.unavailable, "the connection is closed or closing") }
        var head: HPACKHeaders = [
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": self.authority,
            "te": "trailers",
            "content-type": "application/grpc",
        ]
        var deadline: NIODeadline?
        if let timeout {
            let amount = TimeAmount(timeout)
            head.add(name: "grpc-timeout", value: GRPCTimeout.format(amount), indexing: .nonIndexable)
            deadline = .now() + amount
        }
        metadata.write(to: &head)
        let limits = self.limits
        let parent = self.channel
        let request = head
        let until = deadline
        let parts = parent.eventLoop.makePromise(of: StartedCall.self)
        self.multiplexer.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                guard parent.isActive else { throw ChannelError.ioOnClosedChannel }
                try stream.syncOptions?.setOption(.autoRead, value: false)
                let queue = InboundQueue(channel: stream, highWatermark: limits.inboundHighWatermark)
                let gate = OutboundGate(channel: stream, highWatermark: limits.outboundHighWatermark)
                try stream.pipeline.syncOperations.addHandler(
                    ClientStreamHandler(
                        head: request,
                        deadline: until,
                        queue: queue,
                        gate: gate,
                        maximumMessageSize: limits.maximumMessageSize
                    )
                )
                parts.succeed(StartedCall(channel: stream, queue: queue, gate: gate))
            }
        }.whenFailure { error in
            parts.fail(error)
        }
        do {
            return try await parts.futureResult.get()
        } catch {
            throw RPCStatus(.unavailable, "the connection is closed or closing")
        }
    }
}
