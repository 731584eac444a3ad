import Logging
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import ZeroTrust

/// The connections of one event loop to one upstream: those that are free, those in use, and who waits for one.
///
/// Connections of HTTP/1 carry a request each, those of HTTP/2 many: `UpstreamPool+HTTP2.swift`.
final class UpstreamPool {
    /// Why no connection could be had.
    enum Problem {
        case overloaded
        case unreachable
        case timedOut
        case unproven(UnprovenModel)
    }

    struct Waiter {
        let pipeline: Pipeline
        let deadline: NIODeadline
    }

    let upstream: Upstream
    /// Whether its connections carry many requests at a time.
    let isShared: Bool
    unowned let worker: Worker
    private let capacity: Int
    private let maximumWaiting: Int
    private let connectTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    /// The one that was used last is used first, so that the others can grow old.
    private var idle: [UpstreamConnection] = []
    /// The connections of HTTP/2, those among them that end with the requests that they carry.
    var shared: [UpstreamHTTP2Connection] = []
    var waiters: [Waiter] = []
    /// The connections whose other end was verified, or proved which model it has loaded.
    private(set) var verified: [ObjectIdentifier: UpstreamConnection] = [:]
    /// Looks whether what local upstreams have loaded is so still.
    lazy var models = PoolModels(self)
    /// The connections that are there or being made, but for those that end with what they carry.
    var count = 0
    var connecting = 0
    private var isClosed = false
    /// Until when no connection is used again that has carried a chunked answer.
    private var chunksEndConnections: NIODeadline?
    /// Whether the upstream is no longer configured, so that only requests which have begun come here.
    private var isRetired = false

    init(_ upstream: Upstream, worker: Worker) {
        self.upstream = upstream
        self.isShared = upstream.http2 != nil
        self.worker = worker
        let workers = worker.context.workerCount
        self.capacity = max(1, (upstream.maximumConnections + workers - 1) / workers)
        self.maximumWaiting = (upstream.maximumWaiting + workers - 1) / workers
        self.connectTimeout = TimeAmount(upstream.connectTimeout)
        self.idleTimeout = TimeAmount(upstream.idleTimeout)
    }

    /// Whether connections are closed as soon as they carry nothing.
    var keepsNone: Bool { worker.isDraining || isClosed || isRetired }

    /// Gives a pipeline a connection, at once or later, or says why not.
    func checkOut(for pipeline: Pipeline) {
        while let connection = idle.popLast() {
            guard connection.isUsable else { continue }
            return pipeline.upstreamReady(.connection(connection))
        }
        if isShared, let stream = openStream() { return pipeline.upstreamReady(.stream(stream)) }
        guard !isClosed, count < capacity || waiters.count < maximumWaiting else {
            return pipeline.upstreamUnavailable(.overloaded)
        }
        waiters.append(Waiter(pipeline: pipeline, deadline: .now() + connectTimeout))
        connectForWaiters()
    }

    /// A pipeline waits no longer.
    func forget(_ pipeline: Pipeline) {
        waiters.removeAll { $0.pipeline === pipeline }
    }

    /// A connection is free again.
    func release(_ connection: UpstreamConnection, at now: NIODeadline = .now()) {
        if !waiters.isEmpty {
            waiters.removeFirst().pipeline.upstreamReady(.connection(connection))
        } else if keepsNone {
            connection.close()
        } else {
            connection.idleSince = now
            idle.append(connection)
        }
    }

    /// Whether a connection is kept that has carried a chunked answer.
    var keepsAfterChunks: Bool { chunksEndConnections.map { $0 <= .now() } ?? true }

    /// The upstream closed a connection right after a chunked answer, without having said that it would.
    ///
    /// Some servers do so each time. What was sent meanwhile is lost, and cannot be sent again: nobody knows whether it was
    /// read. So for a minute no such connection is used again.
    func closedAfterChunks() {
        if chunksEndConnections == nil {
            worker.context.logger.notice(
                "upstream closes after chunked answers; such connections are not used again",
                metadata: ["upstream": "\(upstream.name)"]
            )
        }
        chunksEndConnections = .now() + .minutes(1)
    }

    /// A new connection can be used.
    func connected(_ connection: UpstreamConnection) {
        connecting -= 1
        worker.metrics.upstreamConnects += 1
        if connection.peer != nil || connection.model != nil { verified[ObjectIdentifier(connection)] = connection }
        release(connection)
        if upstream.model != nil { models.connected(connection.model) }
    }

    /// A new connection came to nothing.
    func failedToConnect(_ reason: String, _ problem: Problem = .unreachable) {
        couldNotConnect(reason)
        if !waiters.isEmpty { waiters.removeFirst().pipeline.upstreamUnavailable(problem) }
        connectForWaiters()
    }

    /// A new connection came to nothing for the model that the upstream has not loaded.
    func failedToConnect(_ reason: UnprovenModel) {
        failedToConnect("model_\(reason.rawValue)", .unproven(reason))
    }

    /// A connection that could be used is gone.
    func removed(_ connection: UpstreamConnection) {
        count -= 1
        idle.removeAll { $0 === connection }
        verified[ObjectIdentifier(connection)] = nil
        connectForWaiters()
    }

    /// Counts a connection that came to nothing.
    func couldNotConnect(_ reason: String) {
        connecting -= 1
        count -= 1
        worker.context.logger.warning(
            "upstream unreachable",
            metadata: ["upstream": "\(upstream.name)", "reason": "\(reason)"]
        )
    }

    /// Makes another connection where those that are being made are too few for those who wait.
    func connectForWaiters() {
        let carried = upstream.http2?.maximumStreams ?? 1
        if !isClosed, count < capacity, connecting * carried < waiters.count { connect() }
    }

    /// Looks who has waited too long, and which connections have been free for too long.
    func check(_ now: NIODeadline) {
        while let waiter = waiters.first, waiter.deadline <= now {
            waiters.removeFirst()
            waiter.pipeline.upstreamUnavailable(.timedOut)
        }
        for connection in idle where connection.idleSince + idleTimeout <= now { connection.close() }
        if isShared { for connection in shared { connection.check(now, idleTimeout: idleTimeout) } }
        if upstream.model != nil { models.check(now) }
    }

    /// Ends the connections whose other end is no longer believed.
    func revisit() {
        for connection in Array(verified.values) {
            guard let refusal = refusal(of: connection.peer) else { continue }
            told(refusal, of: connection.peer)
            connection.end(for: ending(refusal))
        }
        for connection in shared {
            guard let refusal = refusal(of: connection.peer) else { continue }
            told(refusal, of: connection.peer)
            connection.fail(refusal.code, for: ending(refusal))
        }
    }

    /// How a request ends whose upstream is believed no longer: the certificates of a proof that was withdrawn are revoked.
    private func ending(_ refusal: PeerRefusal) -> CompletionRecord.Ending {
        upstream.model != nil && refusal.isRevocation ? .modelUnproven : .upstreamDied
    }

    private func refusal(of peer: Peer?) -> PeerRefusal? {
        peer.flatMap { worker.context.identity.refusal(of: $0) }
    }

    private func told(_ refusal: PeerRefusal, of peer: Peer?) {
        worker.context.logger.notice(
            "upstream connection ended",
            metadata: [
                "upstream": "\(upstream.name)", "spiffe.id": "\(peer?.id.description ?? "")",
                "reason": "\(refusal.code)",
            ]
        )
    }

    /// Keeps no connection any more; the requests that have begun here still get theirs.
    func retire() {
        isRetired = true
        closeIdle()
    }

    /// Ends every free connection, and makes no more.
    func close() {
        isClosed = true
        closeIdle()
    }

    private func closeIdle() {
        for connection in idle { connection.close() }
        for connection in shared where connection.isIdle { connection.close() }
    }

    /// Counts a connection that is about to be made.
    func reserve() {
        count += 1
        connecting += 1
    }

    private func connect() {
        reserve()
        if let http2 = upstream.http2 {
            let connection = UpstreamHTTP2Connection(pool: self, configuration: http2, connectTimeout: connectTimeout)
            shared.append(connection)
            connect(connection, onFailure: { connection.fail($0) }) { verdict in
                switch verdict {
                case .success(let model): connection.model = model
                case .failure(let reason): connection.refused(reason)
                }
            }
        } else {
            let connection = UpstreamConnection(pool: self, isVerified: !upstream.isMutualTLS)
            connect(connection, onFailure: { connection.failed($0) }) { verdict in
                switch verdict {
                case .success(let model): connection.model = model
                case .failure(let reason): connection.refused(reason)
                }
            }
        }
    }

    private func connect(
        _ handler: any ChannelHandler,
        onFailure: @escaping (String) -> Void,
        onModel: @escaping (Result<UpstreamModel, UnprovenModel>) -> Void
    ) {
        let bound = NIOLoopBound((handler, self, onFailure, onModel), eventLoop: worker.eventLoop)
        let bootstrap = ClientBootstrap(group: worker.eventLoop)
            .connectTimeout(connectTimeout)
            .channelOption(.recvAllocator, value: ReadBufferSize())
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (handler, pool, _, onModel) = bound.value
                    try pool.addTransport(to: channel, onModel)
                    try pool.addGate(to: channel, onModel)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let future =
            switch upstream.transport {
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .mutualTLS(let host, let port, _, _): bootstrap.connect(host: host, port: port)
            case .plaintext(let address, let port): bootstrap.connect(host: address, port: port)
            }
        future.whenFailure { error in bound.value.2("\(error)") }
    }

    /// Holds a connection back until the upstream is proved to have loaded the model that it has to.
    private func addGate(
        to channel: any Channel,
        _ onModel: @escaping (Result<UpstreamModel, UnprovenModel>) -> Void
    ) throws {
        guard let requirement = upstream.model else { return }
        let gate = ModelGate(
            requirement,
            asking: upstream.isMutualTLS ? nil : worker.context.models,
            // Whoever waits for the connection has to hear why there is none.
            for: upstream.connectTimeout * 4 / 5,
            after: models.changes,
            onVerdict: onModel
        )
        try channel.pipeline.syncOperations.addHandler(gate)
    }

    private func addTransport(
        to channel: any Channel,
        _ onModel: @escaping (Result<UpstreamModel, UnprovenModel>) -> Void
    ) throws {
        guard case .mutualTLS(_, _, let id, let serverName) = upstream.transport else { return }
        let name = upstream.name
        let logger = worker.context.logger
        let bound = NIOLoopBound((onModel, upstream.model != nil), eventLoop: worker.eventLoop)
        try channel.pipeline.syncOperations.addHandlers(
            worker.context.identity.clientHandlers(
                expecting: id,
                serverName: serverName,
                carrying: isShared ? .http2 : .http
            ) {
                refused in
                logger.warning(
                    "upstream refused",
                    metadata: ["upstream": "\(name)", "reason": "\(refused.refusal.code)"]
                )
                let (onModel, hasModel) = bound.value
                // The certificates of a proof that was withdrawn are revoked.
                if hasModel, refused.refusal.isRevocation { onModel(.failure(.withdrawn)) }
            }
        )
    }
}

extension PeerRefusal {
    /// Whether the peer's certificate, or its identity, is revoked.
    fileprivate var isRevocation: Bool { code == TransportRefusal.revoked.rawValue }
}

extension Upstream {
    /// Whether the upstream has to prove who it is.
    var isMutualTLS: Bool {
        if case .mutualTLS = transport { return true }
        return false
    }
}
