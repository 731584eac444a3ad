public import FoundationEssentials
public import Logging
public import RPC
import SPIFFE
import Synchronization
import WireProtos
import ZeroTrust

/// Takes proofs of load from loaders and holds each for as long as its call lasts.
///
/// A service of its own beside the Workload API, which must not be extended (SPIFFE Workload Endpoint §7). The kernel says
/// who calls; only a process that an entry with `modelLoader` fits may prove anything, and only of a child of its own. The
/// proof covers that child and what it starts. Whatever ends the call ends the proof: a failed chunk, the loader's exit or
/// death, a lost connection. A loader that stays silent for as long as the proof's ``lease``, since it was stopped or hangs,
/// has none any more either.
///
/// ```swift
/// let loaders = LoaderService(proofs: proofs, registry: registry, attestor: attestor, logger: logger) { act in … }
/// let server = RPCServer(services: [api.service, loaders.service])
/// ```
public final class LoaderService: Sendable {
    /// Something that happened to a proof, for the record.
    public struct Act: Sendable {
        /// What it was.
        public enum Kind: String, Sendable {
            /// A proof is held from now on.
            case hold = "model.proof.hold"
            /// A proof holds no longer.
            case withdraw = "model.proof.withdraw"
            /// A caller that may not prove anything tried to.
            case refuse = "model.proof.refuse"
        }

        /// What it was.
        public let kind: Kind
        /// Who did it: the loader's SPIFFE ID, or the user and process of a caller that is none.
        public let actor: String
        /// The model's digest.
        public let digest: String
        /// On what grounds.
        public let reason: String
        /// When.
        public let time: Date
    }

    /// How long a proof holds unless its loader renews it.
    public let lease: Duration
    private let proofs: ModelProofs
    private let registry: EntryRegistry
    private let attestor: WorkloadAttestor
    private let withdrawal: ModelWithdrawal
    private let logger: Logger
    private let clock: @Sendable () -> Date
    private let onAct: @Sendable (Act) async throws -> Void
    /// Guards how many refusals may be recorded now.
    private let refusals = Mutex<(left: Double, last: Date)>((10, .distantPast))

    /// A service.
    ///
    /// - Parameters:
    ///   - proofs: where proofs are held.
    ///   - registry: whose entries say who is a loader, and where certificates are revoked.
    ///   - attestor: finds out what a process is.
    ///   - lease: how long a proof holds unless its loader renews it; less than 49 days.
    ///   - clock: the time of day.
    ///   - logger: where refusals and failures are told.
    ///   - onAct: records each act. Where it throws, no proof is held; a proof is withdrawn in any case.
    public init(
        proofs: ModelProofs,
        registry: EntryRegistry,
        attestor: WorkloadAttestor,
        lease: Duration = .seconds(10),
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger,
        onAct: @escaping @Sendable (Act) async throws -> Void
    ) {
        self.proofs = proofs
        self.registry = registry
        self.attestor = attestor
        self.lease = lease
        self.withdrawal = ModelWithdrawal(proofs: proofs, registry: registry, clock: clock, logger: logger)
        self.clock = clock
        self.logger = logger
        self.onAct = onAct
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.loader,
            methods: [.bidirectional("HoldProof", handler: hold)],
            intercept: { context in
                guard context.metadata[WorkloadAPIService.securityHeader] == ["true"] else {
                    throw RPCStatus(
                        .invalidArgument,
                        "the metadata `\(WorkloadAPIService.securityHeader): true` is missing"
                    )
                }
            }
        )
    }

    private func hold(
        _ messages: RPCMessages<Loader_LoaderMessage>,
        _ context: RPCContext,
        _ writer: RPCWriter<Loader_AuthorityMessage>
    ) async throws {
        var first = messages.makeAsyncIterator()
        guard case .proof(let message)? = try await first.next()?.message else {
            throw RPCStatus(.invalidArgument, "the first message has to be a proof")
        }
        guard let claim = ModelClaim(digest: message.digest, signer: message.signer) else {
            throw RPCStatus(.invalidArgument, "the proof has no digest `sha256:…`, or no signer on one line")
        }
        let (process, entry, selectors) = try await loader(context, claim)
        let (proof, life): (ModelProof, AsyncStream<Never>)
        do {
            (proof, life) = try proofs.hold(
                claim,
                command: message.command,
                by: process,
                entry: entry,
                selectors: selectors
            )
        } catch {
            throw RPCStatus(.permissionDenied, error.message)
        }
        // What was changed while the loader was attested was looked at before there was a proof.
        if let reason = Self.reason(against: proof, registry.snapshot) {
            await withdraw(proof, reason)
            throw RPCStatus(.permissionDenied, reason)
        }
        // A call that is cut off is cancelled; what follows has to be done all the same.
        guard await record(proof, message.method) else {
            // What was never recorded as held is not recorded as withdrawn.
            await withdraw(proof, "the proof could not be recorded")
            throw RPCStatus(.unavailable, "the proof cannot be recorded now")
        }
        proofs.show(proof.number)
        // What was changed while it was recorded was looked at before it could be seen.
        if let reason = Self.reason(against: proof, registry.snapshot) {
            await end(proof, reason)
            throw RPCStatus(.permissionDenied, reason)
        }
        guard await announce(proof, writer) else {
            await end(proof, "the loader could not be told that the proof is held")
            throw RPCStatus(.unavailable, "the proof could not be answered")
        }
        let held = ProofLease(lease)
        let reason = await withTaskGroup(of: String?.self) { group in
            group.addTask { await self.watch(process, messages, held) }
            group.addTask {
                for await _ in life {}
                return nil
            }
            group.addTask {
                await held.runOut()
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        // A call that is cancelled ends all tasks, and in any order: the proof goes with it in every case.
        let isLate = reason == nil && held.isOver
        guard await end(proof, reason ?? (isLate ? held.reason : "the loader's call was cut off")) else {
            throw RPCStatus(.aborted, "the proof was withdrawn: the caller is no loader any more")
        }
        if isLate { throw RPCStatus(.deadlineExceeded, "the proof was withdrawn: \(held.reason)") }
    }

    /// Withdraws a proof, and has that recorded where nobody was quicker; returns whether nobody was.
    @discardableResult
    private func end(_ proof: ModelProof, _ reason: String) async -> Bool {
        let act = act(.withdraw, proof.loader.description, proof.claim, reason)
        guard await withdraw(proof, reason) else { return false }
        // The record follows the deed here: what is not recorded must not keep a proof alive.
        Task.detached { [onAct, logger] in await Self.insist(act, logger, onAct) }
        return true
    }

    /// Withdraws a proof, whether or not the caller is cancelled; returns whether it was held until now.
    @discardableResult
    private func withdraw(_ proof: ModelProof, _ reason: String) async -> Bool {
        await Task.detached { [withdrawal] in await withdrawal.withdraw(proof, reason: reason) }.value
    }

    /// Withdraws the proofs of loaders that are none any more, at every change of the entries and of what is revoked,
    /// until the task is cancelled.
    public func followEntries() async {
        var changes = registry.changes.changes.makeAsyncIterator()
        repeat {
            let snapshot = registry.snapshot
            for proof in proofs.all {
                if let reason = Self.reason(against: proof, snapshot) { await end(proof, reason) }
            }
        } while await changes.next() != nil
    }

    /// Why the one that made a proof may not hold it; nil where it may.
    private static func reason(against proof: ModelProof, _ snapshot: EntrySnapshot) -> String? {
        if proof.isByLoader(of: snapshot) { return nil }
        return snapshot.revocations.ids.contains(proof.loader)
            ? "the loader's identity is revoked" : "no entry makes its holder a loader any more"
    }

    /// Has it recorded that a proof is held.
    private func record(_ proof: ModelProof, _ method: String) async -> Bool {
        do {
            let grounds =
                "command \(proof.command.pid), signed by \(proof.claim.signer), proven by \(PrintableLine.of(method))"
            try await onAct(act(.hold, proof.loader.description, proof.claim, grounds))
            logger.notice(
                "model proof held",
                metadata: ["model.digest": "\(proof.claim.digest)", "proof": "\(proof.number)"]
            )
            return true
        } catch {
            logger.error("model proof not recorded", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Tells the loader that its proof is held.
    private func announce(_ proof: ModelProof, _ writer: RPCWriter<Loader_AuthorityMessage>) async -> Bool {
        do {
            var answer = Loader_AuthorityMessage()
            answer.proof = proof.number
            answer.leaseMs = UInt32(clamping: Int64(lease / .milliseconds(1)))
            try await writer.write(answer)
            return true
        } catch {
            logger.error("model proof not held", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Waits for what ends a proof, and says what that was.
    private func watch(
        _ process: WorkloadProcess,
        _ messages: RPCMessages<Loader_LoaderMessage>,
        _ lease: ProofLease
    ) async -> String {
        do {
            for try await message in messages {
                switch message.message {
                case .failure(let failure): return PrintableLine.of(failure.reason)
                case .renewal: lease.renew()
                // Neither another proof, nor what a later loader may say, renews this one.
                case .proof, nil: break
                }
            }
            return "the loader has let go of it"
        } catch {
            return process.isRunning ? "the loader's call was cut off" : "the loader's process has ended"
        }
    }

    /// Attests the caller as a loader.
    ///
    /// - Throws: `RPCStatus` PERMISSION_DENIED for anybody else, after that was recorded.
    private func loader(
        _ context: RPCContext,
        _ claim: ModelClaim
    ) async throws -> (WorkloadProcess, WorkloadEntry, Set<Selector>) {
        guard let credentials = context.credentials else {
            throw RPCStatus(.permissionDenied, "only a Unix socket says who calls")
        }
        let snapshot = registry.snapshot
        do {
            let process = try WorkloadProcess(credentials)
            let selectors = try await attestor.selectors(of: process, kinds: snapshot.kinds)
            let entries = snapshot.entries(matching: selectors).filter { $0.modelLoader != nil }
            // Of two that fit, the one that asks more.
            if let entry = entries.first(where: { $0.modelLoader == .separateUser }) ?? entries.first {
                return (process, entry, selectors)
            }
        } catch let error as IdentityError {
            logger.info("loader not attested", metadata: ["process.pid": "\(credentials.pid)", "error": "\(error)"])
            guard error.code != .exhausted else {
                throw RPCStatus(.unavailable, "callers cannot be attested now")
            }
        }
        logger.warning(
            "model proof refused",
            metadata: ["process.pid": "\(credentials.pid)", "process.uid": "\(credentials.uid)"]
        )
        let actor = "uid \(credentials.uid), process \(credentials.pid)"
        if mayRecordRefusal() {
            try? await onAct(act(.refuse, actor, claim, "no entry with `modelLoader` fits the caller"))
        }
        throw RPCStatus(
            .permissionDenied,
            "no entry makes this process a loader; a WorkloadEntry with `modelLoader` has to fit it"
        )
    }

    /// Anybody may be refused as often as they like: so that nobody fills the log with it, ten refusals are recorded at
    /// once, and then one a second.
    private func mayRecordRefusal() -> Bool {
        let now = clock()
        return refusals.withLock { state in
            state.left = min(10, state.left + max(0, now.timeIntervalSince(state.last)))
            state.last = now
            guard state.left >= 1 else { return false }
            state.left -= 1
            return true
        }
    }

    private func act(_ kind: Act.Kind, _ actor: String, _ claim: ModelClaim, _ reason: String) -> Act {
        Act(kind: kind, actor: actor, digest: claim.digest, reason: reason, time: clock())
    }

    /// Records an act that has been done, for as long as somebody may still take it.
    private static func insist(
        _ act: Act,
        _ logger: Logger,
        _ onAct: @Sendable (Act) async throws -> Void
    ) async {
        for attempt in 0..<60 {
            do { return try await onAct(act) } catch {
                logger.error("an act is not recorded yet", metadata: ["act": "\(act.kind)", "error": "\(error)"])
            }
            try? await Task.sleep(for: .milliseconds(min(100 << attempt.clamped(to: 0...5), 2000)))
        }
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
