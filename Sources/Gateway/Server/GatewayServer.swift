import AuditLog
import Authorization
import FoundationEssentials
public import Logging
public import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import Synchronization
import ZeroTrust

/// A gateway: listeners for mutual TLS, and behind them the path of each request to its upstream.
///
/// ```swift
/// let server = GatewayServer(
///     configuration: configuration, policies: box, identity: identity, log: writer, logger: logger, node: "node-1")
/// try await server.start()
/// print(server.ports["mtls"] ?? 0)
/// …
/// await server.drain(within: .seconds(30))
/// ```
///
/// A new SVID is taken through `TLSIdentity.update(svid:bundles:)` and new policy through
/// ``PolicySnapshotBox/replace(_:)``, both under load; a new configuration of listeners or routes takes a new server.
public final class GatewayServer: Sendable {
    private struct State {
        var ports: [String: Int] = [:]
        var adminPort: Int?
        var listeners: [any Channel] = []
        var admin: (any Channel)?
        var workers: [NIOLoopBound<Worker>] = []
        var isDraining = false
        var isOver = false
    }

    /// What the server was made with.
    public let configuration: GatewayConfiguration
    private let context: GatewayContext
    private let version: String
    private let group: MultiThreadedEventLoopGroup
    /// Guards what starting and stopping change; requests never look at it.
    private let state = Mutex(State())

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - configuration: where it listens and where requests go.
    ///   - policies: decides; the box's generation can be replaced at any time.
    ///   - identity: what it shows to clients and upstreams, and by whom it believes them.
    ///   - log: where records go.
    ///   - logger: where events go; denials are told at `info`.
    ///   - node: the name of this node, which records carry.
    ///   - version: the program's version, which metrics tell.
    ///   - threads: the event loops; one for each core unless chosen otherwise.
    public init(
        configuration: GatewayConfiguration,
        policies: PolicySnapshotBox,
        identity: TLSIdentity,
        log: any RecordLog,
        logger: Logger,
        node: String,
        version: String = "",
        threads: Int? = nil
    ) {
        let threads = threads ?? System.coreCount
        self.configuration = configuration
        self.version = version
        self.context = GatewayContext(
            configuration: configuration,
            policies: policies,
            identity: identity,
            log: log,
            logger: logger,
            node: node,
            workerCount: threads
        )
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    }

    /// The ports that are bound, by the names of their listeners.
    public var ports: [String: Int] { state.withLock { $0.ports } }
    /// The port of the admin listener, where there is one.
    public var adminPort: Int? { state.withLock { $0.adminPort } }

    // MARK: Starting

    /// Binds every listener; from then on requests are taken.
    ///
    /// - Throws: where an address cannot be bound; nothing is listening then, and the server is of no more use.
    public func start() async throws {
        for warning in configuration.warnings {
            context.logger.warning("configuration", metadata: ["warning": "\(warning)"])
        }
        do {
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
            for listener in configuration.listeners { try await bind(listener, workers) }
            if let admin = configuration.admin { try await bind(admin) }
        } catch {
            await drain(within: .zero)
            throw error
        }
    }

    private func bind(_ listener: Listener, _ workers: [NIOLoopBound<Worker>]) async throws {
        var byLoop: [ObjectIdentifier: NIOLoopBound<Worker>] = [:]
        for (loop, worker) in zip(group.makeIterator(), workers) { byLoop[ObjectIdentifier(loop)] = worker }
        let context = context
        let workerByLoop = byLoop
        let allowsTLS12 = listener.allowsTLS12
        let acceptsHTTP2 = listener.acceptsHTTP2
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let bound = workerByLoop[ObjectIdentifier(channel.eventLoop)] else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    let worker = bound.value
                    let count = context.connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
                    guard count <= context.configuration.limits.maximumConnections else {
                        context.connectionCount.wrappingSubtract(1, ordering: .relaxed)
                        worker.refused("too_many_connections", from: channel.remoteAddress)
                        throw ChannelError.inappropriateOperationForState
                    }
                    let pipeline = channel.pipeline.syncOperations
                    do {
                        try pipeline.addHandlers(
                            context.identity.serverHandlers(acceptsHTTP2: acceptsHTTP2) { refused in
                                bound.value.refused(refused.refusal.code, from: refused.remoteAddress)
                            }
                        )
                    } catch {
                        context.connectionCount.wrappingSubtract(1, ordering: .relaxed)
                        throw error
                    }
                    try pipeline.addHandler(ClientConnection(worker: worker, allowsTLS12: allowsTLS12))
                }
            }
            .bind(host: listener.address, port: listener.port)
            .get()
        let port = channel.localAddress?.port
        state.withLock {
            $0.listeners.append(channel)
            $0.ports[listener.name] = port
        }
        context.logger.info(
            "listening",
            metadata: ["listener": "\(listener.name)", "address": "\(listener.address)", "port": "\(port ?? 0)"]
        )
    }

    private func bind(_ admin: GatewayConfiguration.AdminAddress) async throws {
        let channel = try await ServerBootstrap(group: group)
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
            .bind(host: admin.address, port: admin.port)
            .get()
        let port = channel.localAddress?.port
        state.withLock {
            $0.admin = channel
            $0.adminPort = port
        }
        context.logger.info("admin listening", metadata: ["address": "\(admin.address)", "port": "\(port ?? 0)"])
    }

    // MARK: Revocation

    /// Looks at every connection again, and ends those whose other end is no longer believed.
    ///
    /// `TLSIdentity.refusal(of:)` says who is. Call it when bundles or revocations have changed.
    public func revisitConnections() {
        for worker in state.withLock({ $0.workers }) {
            worker.eventLoop.execute { worker.value.revisit() }
        }
    }

    // MARK: Health and metrics

    /// What readiness is made of, by name: nil where it is well, else what is wrong.
    public var checks: [(name: String, problem: String?)] {
        let svid = context.identity.svid
        let now = Date()
        let isValid = svid.notBefore <= now && now < svid.notAfter
        let failure = context.log.stats.failure
        let (isDraining, isListening) = state.withLock {
            ($0.isDraining, !$0.listeners.isEmpty || configuration.listeners.isEmpty)
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
        case "/metrics": return metrics(on: loop)
        default: return loop.makeSucceededFuture(.notFound)
        }
    }

    /// Copies each event loop's counts on that loop, and merges the copies.
    private func metrics(on loop: any EventLoop) -> EventLoopFuture<AdminAnswer> {
        let copies = state.withLock { $0.workers }.map { worker in
            worker.eventLoop.submit { worker.value.metrics }
        }
        let surroundings = MetricsText.Surroundings(
            version: version,
            principal: context.identity.svid.id.description,
            workload: configuration.workload.serviceAccount ?? configuration.name,
            namespace: configuration.workload.namespace,
            identityExpiry: context.identity.svid.notAfter.timeIntervalSince1970,
            log: context.log.stats,
            isReady: checks.allSatisfy { $0.problem == nil }
        )
        return EventLoopFuture.whenAllSucceed(copies, on: loop).map { copies in
            var merged = WorkerMetrics()
            for copy in copies { merged.merge(copy) }
            return AdminAnswer(
                status: 200,
                type: "text/plain; version=0.0.4; charset=utf-8",
                text: MetricsText.render(merged, surroundings)
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
        for listener in listeners { try? await listener.close() }
        let over = group.any().makePromise(of: Void.self)
        let timer = over.futureResult.eventLoop.scheduleTask(in: TimeAmount(deadline)) { over.succeed() }
        let drained = workers.map { worker in worker.eventLoop.flatSubmit { worker.value.drain() } }
        EventLoopFuture.andAllSucceed(drained, on: over.futureResult.eventLoop).whenComplete { _ in
            timer.cancel()
            over.succeed()
        }
        try? await over.futureResult.get()
        for worker in workers { try? await worker.eventLoop.submit { worker.value.close() }.get() }
        if let admin = state.withLock({ $0.admin.take() }) { try? await admin.close() }
        try? await group.shutdownGracefully()
    }
}
