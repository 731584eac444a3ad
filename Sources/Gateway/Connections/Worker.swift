import AuditLog
import Authorization
import Glibc
import Guardrails
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import Synchronization
import ZeroTrust

/// What all event loops share: immutable, or safe to use from any of them.
final class GatewayContext: Sendable {
    let snapshots: GatewaySnapshotBox
    let identity: TLSIdentity
    /// Knows which models local upstreams have loaded.
    let models: any LocalModelAttestor
    /// Ask the providers of CUSTOM policies.
    let authorizers: ExternalAuthorizers
    let log: any RecordLog
    let logger: Logger
    /// Whether the end of each request is logged.
    let tellsRequests: Bool
    let node: String
    let workerCount: Int
    /// How many client connections the descriptors of this process are enough for.
    let descriptors: DescriptorBudget
    /// The client connections that are open, over all event loops.
    let connectionCount = Atomic<Int>(0)
    /// The connections without HTTP to upstreams, over all event loops.
    let opaqueConnections = OpaqueCounts()
    /// The bytes of bodies that are held to be judged, over all event loops.
    let guardedBytes = GuardBudget()
    /// What callers use of the limits of guardrails.
    let usage: any UsageStore = LocalUsage()
    /// What keeps bodies, where any are kept.
    let bodies: BodyKeeper?
    /// What is recorded of a prompt, where anything is.
    let prompts: (@Sendable (ModelRequest) -> DecisionRecord.Prompt?)?
    /// The requests in flight over HTTP/2, over all event loops.
    let streamCount = Atomic<Int>(0)

    init(
        snapshot: GatewaySnapshot,
        identity: TLSIdentity,
        models: any LocalModelAttestor = NoModelProofs(),
        log: any RecordLog,
        logger: Logger,
        node: String,
        workerCount: Int,
        descriptors: DescriptorBudget,
        bodies: BodyKeeper? = nil,
        prompts: (@Sendable (ModelRequest) -> DecisionRecord.Prompt?)? = nil
    ) {
        self.snapshots = GatewaySnapshotBox(snapshot)
        self.identity = identity
        self.models = models
        self.authorizers = ExternalAuthorizers(identity: identity)
        self.log = log
        self.logger = logger
        self.tellsRequests = logger.logLevel <= .debug
        self.node = node
        self.workerCount = workerCount
        self.descriptors = descriptors
        self.bodies = bodies
        self.prompts = prompts
    }

    /// Counts a connection; gives how many of this gateway's there are.
    func connectionOpened() -> Int {
        descriptors.take()
        return connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Counts a connection's end.
    func connectionClosed() {
        descriptors.give()
        connectionCount.wrappingSubtract(1, ordering: .relaxed)
    }
}

/// What one event loop keeps to itself: its connections, its upstream pools, its counts.
///
/// Everything that a request touches lies on the loop that accepted its connection, so that nothing is locked and
/// nothing is handed over.
final class Worker {
    /// What is in force on this loop: a snapshot, and the pools of its upstreams in their order.
    final class Generation {
        let snapshot: GatewaySnapshot
        let pools: [UpstreamPool]

        init(_ snapshot: GatewaySnapshot, pools: [UpstreamPool]) {
            self.snapshot = snapshot
            self.pools = pools
        }
    }

    /// The connections of clients that are open.
    ///
    /// They lie in an object of their own, so that nobody needs a weak reference to the worker: one would make it slower to
    /// count all others.
    private final class Connections {
        var all: [ObjectIdentifier: any ServedConnection] = [:]

        subscript(connection: any ServedConnection) -> (any ServedConnection)? {
            get { all[ObjectIdentifier(connection)] }
            set { all[ObjectIdentifier(connection)] = newValue }
        }

        /// They as they are now: connections leave the table as they are closed.
        var current: [any ServedConnection] { Array(all.values) }
    }

    /// A pool whose upstream is no longer configured; whoever still uses it keeps it.
    private struct Retired {
        weak let pool: UpstreamPool?
    }

    let eventLoop: any EventLoop
    let context: GatewayContext
    /// The requests that wait for their records.
    let records: RecordQueue
    var metrics = WorkerMetrics()
    /// The callers of the last connections, the newest first.
    private var recentCallers: [ClientConnection.Caller] = []
    /// The last completion record.
    var recentCompletion: RecentCompletion?
    var recentPause = TemplatePause()
    /// Storage for the heads that go on.
    var spareHeads = SpareBuffers()
    /// Which bodies are kept, as this loop saw it last.
    var bodies = BodyKeeper.Seen()
    private(set) var isDraining = false
    /// What waits for HTTP/2 clients to read it, over all connections of the loop.
    let http2Buffer: BufferAccount
    private let connections = Connections()
    private var refusals = RefusalTally()
    private var generation: Generation
    private var stamp: UInt64
    private var retired: [Retired] = []
    private var random: SmallRandom
    private var ticks: RepeatedTask?
    private var drained: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop, context: GatewayContext) {
        self.eventLoop = eventLoop
        self.context = context
        self.records = RecordQueue(log: context.log, eventLoop: eventLoop)
        self.stamp = context.snapshots.stamp
        let snapshot = context.snapshots.current
        self.generation = Generation(snapshot, pools: [])
        self.random = SmallRandom()
        self.http2Buffer = BufferAccount(limit: Self.bufferLimit(snapshot, context))
        self.generation = Generation(
            snapshot,
            pools: snapshot.configuration.upstreams.map { UpstreamPool($0, worker: self) }
        )
    }

    /// This loop's share of what may wait for HTTP/2 clients.
    private static func bufferLimit(_ snapshot: GatewaySnapshot, _ context: GatewayContext) -> Int {
        max(1, snapshot.configuration.limits.http2.totalBufferBytes / context.workerCount)
    }

    /// Begins to look at connections that take too long.
    func start() {
        http2Buffer.onRoom = { [connections] in
            for connection in connections.current { (connection as? HTTP2Connection)?.roomChanged() }
        }
        scheduleTicks()
    }

    private func scheduleTicks() {
        ticks?.cancel()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let tick = generation.snapshot.tick
        ticks = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in bound.value.tick() }
    }

    // MARK: What is in force

    /// What is in force now: a request that begins takes it, and keeps it to its end.
    var current: Generation {
        if context.snapshots.stamp != stamp { adopt() }
        return generation
    }

    /// Takes what is in force, also where no request asks for it.
    ///
    /// The pools of upstreams that stay as they are stay with their connections. The others end: what is idle is closed,
    /// and what carries a request is closed after it.
    func adopt() {
        stamp = context.snapshots.stamp
        let next = context.snapshots.current
        let last = generation
        guard next !== last.snapshot else { return }
        var known = Dictionary(last.pools.map { ($0.upstream, $0) }, uniquingKeysWith: { first, _ in first })
        let pools = next.configuration.upstreams.map {
            known.removeValue(forKey: $0) ?? UpstreamPool($0, worker: self)
        }
        generation = Generation(next, pools: pools)
        http2Buffer.limit = Self.bufferLimit(next, context)
        for pool in known.values {
            retired.append(Retired(pool: pool))
            pool.retire()
        }
        if ticks != nil, next.tick != last.snapshot.tick { scheduleTicks() }
    }

    /// The pools that have connections or can get some: those in force, and those that requests of before still use.
    private var allPools: [UpstreamPool] { generation.pools + retired.compactMap(\.pool) }

    /// An id for a request that begins now.
    func makeID(at time: Timestamp) -> RequestID {
        RequestID(milliseconds: time.milliseconds, random: UInt128(random.next()) << 64 | UInt128(random.next()))
    }

    // MARK: Connections

    func add(_ connection: any ServedConnection) {
        connections[connection] = connection
        metrics.connectionsOpened += 1
        metrics.connections += 1
    }

    /// Puts a connection in the place of one whose protocol turned out to be another.
    func replace(_ connection: any ServedConnection, by other: any ServedConnection) {
        guard connections[connection] != nil else { return }
        connections[connection] = nil
        connections[other] = other
    }

    func remove(_ connection: any ServedConnection) {
        guard connections[connection] != nil else { return }
        connections[connection] = nil
        metrics.connections -= 1
        context.connectionClosed()
        finishDrainIfDone()
    }

    /// Counts a connection that was refused before anybody was identified, or ended for what its client sends.
    func refused(_ reason: String, from address: SocketAddress?) {
        metrics.refusals[reason, default: 0] += 1
        let source = address?.ipAddress.flatMap { IPAddress($0) }
        record(refusals.count(source: source, reason: reason, at: .now()))
        context.logger.debug(
            "connection refused",
            metadata: ["reason": "\(reason)", "source": "\(source.map(\.description) ?? "unknown")"]
        )
    }

    /// A listener has stopped accepting for want of descriptors.
    func acceptingPaused() {
        metrics.acceptPauses += 1
        context.logger.warning(
            "accepting paused",
            metadata: ["connections": "\(context.connectionCount.load(ordering: .relaxed))"]
        )
    }

    /// The caller of a new connection: that of another one, where it is the same.
    func caller(
        _ verified: PeerVerified,
        from source: Exchange.Endpoint,
        to destination: Exchange.Endpoint
    ) -> ClientConnection.Caller {
        if let place = recentCallers.firstIndex(where: { $0.isLike(verified, from: source, to: destination) }) {
            if place > 0 { recentCallers.swapAt(place, place - 1) }
            return recentCallers[max(0, place - 1)]
        }
        let caller = ClientConnection.Caller(verified, from: source, to: destination)
        if recentCallers.count == Self.rememberedCallers { recentCallers.removeLast() }
        recentCallers.insert(caller, at: 0)
        return caller
    }

    private static let rememberedCallers = 16

    /// Whether the policy in force lets a connection in.
    func isAdmitted(_ connection: any ServedConnection) -> Bool { connection.isAdmitted(by: current.snapshot.policy) }

    /// Ends the connections whose other end is no longer believed, or that the policy in force does not let in, or whose
    /// upstream is not theirs any more, and what is under way on them.
    func revisit() {
        for connection in connections.current {
            if let peer = connection.caller?.peer, let refusal = context.identity.refusal(of: peer) {
                end(connection, for: refusal.code, .revoked)
            } else if let peer = connection.upstreamPeer, let refusal = context.identity.refusal(of: peer) {
                end(connection, for: refusal.code, .upstreamDied)
            } else if !isAdmitted(connection) || !connection.isServed(by: current.snapshot.configuration) {
                end(connection, for: CompletionRecord.Ending.policyChanged.rawValue, .policyChanged)
            }
        }
        for pool in allPools { pool.revisit() }
    }

    /// What local processes are proved to have loaded may have changed.
    func modelsChanged() {
        for pool in allPools where pool.upstream.model != nil { pool.models.changed() }
    }

    private func end(_ connection: any ServedConnection, for reason: String, _ ending: CompletionRecord.Ending) {
        metrics.refusals[reason, default: 0] += 1
        context.logger.notice(
            "connection ended",
            metadata: ["spiffe.id": "\(connection.caller?.name ?? "")", "reason": "\(reason)"]
        )
        connection.abort(ending)
    }

    private func record(_ counts: [RefusalTally.Count]) {
        for count in counts {
            let record = count.record(id: makeID(at: .now()), node: context.node)
            // What could not be added is counted by the log, which tells of it.
            _ = try? context.log.append(record.encoded())
        }
    }

    private func tick() {
        let now = NIODeadline.now()
        for connection in connections.current { connection.check(now) }
        for pool in allPools { pool.check(now) }
        retired.removeAll { $0.pool == nil }
        record(refusals.drain(before: .now()))
    }

    // MARK: The end

    /// Stops taking requests: idle connections close, and the others after their request.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        let promise = drained ?? eventLoop.makePromise(of: Void.self)
        drained = promise
        for connection in connections.current { connection.drain() }
        finishDrainIfDone()
        return promise.futureResult
    }

    /// Lets the connections of a listener that is gone end as in a drain.
    func drain(_ listener: ListenerState) {
        for connection in connections.current where connection.listener === listener { connection.drain() }
    }

    /// Closes what is left.
    func close() {
        for connection in connections.current { connection.abort(.drained) }
        for pool in allPools { pool.close() }
        record(refusals.drain())
        records.close()
        ticks?.cancel()
        finishDrainIfDone()
    }

    private func finishDrainIfDone() {
        guard isDraining, connections.all.isEmpty, let promise = drained else { return }
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
