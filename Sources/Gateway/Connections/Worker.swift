import AuditLog
import Authorization
import Glibc
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import Synchronization
import ZeroTrust

/// What all event loops share: immutable, or safe to use from any of them.
final class GatewayContext: Sendable {
    let configuration: GatewayConfiguration
    let routes: RouteTable
    let policies: PolicySnapshotBox
    let identity: TLSIdentity
    let log: any RecordLog
    let logger: Logger
    let node: String
    let workerCount: Int
    let timeouts: Timeouts
    /// The client connections that are open, over all event loops.
    let connectionCount = Atomic<Int>(0)
    /// The requests in flight over HTTP/2, over all event loops.
    let streamCount = Atomic<Int>(0)

    /// The durations of the configuration, as event loops count them.
    struct Timeouts: Sendable {
        let head: TimeAmount
        let body: TimeAmount
        let idle: TimeAmount
        /// How long a record may take before the request is refused without it.
        let record = TimeAmount.seconds(10)
        /// How long the rest of a request is read after it was answered, so that the answer is not lost.
        let linger = TimeAmount.seconds(1)
        /// How often connections are looked at.
        let tick: TimeAmount
    }

    init(
        configuration: GatewayConfiguration,
        policies: PolicySnapshotBox,
        identity: TLSIdentity,
        log: any RecordLog,
        logger: Logger,
        node: String,
        workerCount: Int
    ) {
        self.configuration = configuration
        self.routes = RouteTable(configuration)
        self.policies = policies
        self.identity = identity
        self.log = log
        self.logger = logger
        self.node = node
        self.workerCount = workerCount
        let limits = configuration.limits
        var shortest = min(limits.headTimeout, limits.bodyTimeout, limits.idleTimeout)
        for route in configuration.routes { shortest = min(shortest, route.responseTimeout, route.streamTimeout) }
        for upstream in configuration.upstreams {
            shortest = min(shortest, upstream.connectTimeout, upstream.idleTimeout)
        }
        self.timeouts = Timeouts(
            head: TimeAmount(limits.headTimeout),
            body: TimeAmount(limits.bodyTimeout),
            idle: TimeAmount(limits.idleTimeout),
            tick: min(.seconds(1), max(.milliseconds(5), TimeAmount(shortest / 4)))
        )
    }
}

/// What one event loop keeps to itself: its connections, its upstream pools, its counts.
///
/// Everything that a request touches lies on the loop that accepted its connection, so that nothing is locked and
/// nothing is handed over.
final class Worker {
    let eventLoop: any EventLoop
    let context: GatewayContext
    /// The requests that wait for their records.
    let records: RecordQueue
    var metrics = WorkerMetrics()
    private(set) var pools: [UpstreamPool] = []
    private(set) var isDraining = false
    /// What waits for HTTP/2 clients to read it, over all connections of the loop.
    let http2Buffer: BufferAccount
    private var connections: [ObjectIdentifier: any ServedConnection] = [:]
    private var refusals = AggregateRefusals()
    private var policy: PolicySnapshot
    private var policyStamp: UInt64
    private var random: SmallRandom
    private var ticks: RepeatedTask?
    private var drained: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop, context: GatewayContext) {
        self.eventLoop = eventLoop
        self.context = context
        self.records = RecordQueue(log: context.log, eventLoop: eventLoop)
        self.policyStamp = context.policies.stamp
        self.policy = context.policies.current
        self.random = SmallRandom()
        self.http2Buffer = BufferAccount(
            limit: max(1, context.configuration.limits.http2.totalBufferBytes / context.workerCount)
        )
        self.pools = context.configuration.upstreams.map { UpstreamPool($0, worker: self) }
    }

    /// Begins to look at connections that take too long.
    func start() {
        http2Buffer.onRoom = { [weak self] in
            for connection in self?.connections.values.map(\.self) ?? [] {
                (connection as? HTTP2Connection)?.roomChanged()
            }
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ticks = eventLoop.scheduleRepeatedTask(initialDelay: context.timeouts.tick, delay: context.timeouts.tick) { _ in
            bound.value.tick()
        }
    }

    /// The policy in force.
    var currentPolicy: PolicySnapshot {
        let stamp = context.policies.stamp
        if stamp != policyStamp {
            policy = context.policies.current
            policyStamp = stamp
        }
        return policy
    }

    /// An id for a request that begins now.
    func makeID(at time: Timestamp) -> RequestID {
        RequestID(milliseconds: time.milliseconds, random: UInt128(random.next()) << 64 | UInt128(random.next()))
    }

    // MARK: Connections

    func add(_ connection: any ServedConnection) {
        connections[ObjectIdentifier(connection)] = connection
        metrics.connectionsOpened += 1
        metrics.connections += 1
    }

    /// Puts a connection in the place of one whose protocol turned out to be another.
    func replace(_ connection: any ServedConnection, by other: any ServedConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        connections[ObjectIdentifier(other)] = other
    }

    func remove(_ connection: any ServedConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        metrics.connections -= 1
        context.connectionCount.wrappingSubtract(1, ordering: .relaxed)
        finishDrainIfDone()
    }

    /// Counts a connection that was refused before anybody was identified, or ended for what its client sends.
    func refused(_ reason: String, from address: SocketAddress?) {
        metrics.refusals[reason, default: 0] += 1
        let source = address?.ipAddress.flatMap { IPAddress($0) }
        record(refusals.add(source: source, reason: reason, at: .now()))
        context.logger.debug(
            "connection refused",
            metadata: ["reason": "\(reason)", "source": "\(source.map(\.description) ?? "unknown")"]
        )
    }

    private func record(_ counts: [AggregateRefusals.Count]) {
        for count in counts {
            let record = AggregateRefusalRecord(
                id: makeID(at: .now()),
                second: count.second,
                node: context.node,
                source: count.source,
                reason: count.reason,
                count: count.count
            )
            // What could not be added is counted by the log, which tells of it.
            _ = try? context.log.append(record.encoded())
        }
    }

    private func tick() {
        let now = NIODeadline.now()
        // A copy, since connections leave the table as they are closed.
        for connection in Array(connections.values) { connection.check(now) }
        for pool in pools { pool.check(now) }
        record(refusals.take(at: .now()))
    }

    // MARK: The end

    /// Stops taking requests: idle connections close, and the others after their request.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        let promise = drained ?? eventLoop.makePromise(of: Void.self)
        drained = promise
        for connection in Array(connections.values) { connection.drain() }
        finishDrainIfDone()
        return promise.futureResult
    }

    /// Closes what is left.
    func close() {
        for connection in Array(connections.values) { connection.abort(.drained) }
        for pool in pools { pool.close() }
        record(refusals.drain())
        records.close()
        ticks?.cancel()
        finishDrainIfDone()
    }

    private func finishDrainIfDone() {
        guard isDraining, connections.isEmpty, let promise = drained else { return }
        drained = nil
        promise.succeed()
    }
}

/// Random bits for ids, seeded by the system once: ids must differ, and need not be secret.
struct SmallRandom: RandomNumberGenerator {
    private var state: (UInt64, UInt64)

    init() {
        var system = SystemRandomNumberGenerator()
        state = (system.next() | 1, system.next())
    }

    /// xorshift128+.
    mutating func next() -> UInt64 {
        var one = state.0
        let other = state.1
        let result = one &+ other
        one ^= one << 23
        state = (other, one ^ other ^ (one >> 18) ^ (other >> 5))
        return result
    }
}
