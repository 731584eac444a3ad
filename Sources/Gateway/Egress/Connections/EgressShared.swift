import AuditLog
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import Synchronization
import ZeroTrust

/// What all connections of one outbound side share, whatever the configuration that they began with.
final class EgressShared: Sendable {
    let snapshots: EgressSnapshotBox
    let identity: TLSIdentity
    let attestor: any LocalCallerAttestor
    let resolver: any HostResolver
    let answers = AnswerCache()
    let budget = NameBudget()
    let log: any RecordLog
    let logger: Logger
    let node: String
    /// The connections that are open.
    let connectionCount = Atomic<Int>(0)
    /// The descriptors of the process, which the gateway's connections take as well.
    let descriptors = DescriptorBudget.ofProcess
    /// Guards the identities that are revoked.
    private let revoked = Mutex<Set<SPIFFEID>>([])
    /// Guards how many connections each caller has; a caller is all its identities together.
    private let callers = Mutex<[[SPIFFEID]: Int]>([:])
    private let rounds = Atomic<Int>(0)
    /// Guards whom the open connections serve.
    private let attested = Mutex<[ObjectIdentifier: AttestedCaller]>([:])
    /// Guards what was counted.
    private let counts = Mutex(EgressMetrics())
    /// Guards what was refused before a caller was known, second by second, and the source of ids.
    private let counters = Mutex((refusals: RefusalTally(), random: SmallRandom()))

    init(
        snapshots: EgressSnapshotBox,
        identity: TLSIdentity,
        attestor: any LocalCallerAttestor,
        resolver: any HostResolver,
        log: any RecordLog,
        logger: Logger,
        node: String
    ) {
        self.snapshots = snapshots
        self.identity = identity
        self.attestor = attestor
        self.resolver = resolver
        self.log = log
        self.logger = logger
        self.node = node
    }

    /// An id for a connection or request that begins now.
    func makeID() -> RequestID {
        let random = counters.withLock { UInt128($0.random.next()) << 64 | UInt128($0.random.next()) }
        return RequestID(milliseconds: Timestamp.now().milliseconds, random: random)
    }

    // MARK: Counting

    /// What was counted so far.
    var metrics: EgressMetrics { counts.withLock { $0 } }

    func count(_ change: (inout EgressMetrics) -> Void) { counts.withLock { change(&$0) } }

    /// Takes in a connection of a caller, where it has fewer than it may.
    func admit(_ caller: [SPIFFEID], limit: Int) -> Bool {
        callers.withLock { callers in
            guard callers[caller, default: 0] < limit else { return false }
            callers[caller, default: 0] += 1
            return true
        }
    }

    /// A connection that was taken in is gone.
    func release(_ caller: [SPIFFEID]) {
        callers.withLock { callers in
            guard let count = callers[caller] else { return }
            callers[caller] = count > 1 ? count - 1 : nil
        }
    }

    // MARK: Revocation

    /// Serves these identities no more.
    func revoke(_ ids: Set<SPIFFEID>) {
        revoked.withLock { $0 = ids }
    }

    /// Whether one of a caller's identities is revoked.
    func isRevoked(_ callers: [SPIFFEID]) -> Bool {
        revoked.withLock { revoked in !revoked.isEmpty && callers.contains { revoked.contains($0) } }
    }

    // MARK: Attesting again

    /// Remembers whom a connection serves, until it is gone.
    func keep(_ caller: AttestedCaller) {
        let key = ObjectIdentifier(caller.channel)
        attested.withLock { $0[key] = caller }
        caller.channel.closeFuture.whenComplete { [self] _ in
            attested.withLock { $0[key] = nil }
        }
    }

    /// Grows with every round of attesting everybody again.
    var attestationRound: Int { rounds.load(ordering: .acquiring) }

    /// Begins a round, with those whom the open connections serve now; who is let in from now on looks for its number.
    func beginAttestationRound() -> [AttestedCaller] {
        rounds.wrappingAdd(1, ordering: .acquiringAndReleasing)
        return attested.withLock { Array($0.values) }
    }

    // MARK: Refusals before anything is decided

    /// Counts a connection that nothing was decided about; such are recorded in aggregate.
    func refused(_ reason: EgressRefusal.Reason, from source: IPAddress?, because error: String) {
        logger.info("egress caller refused", metadata: ["reason": "\(reason.rawValue)", "error": "\(error)"])
        count { $0.refusals[reason.rawValue, default: 0] += 1 }
        write(counters.withLock { $0.refusals.count(source: source, reason: reason.rawValue, at: .now()) })
    }

    /// Writes what was counted in a second that is over, or all of it.
    func writeRefusals(all: Bool) {
        write(counters.withLock { all ? $0.refusals.drain() : $0.refusals.drain(before: .now()) })
    }

    private func write(_ counts: [RefusalTally.Count]) {
        for count in counts {
            let record = count.record(id: makeID(), node: node)
            // What could not be added is counted by the log, which tells of it.
            _ = try? log.append(record.encoded())
        }
    }
}
