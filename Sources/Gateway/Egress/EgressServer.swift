import AuditLog
import CLinux
public import Logging
public import MutualTLS
import NIOCore
public import NIOPosix
import RPC
public import SPIFFE
import Synchronization
import ZeroTrust

/// The outbound side of a gateway: listeners for local workloads, and behind them the path of each connection to a
/// destination that is declared and allowed, or to a refusal with its reason.
///
/// ```swift
/// let egress = EgressServer(
///     egress: section, gateway: configuration, snapshots: box, identity: identity, attestor: attestor, log: writer,
///     logger: logger, node: "node-1")
/// try await egress.start()
/// …
/// await egress.drain(within: .seconds(30))
/// ```
public final class EgressServer: Sendable {
    private struct State {
        var ports: [String: Int] = [:]
        var listeners: [any Channel] = []
        var sockets: [UnixSocketListener] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
        var refusals: RepeatedTask?
        var isDraining = false
    }

    private let context: EgressContext
    private let listeners: [EgressListener]
    private let group: any EventLoopGroup
    /// Guards what starting and stopping change, and which connections are open.
    private let state = Mutex(State())

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - egress: where it listens and how much callers may use.
    ///   - gateway: the gateway that it belongs to, for limits of heads and the form of paths.
    ///   - snapshots: decides; the box's generation can be replaced at any time.
    ///   - identity: what it shows to workloads of ours in its own workload's name.
    ///   - attestor: finds out who callers are.
    ///   - resolver: finds the addresses of names.
    ///   - log: where records go.
    ///   - logger: where events go; refusals are told at `info`.
    ///   - node: the name of this node, which records carry.
    ///   - group: the event loops.
    public init(
        egress: EgressConfiguration,
        gateway: GatewayConfiguration,
        snapshots: EgressSnapshotBox,
        identity: TLSIdentity,
        attestor: any LocalCallerAttestor,
        resolver: any HostResolver = SharedLookups(SystemResolver()),
        log: any RecordLog,
        logger: Logger,
        node: String,
        group: MultiThreadedEventLoopGroup = .singleton
    ) {
        self.listeners = egress.listeners
        self.group = group
        self.context = EgressContext(
            configuration: egress,
            pathNormalization: gateway.pathNormalization,
            limits: gateway.limits.http1,
            snapshots: snapshots,
            identity: identity,
            attestor: attestor,
            resolver: resolver,
            log: log,
            logger: logger,
            node: node
        )
    }

    /// The ports that are bound, by the names of their listeners.
    public var ports: [String: Int] { state.withLock { $0.ports } }

    // MARK: Starting

    /// Binds every listener; from then on callers are served.
    ///
    /// - Throws: where an address or a path cannot be bound; nothing is listening then.
    public func start() async throws {
        do {
            for listener in listeners { try await bind(listener) }
        } catch {
            await drain(within: .zero)
            throw error
        }
        let context = context
        let task = group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            context.writeRefusals(all: false)
        }
        state.withLock { $0.refusals = task }
    }

    private func bind(_ listener: EgressListener) async throws {
        let channel: any Channel
        switch listener.place {
        case .loopback(let address, let port, let isTransparent):
            channel = try await bootstrap(isTransparent: isTransparent).bind(host: address, port: port).get()
        case .unixSocket(let path):
            // Anybody may connect: the kernel says who it is.
            let socket = try UnixSocketListener(path: path, mode: 0o666)
            do {
                channel = try await bootstrap(isTransparent: false).withBoundSocket(socket.descriptor).get()
            } catch {
                socket.unlinkPath()
                throw error
            }
            state.withLock { $0.sockets.append(socket) }
        }
        let port = channel.localAddress?.port
        state.withLock {
            $0.listeners.append(channel)
            $0.ports[listener.name] = port
        }
        context.logger.info(
            "egress listening",
            metadata: ["listener": "\(listener.name)", "place": "\(channel.localAddress?.description ?? "")"]
        )
    }

    private func bootstrap(isTransparent: Bool) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [weak self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let self else { throw ChannelError.inappropriateOperationForState }
                    try self.accept(channel, isTransparent: isTransparent)
                }
            }
    }

    /// Finds out whose connection it is, as far as the kernel says, and sets it up; else it is closed.
    private func accept(_ channel: any Channel, isTransparent: Bool) throws {
        let pipeline = channel.pipeline.syncOperations
        guard admit(channel) else {
            context.refusedUnknown(.tooManyConnections, from: nil, because: "the limit is reached")
            throw ChannelError.inappropriateOperationForState
        }
        let accepted = try pipeline.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            Accepted(descriptor, channel, isTransparent: isTransparent)
        }
        guard let accepted = accepted ?? nil else {
            context.refusedUnknown(.callerUnknown, from: nil, because: "the kernel knows no local owner")
            throw ChannelError.inappropriateOperationForState
        }
        try pipeline.addHandler(
            EgressConnection(context, owner: accepted.owner, source: accepted.source, original: accepted.original)
        )
    }

    /// What is known of a connection when it is accepted.
    private struct Accepted {
        let owner: ConnectionOwner
        let source: Exchange.Endpoint
        var original: Exchange.Endpoint?

        init?(_ descriptor: CInt, _ channel: any Channel, isTransparent: Bool) {
            if let remote = Exchange.Endpoint(channel.remoteAddress),
                let local = Exchange.Endpoint(channel.localAddress)
            {
                let original = isTransparent ? OriginalDestination.of(descriptor, local: local) : nil
                // Its own socket names the destination that it chose.
                guard let owner = ConnectionOwner(.init(own: remote, other: original ?? local)) else { return nil }
                self.owner = owner
                self.source = remote
                self.original = original
                return
            }
            guard let credentials = PeerCredentials(socket: descriptor), let owner = ConnectionOwner(unix: credentials)
            else { return nil }
            self.owner = owner
            // A Unix socket has no address; records say that it was local.
            self.source = Exchange.Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 0)
        }
    }

    private func admit(_ channel: any Channel) -> Bool {
        let count = context.connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
        let isAdmitted = state.withLock { state in
            guard count <= context.configuration.maximumConnections, !state.isDraining else { return false }
            state.connections[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isAdmitted else {
            context.connectionCount.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        channel.closeFuture.whenComplete { [weak self] _ in
            guard let self else { return }
            context.connectionCount.wrappingSubtract(1, ordering: .relaxed)
            state.withLock { $0.connections[ObjectIdentifier(channel)] = nil }
        }
        return true
    }

    // MARK: Revocation

    /// Serves no identity any more that is revoked, and closes the connections of those that are.
    public func revoke(_ revocations: RevocationSet) {
        context.revoke(revocations.ids)
        for channel in state.withLock({ Array($0.connections.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(EgressRevocation())
        }
    }

    // MARK: Stopping

    /// Stops listening, lets connections end by themselves, and closes what is left when the time is over.
    public func drain(within deadline: Duration) async {
        let (channels, sockets, refusals) = state.withLock { state in
            state.isDraining = true
            defer {
                state.listeners = []
                state.sockets = []
            }
            return (state.listeners, state.sockets, state.refusals)
        }
        for socket in sockets { socket.unlinkPath() }
        for channel in channels { try? await channel.close() }
        for channel in state.withLock({ Array($0.connections.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(EgressDrain(isOver: false))
        }
        let end = ContinuousClock.now + deadline
        while ContinuousClock.now < end, !state.withLock({ $0.connections.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(50))
        }
        let left = state.withLock { Array($0.connections.values) }
        for channel in left { channel.pipeline.fireUserInboundEventTriggered(EgressDrain(isOver: true)) }
        for channel in left { try? await channel.closeFuture.get() }
        refusals?.cancel()
        context.writeRefusals(all: true)
    }
}

/// Tells a connection to look again whether its caller is revoked.
struct EgressRevocation: Sendable {}

/// Tells a connection that the server stops.
struct EgressDrain: Sendable {
    /// Whether the time to end by itself is over.
    let isOver: Bool
}

extension Exchange.Endpoint {
    /// The address and port of an IP socket; nil for another.
    init?(_ address: SocketAddress?) {
        guard let address, let text = address.ipAddress, let port = address.port,
            let ip = IPAddress(text.prefix { $0 != "%" })
        else { return nil }
        self.init(address: ip, port: UInt16(truncatingIfNeeded: port))
    }
}
