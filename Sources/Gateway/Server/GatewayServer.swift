import AuditLog
import Authorization
import FoundationEssentials
public import Guardrails
public import Logging
public import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import Synchronization
public import ZeroTrust

/// A gateway: listeners for mutual TLS, and behind them the path of each request to its upstream.
///
/// ```swift
/// let server = GatewayServer(
///     configuration: configuration, policy: snapshot, identity: identity, log: writer, logger: logger, node: "node-1")
/// try await server.start()
/// print(server.ports["mtls"] ?? 0)
/// …
/// await server.drain(within: .seconds(30))
/// ```
///
/// A new SVID is taken through `TLSIdentity.update(svid:bundles:)`, and a new configuration with its policy through
/// ``update(configuration:policy:)``, both under load.
public final class GatewayServer: Sendable {
    private struct State {
        var listeners: [BoundListener] = []
        var admin: BoundAdmin?
        var workers: [NIOLoopBound<Worker>] = []
        var isDraining = false
        var isOver = false
    }

    private let context: GatewayContext
    private let version: String
    private let history: ConfigurationHistory?
    private let egress: @Sendable () -> EgressMetrics?
    private let furtherMetrics: @Sendable () -> String
    private let group: MultiThreadedEventLoopGroup
    /// Guards what starting and stopping change; requests never look at it.
    private let state = Mutex(State())

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - configuration: where it listens and where requests go.
    ///   - policy: decides.
    ///   - identity: what it shows to clients and upstreams, and by whom it believes them.
    ///   - models: knows which models local upstreams have loaded; where nobody does, none is proved.
    ///   - log: where records go.
    ///   - logger: where events go; denials are told at `info`.
    ///   - node: the name of this node, which records carry.
    ///   - version: the program's version, which metrics tell.
    ///   - history: what the process knows of its configurations, which metrics tell.
    ///   - egress: what the gateway's outbound side has counted, where it has one.
    ///   - metrics: what others of the process tell a scrape, as Prometheus reads it.
    ///   - bodies: keeps bodies of requests, where any are kept.
    ///   - prompts: what is recorded of a prompt that a guardrail read, where anything is.
    ///   - threads: the event loops; one for each core unless chosen otherwise.
    ///   - descriptors: the descriptors that connections may use; as many as the process may open, unless chosen otherwise.
    public init(
        configuration: GatewayConfiguration,
        policy: PolicySnapshot,
        identity: TLSIdentity,
        models: (any LocalModelAttestor)? = nil,
        log: any RecordLog,
        logger: Logger,
        node: String,
        version: String = "",
        history: ConfigurationHistory? = nil,
        egress: @escaping @Sendable () -> EgressMetrics? = { nil },
        metrics: @escaping @Sendable () -> String = { "" },
        bodies: BodyKeeper? = nil,
        prompts: (@Sendable (ModelRequest) -> DecisionRecord.Prompt?)? = nil,
        threads: Int? = nil,
        descriptors: Int? = nil
    ) {
        let threads = threads ?? System.coreCount
        self.version = version
        self.history = history
        self.egress = egress
        self.furtherMetrics = metrics
        self.context = GatewayContext(
            snapshot: GatewaySnapshot(configuration, policy: policy),
            identity: identity,
            models: models ?? NoModelProofs(),
            log: log,
            logger: logger,
            node: node,
            workerCount: threads,
            descriptors: descriptors.map { DescriptorBudget(descriptors: $0) } ?? .ofProcess,
            bodies: bodies,
            prompts: prompts
        )
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    }

    /// The configuration in force.
    public var configuration: GatewayConfiguration { context.snapshots.current.configuration }
    /// The ports that are bound, by the names of their listeners.
    public var ports: [String: Int] {
        Dictionary(
            state.withLock { $0.listeners }.compactMap { bound in
                bound.channel.localAddress?.port.map { (bound.listener.name, $0) }
            },
            uniquingKeysWith: { $1 }
        )
    }
    /// The bytes of bodies that are held to be judged by guardrails.
    var guardedBytes: Int { context.guardedBytes.bytes }
    /// The port of the admin listener, where there is one.
    public var adminPort: Int? { state.withLock { $0.admin }?.channel.localAddress?.port }

    // MARK: Starting

    /// Binds every listener; from then on requests are taken.
    ///
    /// - Throws: ``ListenerUnavailable``; nothing is listening then, and the server is of no more use.
    public func start() async throws {
        await commit(try await prepareStart())
    }

    /// Binds every listener, and lets nobody in yet: ``commit(_:)`` does.
    ///
    /// - Throws: ``ListenerUnavailable``; nothing is bound then, and the server is of no more use.
    public func prepareStart() async throws -> PreparedConfiguration {
        do {
            try await makeWorkers()
            return try await prepare(context.snapshots.current)
        } catch {
            await drain(within: .zero)
            throw error
        }
    }

    private func makeWorkers() async throws {
        var workers: [NIOLoopBound<Worker>] = []
        for loop in group.makeIterator() {
            let context = context
            workers.append(
                try await loop.submit {
                    let worker = Worker(eventLoop: loop, context: context)
                    worker.start()
                    return NIOLoopBound(worker, eventLoop: loop)
                }.get()
            )
        }
        let started = workers
        state.withLock { $0.workers = started }
    }

    // MARK: Reloading

    /// Puts another configuration and its policy in force, as one, under load.
    ///
    /// Requests that are under way finish as they began. Upstreams that stay as they are keep their connections; a
    /// listener that stays keeps its socket, one that is gone accepts nobody any more and drains. Changed limits hold
    /// for new connections.
    ///
    /// - Throws: ``ListenerUnavailable``; everything then stays as it was.
    public func update(configuration: GatewayConfiguration, policy: PolicySnapshot) async throws {
        await commit(try await prepare(configuration: configuration, policy: policy))
    }

    /// Does everything that can fail, and changes nothing for anybody.
    ///
    /// - Throws: ``ListenerUnavailable``; nothing is left behind then.
    public func prepare(configuration: GatewayConfiguration, policy: PolicySnapshot) async throws
        -> PreparedConfiguration
    {
        try await prepare(GatewaySnapshot(configuration, policy: policy))
    }

    private func prepare(_ snapshot: GatewaySnapshot) async throws -> PreparedConfiguration {
        let configuration = snapshot.configuration
        var (known, admin) = state.withLock { state in
            (Dictionary(state.listeners.map { ($0.place, $0) }, uniquingKeysWith: { $1 }), state.admin)
        }
        var listeners: [BoundListener] = []
        do {
            for listener in configuration.listeners {
                if let bound = known.removeValue(forKey: BoundListener.Place(listener)) {
                    listeners.append(
                        BoundListener(listener: listener, state: bound.state, channel: bound.channel, isNew: false)
                    )
                } else {
                    listeners.append(try await bind(listener))
                }
            }
            if let address = configuration.admin {
                if let bound = admin, bound.address == address {
                    admin = BoundAdmin(address: address, channel: bound.channel, isNew: false)
                } else {
                    admin = try await bind(address)
                }
            } else {
                admin = nil
            }
        } catch {
            for bound in listeners where bound.isNew { try? await bound.channel.close() }
            throw error
        }
        return PreparedConfiguration(snapshot: snapshot, listeners: listeners, admin: admin)
    }

    /// Gives up what was prepared.
    public func abandon(_ prepared: PreparedConfiguration) async {
        for bound in prepared.listeners where bound.isNew { try? await bound.channel.close() }
        if let admin = prepared.admin, admin.isNew { try? await admin.channel.close() }
    }

    /// Puts in force what was prepared by this server, after what was prepared before it.
    public func commit(_ prepared: PreparedConfiguration) async {
        for warning in prepared.snapshot.configuration.warnings {
            context.logger.warning("configuration", metadata: ["warning": "\(warning)"])
        }
        context.snapshots.replace(prepared.snapshot)
        for bound in prepared.listeners { bound.state.replace(bound.listener) }
        context.authorizers.forgetAll()
        let (before, admin, workers, isOver) = state.withLock { state in
            defer {
                if !state.isDraining {
                    state.listeners = prepared.listeners
                    state.admin = prepared.admin
                }
            }
            return (state.listeners, state.admin, state.workers, state.isDraining)
        }
        guard !isOver else { return await abandon(prepared) }
        // Whoever waits in a new listener's queue comes in under the new configuration, and whom it does not let in goes.
        for worker in workers {
            try? await worker.eventLoop.submit {
                worker.value.adopt()
                worker.value.revisit()
            }.get()
        }
        for bound in prepared.listeners where bound.isNew { await open(bound) }
        if let opened = prepared.admin, opened.isNew {
            try? await opened.channel.setOption(.autoRead, value: true).get()
            context.logger.info("admin listening", metadata: Self.metadata(of: opened.channel))
        }
        let kept = Set(prepared.listeners.map { ObjectIdentifier($0.state) })
        for bound in before where !kept.contains(ObjectIdentifier(bound.state)) { await retire(bound, workers) }
        if let admin, admin.channel !== prepared.admin?.channel { try? await admin.channel.close() }
    }

    private func open(_ bound: BoundListener) async {
        try? await bound.channel.setOption(.autoRead, value: true).get()
        var metadata = Self.metadata(of: bound.channel)
        metadata["listener"] = "\(bound.listener.name)"
        context.logger.info("listening", metadata: metadata)
    }

    private func retire(_ bound: BoundListener, _ workers: [NIOLoopBound<Worker>]) async {
        try? await bound.channel.close()
        for worker in workers { try? await worker.eventLoop.submit { worker.value.drain(bound.state) }.get() }
        context.logger.info("listener closed", metadata: ["listener": "\(bound.listener.name)"])
    }

    private static func metadata(of channel: any Channel) -> Logger.Metadata {
        let address = channel.localAddress
        return ["address": "\(address?.ipAddress ?? "")", "port": "\(address?.port ?? 0)"]
    }

    // MARK: Binding

    /// Binds a listener that accepts nobody yet.
    private func bind(_ listener: Listener) async throws(ListenerUnavailable) -> BoundListener {
        var byLoop: [ObjectIdentifier: NIOLoopBound<Worker>] = [:]
        for (loop, worker) in zip(group.makeIterator(), state.withLock({ $0.workers })) {
            byLoop[ObjectIdentifier(loop)] = worker
        }
        let context = context
        let workerByLoop = byLoop
        let state = ListenerState(listener)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let worker = workerByLoop[ObjectIdentifier(channel.eventLoop)] else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptGate(
                            hasRoom: { context.descriptors.hasRoom },
                            onPause: { worker.value.acceptingPaused() }
                        )
                    )
                }
            }
            .serverChannelOption(.autoRead, value: false)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.recvAllocator, value: ReadBufferSize())
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let bound = workerByLoop[ObjectIdentifier(channel.eventLoop)] else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    let worker = bound.value
                    let count = context.connectionOpened()
                    guard count <= worker.current.snapshot.configuration.limits.maximumConnections else {
                        context.connectionClosed()
                        worker.refused("too_many_connections", from: channel.remoteAddress)
                        throw ChannelError.inappropriateOperationForState
                    }
                    let pipeline = channel.pipeline.syncOperations
                    // The port that is listened on is the workload's, as far as policies speak of ports.
                    let port = UInt16(truncatingIfNeeded: channel.parent?.localAddress?.port ?? 0)
                    let mode = worker.current.snapshot.policy.mutualTLS.mode(onPort: port)
                    let carriage = state.current.carriage
                    do {
                        if case .opaque = carriage {
                            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
                        }
                        try pipeline.addHandlers(
                            context.identity.serverHandlers(
                                admitting: mode.admission,
                                carrying: carriage
                            ) { refused in
                                bound.value.refused(refused.refusal.code, from: refused.remoteAddress)
                            }
                        )
                        if case .opaque = carriage {
                            try pipeline.addHandler(OpaqueConnection(worker: worker, listener: state))
                        } else {
                            try pipeline.addHandler(ClientConnection(worker: worker, listener: state))
                        }
                    } catch {
                        context.connectionClosed()
                        throw error
                    }
                }
            }
        do {
            let channel = try await bootstrap.bind(host: listener.address, port: listener.port).get()
            return BoundListener(listener: listener, state: state, channel: channel, isNew: true)
        } catch {
            throw ListenerUnavailable(listener.name, at: "\(listener.address) port \(listener.port)", because: error)
        }
    }

    private func bind(_ admin: GatewayConfiguration.AdminAddress) async throws(ListenerUnavailable) -> BoundAdmin {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AdminConnection { [weak self] path, loop in
                            self?.answer(path, on: loop) ?? loop.makeSucceededFuture(.notFound)
                        }
                    )
                }
            }
        do {
            let channel = try await bootstrap.bind(host: admin.address, port: admin.port).get()
            return BoundAdmin(address: admin, channel: channel, isNew: true)
        } catch {
            throw ListenerUnavailable("admin", at: "\(admin.address) port \(admin.port)", because: error)
        }
    }

    // MARK: Revocation

    /// Looks at every connection again, and ends those whose other end is no longer believed, or that the policy in force
    /// does not let in.
    ///
    /// `TLSIdentity.refusal(of:)` says who is. Call it when bundles or revocations have changed; a change of policy has
    /// it called.
    public func revisitConnections() {
        context.authorizers.forgetAll()
        for worker in state.withLock({ $0.workers }) {
            worker.eventLoop.execute { worker.value.revisit() }
        }
    }

    /// Asks anew which models local upstreams have loaded, and ends the connections to those that are not proved any more.
    ///
    /// Call it when proofs of loaded models, or whose word counts for them, have changed.
    public func modelsChanged() {
        for worker in state.withLock({ $0.workers }) {
            worker.eventLoop.execute { worker.value.modelsChanged() }
        }
    }

    // MARK: Health and metrics

    /// What readiness is made of, by name: nil where it is well, else what is wrong.
    public var checks: [(name: String, problem: String?)] {
        let svid = context.identity.svid
        let now = Date()
        let isValid = svid.notBefore <= now && now < svid.notAfter
        let failure = context.log.stats.failure
        let wantsListeners = !configuration.listeners.isEmpty
        let (isDraining, isListening) = state.withLock {
            ($0.isDraining, !$0.listeners.isEmpty || !wantsListeners)
        }
        return [
            ("svid", isValid ? nil : "the SVID is not valid now"),
            ("log", failure.map { "the audit log takes no records: \($0)" }),
            ("policy", nil),
            ("listeners", isListening ? nil : "no listener is bound"),
            ("drain", isDraining ? "the gateway is draining" : nil),
        ]
    }

    private func answer(_ path: String, on loop: any EventLoop) -> EventLoopFuture<AdminAnswer> {
        switch path {
        case "/healthz": return loop.makeSucceededFuture(AdminAnswer(status: 200, text: "ok\n"))
        case "/readyz":
            let checks = checks
            let isReady = checks.allSatisfy { $0.problem == nil }
            let lines = checks.map {
                "\($0.problem == nil ? "[+]" : "[-]") \($0.name)\($0.problem.map { ": \($0)" } ?? "")\n"
            }
            return loop.makeSucceededFuture(AdminAnswer(status: isReady ? 200 : 503, text: lines.joined()))
        case "/metrics": return metrics(on: loop, isIstio: false)
        // Where Istio's own Prometheus looks; Istio's durations are in milliseconds, which linters of metrics refuse.
        case "/stats/prometheus": return metrics(on: loop, isIstio: true)
        default: return loop.makeSucceededFuture(.notFound)
        }
    }

    /// Copies each event loop's counts on that loop, and merges the copies.
    private func metrics(on loop: any EventLoop, isIstio: Bool) -> EventLoopFuture<AdminAnswer> {
        let copies = state.withLock { $0.workers }.map { worker in
            worker.eventLoop.submit { worker.value.metrics }
        }
        let configuration = configuration
        let surroundings = MetricsText.Surroundings(
            version: version,
            principal: context.identity.svid.id.description,
            workload: configuration.workload.serviceAccount ?? configuration.name,
            namespace: configuration.workload.namespace,
            identityExpiry: context.identity.svid.notAfter.timeIntervalSince1970,
            log: context.log.stats,
            tokenKeys: context.snapshots.current.policy.tokens?.keyStatuses ?? [],
            isReady: checks.allSatisfy { $0.problem == nil },
            history: history?.status,
            egress: egress()
        )
        let further = furtherMetrics()
        return EventLoopFuture.whenAllSucceed(copies, on: loop).map { copies in
            var merged = WorkerMetrics()
            for copy in copies { merged.merge(copy) }
            return AdminAnswer(
                status: 200,
                type: "text/plain; version=0.0.4; charset=utf-8",
                text: MetricsText.render(merged, surroundings, isIstio: isIstio) + further
            )
        }
    }

    // MARK: Stopping

    /// Stops listening, lets requests that are under way end, closes what is left when the time is over, and stops.
    ///
    /// The last response of each connection says `connection: close`.
    public func drain(within deadline: Duration) async {
        let (listeners, workers, isFirst) = state.withLock { state in
            defer {
                state.isDraining = true
                state.listeners = []
            }
            return (state.listeners, state.workers, !state.isDraining)
        }
        guard isFirst else { return }
        for listener in listeners { try? await listener.channel.close() }
        let over = group.any().makePromise(of: Void.self)
        let timer = over.futureResult.eventLoop.scheduleTask(in: TimeAmount(deadline)) { over.succeed() }
        let drained = workers.map { worker in worker.eventLoop.flatSubmit { worker.value.drain() } }
        EventLoopFuture.andAllSucceed(drained, on: over.futureResult.eventLoop).whenComplete { _ in
            timer.cancel()
            over.succeed()
        }
        try? await over.futureResult.get()
        for worker in workers { try? await worker.eventLoop.submit { worker.value.close() }.get() }
        if let admin = state.withLock({ $0.admin.take() }) { try? await admin.channel.close() }
        try? await group.shutdownGracefully()
    }
}

extension Listener {
    /// What its connections carry, as far as TLS is concerned.
    fileprivate var carriage: Carriage {
        if case .tcp = service { return .opaque }
        return acceptsHTTP2 ? .http2 : .http
    }
}

extension MutualTLSMode {
    /// What the mode comes to at the transport.
    var admission: Admission {
        switch self {
        case .strict: .mutualTLS
        case .permissive: .either
        case .disable: .plaintext
        }
    }
}
