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
        var context: EgressContext
        var listeners: [BoundEgressListener] = []
        var connections: [ObjectIdentifier: (channel: any Channel, listener: BoundEgressListener.State)] = [:]
        var refusals: RepeatedTask?
        var isDraining = false
    }

    private let shared: EgressShared
    private let group: any EventLoopGroup
    /// The configuration of the start.
    private let first: (egress: EgressConfiguration, gateway: GatewayConfiguration)
    /// Guards what starting, reloading and stopping change, and which connections are open.
    private let state: Mutex<State>

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
        self.group = group
        self.first = (egress, gateway)
        self.shared = EgressShared(
            snapshots: snapshots,
            identity: identity,
            attestor: attestor,
            resolver: resolver,
            log: log,
            logger: logger,
            node: node
        )
        self.state = Mutex(State(context: EgressContext(egress, of: gateway, shared)))
    }

    /// The ports that are bound, by the names of their listeners.
    public var ports: [String: Int] {
        Dictionary(
            state.withLock { $0.listeners }.compactMap { bound in
                bound.channel.localAddress?.port.map { (bound.listener.name, $0) }
            },
            uniquingKeysWith: { $1 }
        )
    }

    /// What was counted so far.
    public var metrics: EgressMetrics { shared.metrics }

    // MARK: Starting

    /// Binds every listener; from then on callers are served.
    ///
    /// - Throws: ``ListenerUnavailable``; nothing is listening then.
    public func start() async throws {
        await commit(try await prepareStart())
    }

    /// Binds every listener, and lets nobody in yet: ``commit(_:)`` does.
    ///
    /// - Throws: ``ListenerUnavailable``; nothing is bound then.
    public func prepareStart() async throws -> PreparedEgress {
        try await prepare(egress: first.egress, gateway: first.gateway, snapshot: shared.snapshots.current)
    }

    // MARK: Reloading

    /// Does everything that can fail to put another configuration in force, and changes nothing for anybody.
    ///
    /// - Throws: ``ListenerUnavailable``; nothing is left behind then.
    public func prepare(
        egress: EgressConfiguration,
        gateway: GatewayConfiguration,
        snapshot: EgressSnapshot
    ) async throws -> PreparedEgress {
        var known = Dictionary(
            state.withLock { $0.listeners }.map { ($0.place, $0) },
            uniquingKeysWith: { $1 }
        )
        var listeners: [BoundEgressListener] = []
        do {
            for listener in egress.listeners {
                if let bound = known.removeValue(forKey: BoundEgressListener.Place(listener)) {
                    listeners.append(
                        BoundEgressListener(
                            listener: listener,
                            state: bound.state,
                            channel: bound.channel,
                            socket: bound.socket,
                            isNew: false
                        )
                    )
                } else {
                    listeners.append(try await bind(listener))
                }
            }
        } catch {
            for bound in listeners where bound.isNew { await bound.close() }
            throw error
        }
        return PreparedEgress(
            context: EgressContext(egress, of: gateway, shared),
            snapshot: snapshot,
            listeners: listeners
        )
    }

    /// Gives up what was prepared.
    public func abandon(_ prepared: PreparedEgress) async {
        for bound in prepared.listeners where bound.isNew { await bound.close() }
    }

    /// Puts in force what was prepared by this server, after what was prepared before it.
    ///
    /// Connections keep the limits that they began with; what is decided from now on is decided by the new snapshot.
    public func commit(_ prepared: PreparedEgress) async {
        let (before, isOver) = state.withLock { state in
            defer {
                if !state.isDraining {
                    state.context = prepared.context
                    state.listeners = prepared.listeners
                }
            }
            return (state.listeners, state.isDraining)
        }
        guard !isOver else { return await abandon(prepared) }
        shared.snapshots.replace(prepared.snapshot)
        for bound in prepared.listeners { bound.state.replace(bound.listener) }
        for bound in prepared.listeners where bound.isNew { await open(bound) }
        let kept = Set(prepared.listeners.map { ObjectIdentifier($0.state) })
        for bound in before where !kept.contains(ObjectIdentifier(bound.state)) {
            await bound.close()
            for connection in state.withLock({ Array($0.connections.values) }) where connection.listener === bound.state
            {
                connection.channel.pipeline.fireUserInboundEventTriggered(EgressDrain(isOver: false))
            }
            shared.logger.info("egress listener closed", metadata: ["listener": "\(bound.listener.name)"])
        }
        let shared = shared
        guard state.withLock({ $0.refusals == nil }) else { return }
        let task = group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            shared.writeRefusals(all: false)
        }
        state.withLock { $0.refusals = task }
    }

    private func open(_ bound: BoundEgressListener) async {
        try? await bound.channel.setOption(.autoRead, value: true).get()
        let place =
            switch bound.listener.place {
            case .loopback(let address, let port, _): "\(address):\(bound.channel.localAddress?.port ?? port)"
            // The channel knows it by the descriptor of its folder.
            case .unixSocket(let path): path
            }
        shared.logger.info(
            "egress listening",
            metadata: ["listener": "\(bound.listener.name)", "place": "\(place)"]
        )
    }

    // MARK: Binding

    /// Binds a listener that accepts nobody yet.
    private func bind(_ listener: EgressListener) async throws(ListenerUnavailable) -> BoundEgressListener {
        let state = BoundEgressListener.State(listener)
        do {
            switch listener.place {
            case .loopback(let address, let port, _):
                let channel = try await bootstrap(state).bind(host: address, port: port).get()
                return BoundEgressListener(listener: listener, state: state, channel: channel, socket: nil, isNew: true)
            case .unixSocket(let path):
                // Anybody may connect: the kernel says who it is.
                let socket = try UnixSocketListener(path: path, mode: 0o666)
                do {
                    let channel = try await bootstrap(state).withBoundSocket(socket.descriptor).get()
                    return BoundEgressListener(
                        listener: listener,
                        state: state,
                        channel: channel,
                        socket: socket,
                        isNew: true
                    )
                } catch {
                    socket.unlinkPath()
                    throw error
                }
            }
        } catch {
            let place =
                switch listener.place {
                case .loopback(let address, let port, _): "\(address) port \(port)"
                case .unixSocket(let path): path
                }
            throw ListenerUnavailable(listener.name, at: place, because: error)
        }
    }

    private func bootstrap(_ listener: BoundEgressListener.State) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [weak self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let self else { throw ChannelError.inappropriateOperationForState }
                    try self.accept(channel, from: listener)
                }
            }
    }

    /// Finds out whose connection it is, as far as the kernel says, and sets it up; else it is closed.
    private func accept(_ channel: any Channel, from listener: BoundEgressListener.State) throws {
        let pipeline = channel.pipeline.syncOperations
        let isTransparent = listener.isTransparent
        guard let context = admit(channel, from: listener) else {
            shared.refused(.tooManyConnections, from: nil, because: "the limit is reached")
            throw ChannelError.inappropriateOperationForState
        }
        let accepted = try pipeline.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor in
            Accepted(descriptor, channel, isTransparent: isTransparent)
        }
        guard let accepted = accepted ?? nil else {
            shared.refused(.callerUnknown, from: nil, because: "the kernel knows no local owner")
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

    /// Takes a connection in, under the configuration in force; nil where there are too many.
    private func admit(_ channel: any Channel, from listener: BoundEgressListener.State) -> EgressContext? {
        let shared = shared
        let count = shared.connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
        let context = state.withLock { state -> EgressContext? in
            guard count <= state.context.configuration.maximumConnections, !state.isDraining, shared.descriptors.hasRoom
            else { return nil }
            state.connections[ObjectIdentifier(channel)] = (channel, listener)
            return state.context
        }
        guard let context else {
            shared.connectionCount.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        shared.descriptors.take()
        shared.count {
            $0.connectionsOpened += 1
            $0.connections += 1
        }
        channel.closeFuture.whenComplete { [weak self] _ in
            shared.descriptors.give()
            shared.connectionCount.wrappingSubtract(1, ordering: .relaxed)
            shared.count { $0.connections -= 1 }
            self?.state.withLock { $0.connections[ObjectIdentifier(channel)] = nil }
        }
        return context
    }

    // MARK: Revocation

    /// Serves no identity any more that is revoked, and closes the connections of those that are.
    public func revoke(_ revocations: RevocationSet) {
        shared.revoke(revocations.ids)
        for channel in state.withLock({ $0.connections.values.map(\.channel) }) {
            channel.pipeline.fireUserInboundEventTriggered(EgressRevocation())
        }
    }

    /// Finds out anew who every caller is, and closes the connections of those that are not any more who they were: an
    /// entry is gone, or the proof of a loaded model, or the process.
    ///
    /// Where nobody can say, it is asked again for a few seconds; then the connection is closed.
    public func attestAgain() async {
        let callers = shared.beginAttestationRound()
        guard !callers.isEmpty else { return }
        let shared = shared
        await withTaskGroup(of: Void.self) { group in
            for (number, caller) in callers.enumerated() {
                if number >= 16 { await group.next() }
                _ = group.addTaskUnlessCancelled { await caller.attestAgain(shared.attestor, logger: shared.logger) }
            }
        }
    }

    // MARK: Stopping

    /// Stops listening, lets connections end by themselves, and closes what is left when the time is over.
    public func drain(within deadline: Duration) async {
        let (listeners, refusals) = state.withLock { state in
            state.isDraining = true
            defer { state.listeners = [] }
            return (state.listeners, state.refusals)
        }
        for bound in listeners { await bound.close() }
        for channel in state.withLock({ $0.connections.values.map(\.channel) }) {
            channel.pipeline.fireUserInboundEventTriggered(EgressDrain(isOver: false))
        }
        let end = ContinuousClock.now + deadline
        while ContinuousClock.now < end, !state.withLock({ $0.connections.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(50))
        }
        let left = state.withLock { $0.connections.values.map(\.channel) }
        for channel in left { channel.pipeline.fireUserInboundEventTriggered(EgressDrain(isOver: true)) }
        for channel in left { try? await channel.closeFuture.get() }
        refusals?.cancel()
        shared.writeRefusals(all: true)
    }
}

/// Tells a connection to look again whether its caller is revoked.
struct EgressRevocation: Sendable {}

/// Tells a connection that its caller is not any more who it was.
struct EgressWithdrawal: Sendable {}

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
