public import Logging
public import NIOCore
import NIOHTTP2
public import NIOPosix
import Synchronization

/// Serves gRPC calls over Unix sockets and loopback TCP.
///
/// Each connection's peer is asked of the kernel when it connects, and a handler finds it in
/// ``RPCContext/credentials``. Calls run until ``drain(grace:)``.
///
/// ```swift
/// let server = RPCServer(services: [workloadAPI])
/// try await server.bind(unixSocket: "/run/lapwing/workload.sock", mode: 0o666)
/// …
/// await server.drain(grace: .seconds(10))
/// ```
public final class RPCServer: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var sockets: [UnixSocketListener] = []
        var isDraining = false
    }

    /// Guards the listeners.
    private let state = Mutex(State())
    private let registry: ConnectionRegistry
    private let router: Router
    private let limits: RPCLimits
    private let logger: Logger
    private let group: any EventLoopGroup

    /// Makes a server that listens on nothing yet.
    ///
    /// - Parameters:
    ///   - services: What is served.
    ///   - limits: What peers may ask.
    ///   - logger: Where failures are told.
    ///   - group: The event loops; the process's shared ones by default.
    ///   - intercept: Looks at every call before its service does; it refuses one by throwing an ``RPCStatus``. It
    ///     runs on the event loop and must not block.
    public init(
        services: [RPCService],
        limits: RPCLimits = RPCLimits(),
        logger: Logger = Logger(label: "lapwing.rpc"),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        intercept: (@Sendable (RPCContext) throws -> Void)? = nil
    ) {
        self.router = Router(services, intercept: intercept)
        self.limits = limits
        self.logger = logger
        self.group = group
        self.registry = ConnectionRegistry(
            maximum: limits.maximumConnections,
            maximumPerUser: limits.maximumConnectionsPerUser
        )
    }

    /// How many connections are open.
    public var connectionCount: Int { self.registry.count }

    /// Listens on a Unix socket.
    ///
    /// - Parameters:
    ///   - path: Where. A socket that nobody listens on any more is replaced.
    ///   - mode: Who may connect, as file permissions; they hold from the first moment.
    /// - Throws: ``RPCBindError``.
    public func bind(unixSocket path: String, mode: UInt32 = 0o600) async throws {
        let socket = try UnixSocketListener(path: path, mode: mode)
        let channel: any Channel
        do {
            channel = try await self.bootstrap().withBoundSocket(socket.descriptor).get()
        } catch {
            socket.unlinkPath()
            throw error
        }
        try await self.keep(channel, socket: socket)
    }

    /// Listens on a TCP port without TLS; for loopback.
    ///
    /// - Returns: The port, which the system has chosen where 0 was asked for.
    @discardableResult
    public func bind(host: String, port: Int) async throws -> Int {
        let channel = try await self.bootstrap().bind(host: host, port: port).get()
        try await self.keep(channel, socket: nil)
        return channel.localAddress?.port ?? port
    }

    /// Stops listening, lets calls in flight finish, and closes what is left when the time is up.
    ///
    /// Clients are told by GOAWAY and make no new calls. Calls that are still running after the grace are cancelled.
    public func drain(grace: Duration) async {
        let (listeners, sockets) = self.state.withLock { state in
            defer {
                state.listeners = []
                state.sockets = []
            }
            state.isDraining = true
            return (state.listeners, state.sockets)
        }
        for socket in sockets { socket.unlinkPath() }
        for listener in listeners { try? await listener.close().get() }

        let connections = self.registry.beginDraining()
        let empty = self.group.any().makePromise(of: Void.self)
        self.registry.whenEmpty(empty)
        for connection in connections {
            connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        let timer = empty.futureResult.eventLoop.scheduleTask(in: TimeAmount(grace)) {
            for connection in connections { connection.close(promise: nil) }
        }
        try? await empty.futureResult.get()
        timer.cancel()
    }

    private func keep(_ channel: any Channel, socket: UnixSocketListener?) async throws {
        let isKept = self.state.withLock { state in
            guard !state.isDraining else { return false }
            state.listeners.append(channel)
            if let socket { state.sockets.append(socket) }
            return true
        }
        guard !isKept else { return }
        socket?.unlinkPath()
        try await channel.close().get()
        throw RPCStatus(.unavailable, "the server is draining")
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.configure(channel)
                }
            }
    }

    /// Sets a connection up, on its event loop.
    private func configure(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let credentials = try pipeline.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            PeerCredentials(socket: descriptor)
        }
        guard self.registry.admit(channel, user: credentials??.uid) else {
            self.logger.warning("rpc connection refused", metadata: ["rpc.connections": "\(self.registry.count)"])
            throw RPCStatus(.unavailable, "there are too many connections")
        }
        let environment = ServerStreamHandler.Environment(
            router: self.router,
            limits: self.limits,
            logger: self.logger,
            credentials: credentials ?? nil,
            remoteAddress: channel.remoteAddress
        )
        let drainFilter = DrainFilterHandler()
        let connection = ServerConnectionHandler(limits: self.limits, logger: self.logger, drainFilter: drainFilter)
        let http2 = NIOHTTP2Handler(
            mode: .server,
            eventLoop: channel.eventLoop,
            connectionConfiguration: self.limits.connectionConfiguration(isServer: true),
            streamConfiguration: self.limits.streamConfiguration,
            streamDelegate: ServerStreamDelegate(connection, eventLoop: channel.eventLoop)
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.syncOptions?.setOption(.autoRead, value: false)
                try stream.pipeline.syncOperations.addHandler(ServerStreamHandler(environment))
            }
        }
        try pipeline.addHandlers([drainFilter, http2, connection])
    }
}
