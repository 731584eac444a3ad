import AuditLog
import Authorization
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import Synchronization
import ZeroTrust

/// What all connections to the egress listeners share.
final class EgressContext: Sendable {
    let configuration: EgressConfiguration
    let pathNormalization: PathNormalization
    let limits: HTTP1Limits
    let snapshots: EgressSnapshotBox
    let identity: TLSIdentity
    let attestor: any LocalCallerAttestor
    let resolver: any HostResolver
    let answers: AnswerCache
    let budget = NameBudget()
    let log: DecisionLog
    let logger: Logger
    let node: String
    /// The connections that are open.
    let connectionCount = Atomic<Int>(0)
    /// Guards what was refused before a caller was known, second by second, and the source of ids.
    private let counters = Mutex((refusals: AggregateRefusals(), random: SmallRandom()))

    init(
        configuration: EgressConfiguration,
        pathNormalization: PathNormalization,
        limits: HTTP1Limits,
        snapshots: EgressSnapshotBox,
        identity: TLSIdentity,
        attestor: any LocalCallerAttestor,
        resolver: any HostResolver,
        log: any RecordLog,
        logger: Logger,
        node: String
    ) {
        self.configuration = configuration
        self.pathNormalization = pathNormalization
        self.limits = limits
        self.snapshots = snapshots
        self.identity = identity
        self.attestor = attestor
        self.resolver = resolver
        self.answers = AnswerCache(maximumAge: TimeAmount(configuration.maximumAnswerAge))
        self.log = DecisionLog(log)
        self.logger = logger
        self.node = node
    }

    /// Decides by what is in force now.
    var engine: EgressEngine { EgressEngine(snapshot: snapshots.current, own: identity.svid.id) }

    /// An id for a connection or request that begins now.
    func makeID() -> RequestID {
        let random = counters.withLock { UInt128($0.random.next()) << 64 | UInt128($0.random.next()) }
        return RequestID(milliseconds: Timestamp.now().milliseconds, random: random)
    }

    // MARK: What takes time

    /// The SPIFFE IDs of whoever is at the other end, and still is after they were found.
    func identities(of owner: ConnectionOwner) async throws -> [SPIFFEID] {
        let identities = try await attestor.identities(of: owner.peer)
        guard owner.isUnchanged else { return [] }
        return identities
    }

    /// What names lead to, from memory where that is fresh enough.
    func resolve(_ names: [DestinationName]) async throws -> [IPAddress] {
        var addresses: [IPAddress] = []
        for name in names {
            let found: [IPAddress]
            if let known = answers.find(name, at: .now()) {
                found = known
            } else {
                found = try await resolver.addresses(of: name)
            }
            addresses += found
        }
        return addresses
    }

    /// Remembers what names led to, once that was judged to be good.
    func keep(_ addresses: [IPAddress], of names: [DestinationName]) {
        guard names.count == 1, let name = names.first, answers.find(name, at: .now()) == nil else { return }
        answers.keep(addresses, of: name, at: .now())
    }

    // MARK: Refusals before anybody is known

    /// Counts a connection whose owner nobody could tell; such are recorded in aggregate.
    func refusedUnknown(_ reason: EgressRefusal.Reason, from source: IPAddress?, because error: String) {
        logger.info("egress caller refused", metadata: ["reason": "\(reason.rawValue)", "error": "\(error)"])
        write(counters.withLock { $0.refusals.add(source: source, reason: reason.rawValue, at: .now()) })
    }

    /// Writes what was counted in a second that is over, or all of it.
    func writeRefusals(all: Bool) {
        write(counters.withLock { all ? $0.refusals.drain() : $0.refusals.take(at: .now()) })
    }

    private func write(_ counts: [AggregateRefusals.Count]) {
        for count in counts {
            let record = AggregateRefusalRecord(
                id: makeID(),
                second: count.second,
                node: node,
                source: count.source,
                reason: count.reason,
                count: count.count
            )
            log.append(record.encoded())
        }
    }
}
