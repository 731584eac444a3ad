public import FoundationEssentials
public import Logging
import NIOPosix
import RPC
import SPIFFE
import Synchronization
import ZeroTrust

/// Looks at the processes that have an identity for as long as they have it, and withdraws what is no longer theirs.
///
/// The end of a process is told by the kernel. Whether it runs another program, as another user or in another control
/// group is looked at twice a second, by what costs next to nothing; where anything differs the process is attested anew,
/// its program measured if an entry asks for that. The certificates and tokens that no entry gives it any more are then
/// revoked, so that connections which stand on them end, and its streams get their new state or `PERMISSION_DENIED`.
///
/// What an entry with ``WorkloadEntry/outlivesProcess`` gives is left alone.
///
/// ```swift
/// let continuous = ContinuousAttestation(registry: registry, proofs: proofs, attestor: attestor, logger: logger)
/// async let running: Void = continuous.run()
/// ```
public final class ContinuousAttestation: Sendable {
    /// How often processes are looked at.
    public static let interval = Duration.milliseconds(500)
    /// Who is named as the one that revoked.
    public static let creator = "continuous attestation"

    /// How long SVIDs to be withdrawn are gathered, so that many processes that end together are one change of the list.
    ///
    /// It is longer where much is revoked, since each change is work for everybody. With the half second after which a process
    /// was looked at it is less than a second.
    private var gathering: Duration {
        registry.snapshot.revocations.serialNumbers.count < Self.longList ? .milliseconds(100) : .milliseconds(400)
    }
    /// From how many revoked numbers on changes are gathered for longer.
    static let longList = 2048
    /// How long it is at least between two looks for what has expired, for one who asks for more than there is room for.
    private static let sweeping: TimeInterval = 1
    /// How long after its end a certificate stays on the list: clocks differ.
    private static let slack: TimeInterval = 300

    /// Announces that a process which the gateway was told of is something else or has ended.
    let changes = ChangeFeed()

    private let registry: EntryRegistry
    private let proofs: ModelProofs
    private let attestor: WorkloadAttestor
    private let limits: Limits
    let clock: @Sendable () -> Date
    let logger: Logger
    private let onWithdraw: @Sendable (Withdrawal) async throws -> Void
    /// Where what stands is kept; nil where nothing is.
    let store: (any StandingStore)?
    private let keeper: StandingKeeper?
    /// Where the numbers of processes mean what they mean to us; empty where nothing is kept.
    let place: String
    /// Guards the processes and what stands for them.
    let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Looks at nobody yet; ``run()`` does.
    ///
    /// - Parameters:
    ///   - registry: which process gets what, and where SVIDs are revoked.
    ///   - proofs: which process has loaded what.
    ///   - attestor: finds out what a process is.
    ///   - store: keeps what stands for processes, for an authority that comes after this one and calls ``resume()``.
    ///   - clock: the time of day.
    ///   - logger: where changes and failures are told.
    ///   - onWithdraw: records what was withdrawn; that is done whatever it throws.
    /// - Throws: ``IdentityError`` where a store is given and the kernel does not say where we run.
    public convenience init(
        registry: EntryRegistry,
        proofs: ModelProofs = ModelProofs(),
        attestor: WorkloadAttestor,
        store: any StandingStore,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger,
        onWithdraw: @escaping @Sendable (Withdrawal) async throws -> Void = { _ in }
    ) throws(IdentityError) {
        self.init(
            registry: registry,
            proofs: proofs,
            attestor: attestor,
            limits: Limits(),
            store: store,
            place: try ProcessPlace.current(),
            clock: clock,
            logger: logger,
            onWithdraw: onWithdraw
        )
    }

    /// Looks at nobody yet, and keeps nothing.
    public convenience init(
        registry: EntryRegistry,
        proofs: ModelProofs = ModelProofs(),
        attestor: WorkloadAttestor,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger,
        onWithdraw: @escaping @Sendable (Withdrawal) async throws -> Void = { _ in }
    ) {
        self.init(
            registry: registry,
            proofs: proofs,
            attestor: attestor,
            limits: Limits(),
            clock: clock,
            logger: logger,
            onWithdraw: onWithdraw
        )
    }

    init(
        registry: EntryRegistry,
        proofs: ModelProofs,
        attestor: WorkloadAttestor,
        limits: Limits,
        store: (any StandingStore)? = nil,
        place: String = "",
        clock: @escaping @Sendable () -> Date,
        logger: Logger,
        onWithdraw: @escaping @Sendable (Withdrawal) async throws -> Void = { _ in }
    ) {
        self.registry = registry
        self.proofs = proofs
        self.attestor = attestor
        self.limits = limits
        self.clock = clock
        self.logger = logger
        self.onWithdraw = onWithdraw
        self.store = store
        self.keeper = store.map { StandingKeeper($0, clock: clock) }
        self.place = place
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Who is looked at

    /// Looks at a process from now on, for as long as a call lasts: before it is attested, so that no change is missed.
    ///
    /// Each call ends with ``leave(_:)``.
    func enter(_ process: WorkloadProcess) -> AttestedProcess {
        enter(process) { $0.calls += 1 }
    }

    /// A call has ended; the process is looked at for as long as anything stands for it.
    func leave(_ attested: AttestedProcess) {
        state.withLock { state in
            guard var record = state.records[attested.member] else { return }
            record.calls -= 1
            state.put(record, of: attested.member)
        }
    }

    /// Looks at a process until it ends, because the gateway is told who it is.
    func follow(_ process: WorkloadProcess) {
        _ = enter(process) { $0.isFollowed = true }
    }

    private func enter(_ process: WorkloadProcess, _ change: (inout Record) -> Void) -> AttestedProcess {
        let member = AttestedProcess.Member(process)
        let known = state.withLock { state -> AttestedProcess? in
            guard var record = state.records[member] else { return nil }
            change(&record)
            state.records[member] = record
            return record.attested
        }
        if let known { return known }
        let attested = AttestedProcess(process)
        let revision = attestor.revision
        let traits = ProcessTraits(pid: member.pid, asksGroups: asksGroups)
        let exit = process.onExit { [weak self] in self?.ended(member) }
        let held = state.withLock { state in
            // Another call of the process may have been quicker.
            var record =
                state.records[member]
                ?? Record(attested: attested, traits: traits, attestorRevision: revision, exit: exit)
            change(&record)
            state.records[member] = record
            return record.attested
        }
        // Its end may have been told before there was anybody to tell it of.
        if !process.isRunning { ended(member) }
        return held
    }

    private var asksGroups: Bool {
        registry.snapshot.kinds.contains { [.k8s, .container, .systemd].contains($0.namespace) }
    }

    /// How many processes are looked at.
    var processCount: Int { state.withLock { $0.records.count } }

    /// Looks at a process that has SVIDs of an authority before this one.
    func resume(_ process: WorkloadProcess, _ issued: [IssuedNumber], at now: Date) {
        _ = enter(process) { record in
            record.traits = nil
            record.proofsBy = now + Self.proofGrace
            record.proofsRevision = proofs.revision
            _ = record.issued.add(issued, at: now)
        }
        state.withLock { $0.count(issued.count, process.credentials.uid) }
    }

    // MARK: What stands for it

    /// Returns once what was noted for a process is kept for an authority that comes after this one.
    ///
    /// - Throws: where it cannot be kept; then it may not be handed out.
    func keep(_ issued: [IssuedNumber], of attested: AttestedProcess) async throws {
        guard !issued.isEmpty else { return }
        try await keeper?.keep(kept(issued, of: attested))
    }

    /// Notes what was issued to a process, before it gets that.
    ///
    /// - Parameters:
    ///   - issued: the SVIDs, without those that outlive the process.
    ///   - attested: the process.
    ///   - revision: the process's state before it was looked at for these.
    ///   - told: the state of what others say of processes, before that too; nil where nobody was asked.
    /// - Throws: ``IdentityError``: `processGone` where the process has ended, `conflict` where it was attested anew
    ///   meanwhile, `exhausted` where too much stands for its user. Then nothing is noted, and nothing may be handed out.
    func note(
        _ issued: [IssuedNumber],
        of attested: AttestedProcess,
        since revision: UInt64,
        told: UInt64? = nil
    ) throws(IdentityError) {
        guard !issued.isEmpty else { return }
        let now = clock()
        let uid = attested.process.credentials.uid
        try state.withLock { state throws(IdentityError) in
            guard state.records[attested.member] != nil, attested.process.isRunning else {
                throw IdentityError(.processGone, "the process \(attested.member.pid) has ended")
            }
            guard attested.revision == revision else {
                throw IdentityError(.conflict, "the process \(attested.member.pid) has changed meanwhile")
            }
            let isFirst = !(state.records[attested.member]?.issued.list.contains { $0.notAfter >= now } ?? false)
            if !state.hasRoom(for: issued.count, isFirst: isFirst, uid, limits),
                !(0..<Self.sweeping).contains(now.timeIntervalSince(state.sweptAt))
            {
                state.removeExpired(at: now, slack: Self.slack)
            }
            guard state.hasRoom(for: issued.count, isFirst: isFirst, uid, limits) else {
                throw IdentityError(
                    .exhausted,
                    "too many SVIDs that have not expired stand for processes of uid \(uid)"
                )
            }
            let more = state.records[attested.member]?.issued.add(issued, at: now) ?? 0
            state.count(more, uid)
            // It may have been attested anew meanwhile without these: then that is done once more, with them.
            if let told, let last = state.records[attested.member]?.attestorRevision, told < last {
                state.records[attested.member]?.attestorRevision = told
            }
        }
    }

    // MARK: What is no longer its own

    private func ended(_ member: AttestedProcess.Member) {
        let now = clock()
        let ended = state.withLock { state -> Record? in
            guard let record = state.records.removeValue(forKey: member) else { return nil }
            state.failing.remove(member)
            record.attested.advance()
            state.withdraw(record.issued.list, of: member.pid, record.uid, at: now, "has ended")
            return record
        }
        guard let ended else { return }
        ended.attested.changes.announce()
        if ended.isFollowed { changes.announce() }
        if !ended.issued.list.isEmpty { wake.yield() }
    }

    /// Looks at every process once; attests anew those that are not as they were.
    func look() async {
        let changed = await changed()
        await withDiscardingTaskGroup { group in
            for (attested, traits) in changed { group.addTask { await self.attestAnew(attested, traits) } }
        }
    }

    /// The processes that are not as they were, without those that are being attested anew already; each is from now on.
    private func changed() async -> [(AttestedProcess, ProcessTraits)] {
        let (proofsRevision, attestorRevision, asksGroups) = (proofs.revision, attestor.revision, asksGroups)
        let processes = state.withLock { state in
            state.records.values.filter { !$0.isAttested }.map { record in
                let isProved = record.proofsRevision == nil || record.proofsRevision == proofsRevision
                // What is said of a pod may be something else, and the process in it the same.
                let isTold = !asksGroups || record.attestorRevision == attestorRevision
                return (record.attested, isProved && isTold ? record.traits : nil)
            }
        }
        guard !processes.isEmpty else { return [] }
        // Some of `/proc` is slow to answer.
        let changed = try? await NIOThreadPool.singleton.runIfActive {
            processes.compactMap { attested, before -> (AttestedProcess, ProcessTraits)? in
                let traits = ProcessTraits(pid: attested.member.pid, asksGroups: asksGroups)
                return traits == before ? nil : (attested, traits)
            }
        }
        guard let changed, !changed.isEmpty else { return [] }
        state.withLock { state in
            for (attested, _) in changed { state.records[attested.member]?.isAttested = true }
        }
        return changed
    }

    private func attestAnew(_ attested: AttestedProcess, _ traits: ProcessTraits) async {
        defer { state.withLock { $0.records[attested.member]?.isAttested = false } }
        let snapshot = registry.snapshot
        let (proofsRevision, attestorRevision) = (proofs.revision, attestor.revision)
        var selectors: Set<Selector> = []
        var grants: [EntryGrant] = []
        do {
            let found = try await attestor.selectors(of: attested.process, kinds: snapshot.kinds)
            let loaded = snapshot.usesModels ? try proofs.proofs(of: attested.process) : []
            (selectors, grants) = (found, snapshot.grants(matching: found, proofs: loaded))
        } catch {
            // What cannot be told now is looked at again in a moment; whoever is gone, or no longer the same, has nothing.
            guard (error as? IdentityError)?.code == .processGone else {
                let isFirst = state.withLock { state in
                    state.records[attested.member] != nil && state.failing.insert(attested.member).inserted
                        && state.failing.count == 1
                }
                // Once, and not twice a second for each.
                if isFirst {
                    logger.error(
                        "processes that have an identity cannot be attested now; they are tried again",
                        metadata: ["process.pid": "\(attested.member.pid)", "error": "\(error)"]
                    )
                }
                return
            }
        }
        if state.withLock({ $0.failing.remove(attested.member) != nil && $0.failing.isEmpty }) {
            logger.notice("processes that have an identity can be attested again")
        }
        let now = clock()
        let entries = Set(grants.map { Granted(entry: $0.entry.name, id: $0.entry.id) })
        let found = state.withLock { state -> (isFollowed: Bool, count: Int)? in
            // One that was let go of and has called anew since was looked at by that.
            guard var record = state.records[attested.member], record.attested === attested else { return nil }
            let hasChanged = record.traits.map { $0 != traits } ?? false
            // Loaders need a moment to offer their proofs to an authority that was started again.
            let waits = record.proofsBy.map { now < $0 } ?? false
            let gone = record.issued.remove { number in
                !entries.contains(Granted(entry: number.entry, id: number.id))
                    && !(waits && snapshot.lacksProofOnly(number.entry, number.id, selectors))
            }
            if waits, record.issued.list.contains(where: { !entries.contains(Granted(entry: $0.entry, id: $0.id)) }) {
                record.traits = nil
            } else {
                record.traits = traits
                record.proofsBy = nil
            }
            if record.proofsRevision != nil { record.proofsRevision = proofsRevision }
            record.attestorRevision = attestorRevision
            state.put(record, of: attested.member)
            guard hasChanged || !gone.isEmpty else { return nil }
            attested.advance()
            state.withdraw(gone, of: attested.member.pid, record.uid, at: now, "is no longer what its entry asks for")
            return (record.isFollowed, gone.count)
        }
        guard let (isFollowed, count) = found else { return }
        logger.notice(
            "a process with an identity has changed",
            metadata: [
                "process.pid": "\(attested.member.pid)", "process.uid": "\(attested.process.credentials.uid)",
                "entries": "\(grants.map(\.entry.name).joined(separator: " "))", "withdrawn": "\(count)",
            ]
        )
        attested.changes.announce()
        if isFollowed { changes.announce() }
        if count > 0 { wake.yield() }
    }

    private struct Granted: Hashable {
        let entry: String
        let id: SPIFFEID
    }

    // MARK: Running

    /// Looks and withdraws until the task is cancelled, and withdraws what is left then.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in self.wakes {
                    try? await Task.sleep(for: self.gathering)
                    // What cannot be stored now is not tried, and told of, all the time.
                    if !(await self.withdraw()) { try? await Task.sleep(for: .milliseconds(500)) }
                }
                await self.withdraw()
            }
            while (try? await Task.sleep(for: Self.interval)) != nil {
                // One whose program is large keeps no other waiting, nor the next look.
                for (attested, traits) in await self.changed() {
                    group.addTask { await self.attestAnew(attested, traits) }
                }
            }
        }
    }

    /// Revokes what has to be; what cannot be stored is tried again.
    ///
    /// The store would do nothing in a task that was cancelled.
    ///
    /// - Returns: whether nothing is left that could not be stored.
    @discardableResult
    func withdraw() async -> Bool {
        await Task.detached {
            guard await self.withdrawPending() else { return false }
            return await self.noteWithdrawn()
        }.value
    }

    private func withdrawPending() async -> Bool {
        let pending = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        guard !pending.isEmpty else { return true }
        do {
            var revocations: [Revocation] = []
            for withdrawal in pending {
                for number in withdrawal.numbers {
                    let subject = Revocation.Subject.serialNumber(RevocationSet.serialNumber(number) ?? number)
                    revocations.append(
                        try Revocation(subject, reason: withdrawal.reason, creator: Self.creator, at: clock())
                    )
                }
            }
            try await registry.revoke(all: revocations)
        } catch {
            logger.critical(
                "SVIDs of processes that have ended or changed are not revoked yet",
                metadata: ["count": "\(pending.reduce(0) { $0 + $1.numbers.count })", "error": "\(error)"]
            )
            state.withLock { $0.pending.insert(contentsOf: pending, at: 0) }
            wake.yield()
            return false
        }
        if store != nil { state.withLock { $0.unnoted += pending.flatMap(\.numbers) } }
        for withdrawal in pending {
            do { try await onWithdraw(withdrawal) } catch {
                logger.error(
                    "a withdrawal is not recorded",
                    metadata: ["spiffe.id": "\(withdrawal.id)", "error": "\(error)"]
                )
            }
        }
        return true
    }

    /// Notes beside the authority what is revoked; what cannot be noted is tried again, and told of once.
    ///
    /// Without the note, an authority that is started again revokes it once more, and records that once more.
    private func noteWithdrawn() async -> Bool {
        let numbers = state.withLock { state in
            defer { state.unnoted = [] }
            return state.unnoted
        }
        guard let store, !numbers.isEmpty else { return true }
        do {
            try await store.withdraw(numbers)
            let wasFailing = state.withLock { state in
                defer { state.isNotingFailing = false }
                return state.isNotingFailing
            }
            if wasFailing { logger.notice("what is revoked is noted beside the authority again") }
            return true
        } catch {
            let wasFailing = state.withLock { state in
                state.unnoted.insert(contentsOf: numbers, at: 0)
                defer { state.isNotingFailing = true }
                return state.isNotingFailing
            }
            if !wasFailing {
                logger.error(
                    "SVIDs are revoked, and that is not noted beside the authority yet: started again now, it would revoke them again",
                    metadata: ["count": "\(numbers.count)", "error": "\(error)"]
                )
            }
            wake.yield()
            return false
        }
    }

    /// Takes what has long expired off the list of revocations, so that it does not grow for ever.
    ///
    /// - Parameter lifetime: the longest that an SVID lives, in seconds: what was withdrawn by an authority that ran before
    ///   this one stays as long.
    public func prune(longestLife lifetime: TimeInterval) async {
        let now = clock()
        do { try await store?.forget(expiredBefore: now - Self.slack) } catch {
            logger.warning("SVIDs that have expired are kept still", metadata: ["error": "\(error)"])
        }
        let (expired, known) = state.withLock { state in
            state.removeExpired(at: now, slack: Self.slack)
            defer { state.lapsed = [] }
            return (state.lapsed, Set(state.withdrawn.keys))
        }
        let before = now - lifetime - Self.slack
        let subjects = registry.revocations.filter { revocation in
            guard revocation.creator == Self.creator, case .serialNumber(let number) = revocation.subject else {
                return false
            }
            return expired.contains(number) || !known.contains(number) && revocation.createdAt < before
        }.map(\.subject)
        guard !subjects.isEmpty else { return }
        do { try await registry.restore(all: subjects) } catch {
            state.withLock { $0.lapsed.formUnion(expired) }
            logger.warning("old revocations stay on the list", metadata: ["error": "\(error)"])
        }
    }
}
