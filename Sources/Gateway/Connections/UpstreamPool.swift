import Logging
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import ZeroTrust

/// The connections of one event loop to one upstream: those that are free, those in use, and who waits for one.
final class UpstreamPool {
    /// Why no connection could be had.
    enum Problem {
        case overloaded
        case unreachable
        case timedOut
    }

    private struct Waiter {
        let pipeline: Pipeline
        let deadline: NIODeadline
    }

    let upstream: Upstream
    private unowned let worker: Worker
    private let capacity: Int
    private let maximumWaiting: Int
    private let connectTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    /// The one that was used last is used first, so that the others can grow old.
    private var idle: [UpstreamConnection] = []
    private var waiters: [Waiter] = []
    /// The connections whose other end was verified.
    private var verified: [ObjectIdentifier: UpstreamConnection] = [:]
    private var count = 0
    private var connecting = 0
    private var isClosed = false
    /// Whether the upstream is no longer configured, so that only requests which have begun come here.
    private var isRetired = false

    init(_ upstream: Upstream, worker: Worker) {
        self.upstream = upstream
        self.worker = worker
        let workers = worker.context.workerCount
        self.capacity = max(1, (upstream.maximumConnections + workers - 1) / workers)
        self.maximumWaiting = (upstream.maximumWaiting + workers - 1) / workers
        self.connectTimeout = TimeAmount(upstream.connectTimeout)
        self.idleTimeout = TimeAmount(upstream.idleTimeout)
    }

    /// Gives a pipeline a connection, at once or later, or says why not.
    func checkOut(for pipeline: Pipeline) {
        while let connection = idle.popLast() {
            guard connection.isUsable else { continue }
            return pipeline.upstreamReady(connection)
        }
        guard !isClosed, count < capacity || waiters.count < maximumWaiting else {
            return pipeline.upstreamUnavailable(.overloaded)
        }
        waiters.append(Waiter(pipeline: pipeline, deadline: .now() + connectTimeout))
        if count < capacity, connecting < waiters.count { connect() }
    }

    /// A pipeline waits no longer.
    func forget(_ pipeline: Pipeline) {
        waiters.removeAll { $0.pipeline === pipeline }
    }

    /// A connection is free again.
    func release(_ connection: UpstreamConnection) {
        if !waiters.isEmpty {
            waiters.removeFirst().pipeline.upstreamReady(connection)
        } else if worker.isDraining || isClosed || isRetired {
            connection.close()
        } else {
            connection.idleSince = .now()
            idle.append(connection)
        }
    }

    /// A new connection can be used.
    func connected(_ connection: UpstreamConnection) {
        connecting -= 1
        worker.metrics.upstreamConnects += 1
        if connection.peer != nil { verified[ObjectIdentifier(connection)] = connection }
        release(connection)
    }

    /// A new connection came to nothing.
    func failedToConnect(_ reason: String) {
        connecting -= 1
        count -= 1
        worker.context.logger.warning(
            "upstream unreachable",
            metadata: ["upstream": "\(upstream.name)", "reason": "\(reason)"]
        )
        if !waiters.isEmpty { waiters.removeFirst().pipeline.upstreamUnavailable(.unreachable) }
        connectForWaiters()
    }

    /// A connection that could be used is gone.
    func removed(_ connection: UpstreamConnection) {
        count -= 1
        idle.removeAll { $0 === connection }
        verified[ObjectIdentifier(connection)] = nil
        connectForWaiters()
    }

    private func connectForWaiters() {
        if !isClosed, count < capacity, connecting < waiters.count { connect() }
    }

    /// Looks who has waited too long, and which connections have been free for too long.
    func check(_ now: NIODeadline) {
        while let waiter = waiters.first, waiter.deadline <= now {
            waiters.removeFirst()
            waiter.pipeline.upstreamUnavailable(.timedOut)
        }
        for connection in idle where connection.idleSince + idleTimeout <= now { connection.close() }
    }

    /// Ends the connections whose other end is no longer believed.
    func revisit() {
        for connection in Array(verified.values) {
            guard let peer = connection.peer, let refusal = worker.context.identity.refusal(of: peer) else { continue }
            worker.context.logger.notice(
                "upstream connection ended",
                metadata: ["upstream": "\(upstream.name)", "spiffe.id": "\(peer.id)", "reason": "\(refusal.code)"]
            )
            connection.fail()
        }
    }

    /// Keeps no connection any more; the requests that have begun here still get theirs.
    func retire() {
        isRetired = true
        for connection in idle { connection.close() }
    }

    /// Ends every free connection, and makes no more.
    func close() {
        isClosed = true
        for connection in idle { connection.close() }
    }

    /// Counts a connection that is about to be made.
    func reserve() {
        count += 1
        connecting += 1
    }

    private func connect() {
        reserve()
        let connection = UpstreamConnection(pool: self, isVerified: !upstream.isMutualTLS)
        let bound = NIOLoopBound((connection, self), eventLoop: worker.eventLoop)
        let bootstrap = ClientBootstrap(group: worker.eventLoop)
            .connectTimeout(connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (connection, pool) = bound.value
                    try pool.addTransport(to: channel)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        let future =
            switch upstream.transport {
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .mutualTLS(let host, let port, _, _): bootstrap.connect(host: host, port: port)
            case .plaintext(let address, let port): bootstrap.connect(host: address, port: port)
            }
        future.whenFailure { error in bound.value.0.failed("\(error)") }
    }

    private func addTransport(to channel: any Channel) throws {
        guard case .mutualTLS(_, _, let id, let serverName) = upstream.transport else { return }
        let name = upstream.name
        let logger = worker.context.logger
        try channel.pipeline.syncOperations.addHandlers(
            worker.context.identity.clientHandlers(expecting: id, serverName: serverName) { refused in
                logger.warning(
                    "upstream refused",
                    metadata: ["upstream": "\(name)", "reason": "\(refused.refusal.code)"]
                )
            }
        )
    }
}

extension Upstream {
    /// Whether the upstream has to prove who it is.
    var isMutualTLS: Bool {
        if case .mutualTLS = transport { return true }
        return false
    }
}
