public import AuditLog
import Crypto
import Dispatch
public import Logging
import NIOCore
import Synchronization
import ZeroTrust

/// Keeps bodies of requests: gathers them as they pass, and seals them on a thread of its own once the request is over.
///
/// A request waits for none of this. What is not kept, by chance or for want of room, is recorded as such once a second.
public final class BodyKeeper: Sendable {
    private struct State {
        var jobs: [BodyJob] = []
        var missing: [Missing: [RequestID]] = [:]
        var isSealing = false
        var isReporting = false
    }

    /// Whose bodies were not kept, and why.
    private struct Missing: Hashable {
        let tenant: String
        let reason: String
    }

    /// How many ids a sampling record stands for at most.
    private static let maximumIDs = 65_536
    /// How long is waited for more to be sealed together, and for more that was not kept to be told together.
    private static let sealingPause = DispatchTimeInterval.milliseconds(20)
    private static let reportingPause = DispatchTimeInterval.seconds(1)

    private let vault: BodyVault
    private let log: any RecordLog
    private let node: String
    private let logger: Logger
    /// By which requests are chosen: nobody who sends one can know whether it will be.
    private let samplingKey: SymmetricKey
    /// Whether there is a policy, for those who look at every request.
    private let isOn = Atomic<Bool>(false)
    /// Changes with the policy: an event loop that has seen this one need not lock anything.
    private let generation = Atomic<UInt64>(1)
    /// Guards the policy alone, which is replaced whole.
    private let published = Mutex<BodyPolicy?>(nil)
    /// Guards what waits to be sealed, and what was not kept.
    private let state = Mutex(State())
    private let budget = GuardBudget()
    private let sealing = DispatchQueue(label: "lapwing bodies")
    /// What is not kept is told from a thread of its own: a disk that takes no bodies does not hold it up.
    private let reporting = DispatchQueue(label: "lapwing bodies not kept")

    /// A keeper without a policy.
    ///
    /// - Parameters:
    ///   - vault: where bodies lie.
    ///   - samplingKey: by which requests are chosen; nodes that have the same choose alike for a trace.
    ///   - log: where records go.
    ///   - node: the name of this node.
    ///   - logger: where failures are told.
    public init(vault: BodyVault, samplingKey: [UInt8], log: any RecordLog, node: String, logger: Logger) {
        self.vault = vault
        self.samplingKey = SymmetricKey(data: samplingKey)
        self.log = log
        self.node = node
        self.logger = logger
    }

    /// What is kept from now on; nil for nothing.
    public var policy: BodyPolicy? {
        get { published.withLock { $0 } }
        set {
            published.withLock { $0 = newValue }
            generation.wrappingAdd(1, ordering: .releasing)
            isOn.store(newValue != nil, ordering: .releasing)
        }
    }

    // MARK: On the path of a request

    /// The policy as an event loop saw it last.
    struct Seen {
        fileprivate var generation: UInt64 = 0
        fileprivate var policy: BodyPolicy?
    }

    /// Begins to gather a request's bodies; nil where none are kept.
    func begin(
        _ id: RequestID,
        trace: String?,
        _ framing: MessageFraming,
        _ method: HTTP1Method,
        _ seen: inout Seen
    ) -> KeptBodies? {
        guard isOn.load(ordering: .acquiring) else { return nil }
        let generation = generation.load(ordering: .acquiring)
        if seen.generation != generation { seen = Seen(generation: generation, policy: policy) }
        guard let policy = seen.policy else { return nil }
        let isSampled = isChosen(id, trace: trace, share: policy.share)
        return KeptBodies(id, isSampled: isSampled, framing, method, policy, budget)
    }

    /// Whether a request is one of a share of all, the same for all requests of a trace.
    private func isChosen(_ id: RequestID, trace: String?, share: Double) -> Bool {
        guard share < 1 else { return true }
        guard share > 0 else { return false }
        var code = HMAC<SHA256>(key: samplingKey)
        // The trace's id stands in the same place of every `traceparent`.
        let subject = trace.map { Array($0.utf8.dropFirst(3).prefix(32)) } ?? Array(id.description.utf8)
        code.update(data: subject)
        let value = code.finalize().prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return Double(value) / 18_446_744_073_709_551_616 < share
    }

    /// How many bytes are held, from the moment they come until they are sealed.
    var heldBytes: Int { budget.bytes }

    /// Takes the bodies of a request that is over.
    func finish(_ kept: KeptBodies, caller: SPIFFEID?, isRefused: Bool) {
        // Once nothing is kept any more, that holds for what is under way as well.
        guard isOn.load(ordering: .acquiring) else { return }
        let policy = kept.policy
        let tenant = policy.tenant(of: caller)
        guard kept.isSampled || isRefused && policy.keepsRefused else {
            return miss([kept.id], Missing(tenant: tenant, reason: "sampled_out"))
        }
        guard !kept.isOverloaded else { return miss([kept.id], Missing(tenant: tenant, reason: "too_many")) }
        guard kept.request.readableBytes > 0 || kept.answerBytes > 0 else { return }
        state.withLock { state in
            state.jobs.append(
                BodyJob(
                    id: kept.id,
                    tenant: tenant,
                    framing: kept.framing,
                    method: kept.method,
                    request: kept.request,
                    answer: kept.answer,
                    requestBytes: kept.requestBytes,
                    answerBytes: kept.answerBytes,
                    limit: policy.maximumBytes,
                    room: kept.room
                )
            )
            guard !state.isSealing else { return }
            state.isSealing = true
            sealing.asyncAfter(deadline: .now() + Self.sealingPause) { self.seal() }
        }
    }

    /// Has it recorded whose bodies were not kept.
    private func miss(_ ids: [RequestID], _ what: Missing) {
        state.withLock { state in
            state.missing[what, default: []] += ids
            guard !state.isReporting else { return }
            state.isReporting = true
            reporting.asyncAfter(deadline: .now() + Self.reportingPause) { self.report() }
        }
    }

    // MARK: On threads of their own

    /// Records what was not kept since the last time.
    private func report() {
        var missing: [Missing: [RequestID]] = [:]
        state.withLock { state in
            swap(&missing, &state.missing)
            state.isReporting = false
        }
        for (what, ids) in missing { record(ids, what) }
    }

    /// Seals what waits, and records it; ends where nothing came meanwhile.
    private func seal() {
        var jobs: [BodyJob] = []
        state.withLock { state in swap(&jobs, &state.jobs) }
        vault.forgetShredded()
        seal(jobs)
        jobs = []
        state.withLock { state in
            state.isSealing = !state.jobs.isEmpty
            guard state.isSealing else { return }
            sealing.asyncAfter(deadline: .now() + Self.sealingPause) { self.seal() }
        }
    }

    private func seal(_ jobs: [BodyJob]) {
        guard !jobs.isEmpty else { return }
        var records: [BodyRecord] = []
        var failed: [Missing: [RequestID]] = [:]
        func fail(_ id: RequestID, _ tenant: String, _ error: any Error) {
            if failed.isEmpty { logger.error("bodies not kept", metadata: ["error": "\(error)"]) }
            failed[Missing(tenant: tenant, reason: "failed"), default: []].append(id)
        }
        for job in jobs {
            do { records.append(try seal(job)) } catch { fail(job.id, job.tenant, error) }
        }
        do { try vault.synchronize() } catch {
            for record in records { fail(record.id, record.tenant, error) }
            records = []
        }
        for record in records { append(record.encoded()) }
        for (what, ids) in failed { miss(ids, what) }
    }

    private func seal(_ job: BodyJob) throws -> BodyRecord {
        let now = Timestamp.now()
        var record = BodyRecord(
            id: job.id,
            time: now,
            node: node,
            tenant: job.tenant,
            key: "",
            request: nil,
            response: nil
        )
        let (request, answer) = (job.requestContent, job.answerContent)
        if !request.isEmpty {
            let sealed = try vault.seal(
                request,
                of: job.id,
                .request,
                tenant: job.tenant,
                length: job.requestBytes,
                at: now
            )
            (record.request, record.key) = (sealed.part, sealed.key)
        }
        if !answer.isEmpty {
            let sealed = try vault.seal(
                answer,
                of: job.id,
                .response,
                tenant: job.tenant,
                length: job.answerBytes,
                at: now
            )
            (record.response, record.key) = (sealed.part, sealed.key)
        }
        return record
    }

    private func record(_ ids: [RequestID], _ what: Missing) {
        for start in stride(from: 0, to: ids.count, by: Self.maximumIDs) {
            let part = ids[start..<min(start + Self.maximumIDs, ids.count)].sorted { $0.bits < $1.bits }
            guard let first = part.first, let last = part.last else { continue }
            let now = Timestamp.now()
            let record = SamplingRecord(
                id: RequestID(milliseconds: now.milliseconds, random: .random(in: 0 ... .max)),
                time: now,
                node: node,
                tenant: what.tenant,
                reason: what.reason,
                count: UInt64(part.count),
                first: first,
                last: last,
                root: SamplingRecord.root(of: part)
            )
            append(record.encoded())
        }
    }

    private func append(_ entry: [UInt8]) {
        do { _ = try log.append(entry) } catch {
            logger.error("bodies not recorded", metadata: ["error": "\(error)"])
        }
    }

    /// Seals and records what is left; called once, when no request is served any more.
    public func close() {
        sealing.sync { seal() }
        reporting.sync { report() }
    }
}
