public import FoundationEssentials
public import Logging
public import RPC
import SPIFFE
import SwiftProtobuf
import Synchronization
import WireProtos
import ZeroTrust

/// The SPIFFE Workload API: it gives each local process its own X.509-SVIDs and JWT-SVIDs and the bundles, and keeps them
/// fresh.
///
/// Every message holds the full state. The first comes at once; the next when an entry, the bundle or the process's own
/// state changes, and when an SVID reaches half of its life. A caller for whom there is no entry is refused with
/// PERMISSION_DENIED, also in the middle of a stream when its last entry goes. WIT-SVIDs are not served: their
/// calls are UNIMPLEMENTED.
///
/// ```swift
/// let api = WorkloadAPIService(authority: authority, registry: registry, attestor: attestor, logger: logger)
/// let server = RPCServer(services: [api.service])
/// try await server.bind(unixSocket: "/run/lapwing/workload.sock", mode: 0o666)
/// ```
public final class WorkloadAPIService: Sendable {
    /// What a caller may ask.
    public struct Limits: Sendable {
        /// Streams of all users together.
        public var streams = 16_384
        /// Streams of one user.
        public var streamsPerUser = 12_288

        /// The default limits.
        public init() {}
    }

    /// The metadata that every call must carry (SPIFFE Workload Endpoint §6).
    public static let securityHeader = "workload.spiffe.io"

    let authority: Authority
    let registry: EntryRegistry
    let proofs: ModelProofs
    let federation: FederatedBundles
    private let attestor: WorkloadAttestor
    let continuous: ContinuousAttestation
    private let limits: Limits
    let clock: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async throws -> Void
    let onIssue: @Sendable (TokenIssuance) async throws -> Void
    private let onCertify: @Sendable ([SVIDIssuance]) async throws -> Void
    let logger: Logger

    // Guards the tokens that are still fresh.
    let tokens = Mutex(FreshTokens())
    // Guards the number of streams by user.
    private let open = Mutex<[UInt32: Int]>([:])

    /// A service.
    ///
    /// - Parameters:
    ///   - authority: who issues.
    ///   - registry: which process gets what.
    ///   - proofs: which process has loaded what.
    ///   - federation: the bundles of other trust domains; nil where there are none.
    ///   - attestor: who finds out what a process is.
    ///   - continuous: who looks at the processes for as long as anything stands for them; nil for one of the service's own,
    ///     which does not run.
    ///   - limits: what a caller may ask.
    ///   - clock: the time of day.
    ///   - logger: where refusals and failures are told.
    ///   - onIssue: records each JWT-SVID; where it throws, the token is not handed out.
    ///   - onCertify: records the X.509-SVIDs that a process is about to get; where it throws, it does not get them.
    public convenience init(
        authority: Authority,
        registry: EntryRegistry,
        proofs: ModelProofs = ModelProofs(),
        federation: FederatedBundles? = nil,
        attestor: WorkloadAttestor,
        continuous: ContinuousAttestation? = nil,
        limits: Limits = Limits(),
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger,
        onIssue: @escaping @Sendable (TokenIssuance) async throws -> Void = { _ in },
        onCertify: @escaping @Sendable ([SVIDIssuance]) async throws -> Void = { _ in }
    ) {
        self.init(
            authority: authority,
            registry: registry,
            proofs: proofs,
            federation: federation,
            attestor: attestor,
            continuous: continuous,
            limits: limits,
            clock: clock,
            sleep: { try await Task.sleep(for: $0) },
            logger: logger,
            onIssue: onIssue,
            onCertify: onCertify
        )
    }

    /// A service whose waiting a test controls.
    init(
        authority: Authority,
        registry: EntryRegistry,
        proofs: ModelProofs = ModelProofs(),
        federation: FederatedBundles? = nil,
        attestor: WorkloadAttestor,
        continuous: ContinuousAttestation? = nil,
        limits: Limits,
        clock: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        logger: Logger,
        onIssue: @escaping @Sendable (TokenIssuance) async throws -> Void = { _ in },
        onCertify: @escaping @Sendable ([SVIDIssuance]) async throws -> Void = { _ in }
    ) {
        self.authority = authority
        self.registry = registry
        self.proofs = proofs
        self.federation = federation ?? FederatedBundles(logger: logger)
        self.attestor = attestor
        self.continuous =
            continuous
            ?? ContinuousAttestation(
                registry: registry,
                proofs: proofs,
                attestor: attestor,
                clock: clock,
                logger: logger
            )
        self.limits = limits
        self.clock = clock
        self.sleep = sleep
        self.logger = logger
        self.onIssue = onIssue
        self.onCertify = onCertify
    }

    /// How many streams are open.
    public var streamCount: Int { open.withLock { $0.values.reduce(0, +) } }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.workloadAPI,
            methods: [
                .serverStreaming("FetchX509SVID", handler: fetchX509SVID),
                .serverStreaming("FetchX509Bundles", handler: fetchX509Bundles),
                .unary("FetchJWTSVID", handler: fetchJWTSVID),
                .serverStreaming("FetchJWTBundles", handler: fetchJWTBundles),
                .unary("ValidateJWTSVID", handler: validateJWTSVID),
                .serverStreaming("FetchWITSVID") {
                    (_: WorkloadAPI_WITSVIDRequest, _, _: RPCWriter<WorkloadAPI_WITSVIDResponse>) in
                    throw Self.notServed("WIT")
                },
                .serverStreaming("FetchWITBundles") {
                    (_: WorkloadAPI_WITBundlesRequest, _, _: RPCWriter<WorkloadAPI_WITBundlesResponse>) in
                    throw Self.notServed("WIT")
                },
            ],
            intercept: Self.requireSecurityHeader
        )
    }

    private static func notServed(_ profile: String) -> RPCStatus {
        RPCStatus(.unimplemented, "the \(profile)-SVID profile is not served here")
    }

    /// Refuses a call without the header that no forged cross-protocol request can carry.
    private static func requireSecurityHeader(_ context: RPCContext) throws {
        guard context.metadata[securityHeader] == ["true"] else {
            throw RPCStatus(.invalidArgument, "the metadata `\(securityHeader): true` is missing")
        }
    }

    /// `FetchX509SVID`.
    private func fetchX509SVID(
        _ request: WorkloadAPI_X509SVIDRequest,
        _ context: RPCContext,
        _ writer: RPCWriter<WorkloadAPI_X509SVIDResponse>
    ) async throws {
        var identities = identities()
        try await serve(context) { caller in
            let revocations = registry.snapshot.revocations
            let response = try identities.update(caller.grants, revocations: revocations)
            try await record(identities.takeIssued(), for: caller)
            if let response { try await writer.write(response) }
            return identities.pushed
        }
    }

    /// What one stream holds, which is nothing yet.
    func identities() -> WorkloadIdentities {
        WorkloadIdentities(authority: authority, proofs: proofs, federation: federation, clock: clock, logger: logger)
    }

    /// Returns once what was issued is noted for the process, so that it ends with it, and recorded.
    func record(_ issued: [(svid: IssuedSVID, entry: WorkloadEntry)], for caller: ServedCaller) async throws {
        guard !issued.isEmpty else { return }
        let numbers = issued.filter { !$0.entry.outlivesProcess }.map { svid, entry in
            IssuedNumber(number: svid.serialNumber, notAfter: svid.notAfter, entry: entry.name, id: svid.id)
        }
        try note(numbers, for: caller)
        let credentials = caller.attested.process.credentials
        async let kept: Void = keep(numbers, for: caller)
        do {
            try await onCertify(issued.map { SVIDIssuance($0.svid, entry: $0.entry.name, to: credentials) })
        } catch {
            logger.error("X.509-SVID not recorded", metadata: ["error": "\(error)"])
            throw RPCStatus(.unavailable, "the identity cannot be recorded, and is not handed out" + WhyNotKept.words)
        }
        try await kept
    }

    /// Returns once what was noted is kept, so that it ends with its process even when the authority is started again.
    func keep(_ issued: [IssuedNumber], for caller: ServedCaller) async throws {
        do { try await continuous.keep(issued, of: caller.attested) } catch {
            logger.error("SVIDs are not kept, and not handed out", metadata: ["error": "\(error)"])
            throw RPCStatus(
                .unavailable,
                "the identity cannot be kept track of, and is not handed out" + WhyNotKept.words
            )
        }
    }

    /// Notes what stands for the caller's process from now on.
    ///
    /// - Throws: `RPCStatus` where it may not be handed out.
    func note(_ issued: [IssuedNumber], for caller: ServedCaller) throws {
        do throws(IdentityError) {
            try continuous.note(
                issued,
                of: caller.attested,
                since: caller.revision,
                told: caller.attestorRevision
            )
        } catch {
            logger.info("an SVID is not handed out", metadata: ["error": "\(error)"])
            switch error.code {
            case .conflict: throw RPCStatus(.unavailable, "the process has changed while it was looked at; ask again")
            case .exhausted:
                throw RPCStatus(
                    .resourceExhausted,
                    "\(error.message); keep one stream open instead of fetching anew, or give the entry a shorter `ttl`"
                )
            default: throw RPCStatus(.permissionDenied, "no identity is issued to this process")
            }
        }
    }

    /// `FetchX509Bundles`.
    private func fetchX509Bundles(
        _ request: WorkloadAPI_X509BundlesRequest,
        _ context: RPCContext,
        _ writer: RPCWriter<WorkloadAPI_X509BundlesResponse>
    ) async throws {
        var last: [X509Bundle] = []
        try await serve(context) { caller in
            let bundles = [authority.bundle] + federation.bundles(of: caller.grants.federatesWith).believed
            guard bundles != last else { return Pushed() }
            last = bundles
            var response = WorkloadAPI_X509BundlesResponse()
            for bundle in bundles { response.bundles[bundle.trustDomain.id.description] = Data(bundle.der) }
            try await writer.write(response)
            return Pushed()
        }
    }

    /// Attests the caller, and calls `push` with its entries at once and whenever something changed.
    ///
    /// - Parameters:
    ///   - context: the call.
    ///   - asked: announces that the caller has asked for something else.
    ///   - push: returns what the caller has then.
    /// - Throws: `RPCStatus` for a caller that gets nothing, and what `push` throws.
    func serve(
        _ context: RPCContext,
        asked: ChangeFeed? = nil,
        _ push: (ServedCaller) async throws -> Pushed
    ) async throws {
        let attested = try admitCaller(context)
        let process = attested.process
        defer { leave(attested) }
        let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let entriesToken = registry.changes.observe { continuation.yield() }
        let authorityToken = authority.changes.observe { continuation.yield() }
        let proofsToken = proofs.changes.observe { continuation.yield() }
        let federationToken = federation.changes.observe { continuation.yield() }
        let attestorToken = attestor.changes?.observe { continuation.yield() }
        // What is asked for may be news though nothing has changed.
        let isAsked = Atomic(false)
        let askedToken = asked?.observe {
            isAsked.store(true, ordering: .releasing)
            continuation.yield()
        }
        let processToken = attested.changes.observe { continuation.yield() }
        var timer: Task<Void, Never>?
        defer {
            registry.changes.remove(entriesToken)
            authority.changes.remove(authorityToken)
            proofs.changes.remove(proofsToken)
            federation.changes.remove(federationToken)
            if let attestorToken { attestor.changes?.remove(attestorToken) }
            if let askedToken { asked?.remove(askedToken) }
            attested.changes.remove(processToken)
            timer?.cancel()
        }
        continuation.yield()
        var last: Look?
        for await _ in wakes {
            let isNews = isAsked.exchange(false, ordering: .acquiring)
            if let last, !isNews, process.isRunning, attested.revision == last.caller.revision,
                changesNothing(for: last)
            {
                continue
            }
            timer?.cancel()
            var look = try await look(at: attested)
            look.pushed = try await push(look.caller)
            // Looked at again within a minute in any case: a clock may step, a machine may sleep.
            let deadline = look.pushed.deadline?.timeIntervalSince(clock()) ?? Self.longestWait
            let wait = min(max(deadline, 0.05), Self.longestWait)
            // What is due already is so at the next wake, also where the clock stands.
            look.next = clock() + min(wait, max(deadline, 0))
            last = look
            timer = Task { [sleep] in
                // A timer may be early by the clock on the wall; it asks again until it is let go.
                var wait = wait
                while (try? await sleep(.seconds(wait))) != nil {
                    continuation.yield()
                    wait = 1
                }
            }
        }
    }

    /// Attests the caller of one call, and answers by what it is entitled to.
    ///
    /// - Throws: `RPCStatus` for a caller that gets nothing.
    func identify<Result>(
        _ context: RPCContext,
        _ answer: (ServedCaller) async throws -> Result
    ) async throws -> Result {
        let attested = try admitCaller(context)
        defer { leave(attested) }
        return try await answer(try await look(at: attested).caller)
    }

    /// Takes hold of the caller's process and counts its call, which ends with ``leave(_:)``.
    private func admitCaller(_ context: RPCContext) throws -> AttestedProcess {
        guard authority.isReady else { throw RPCStatus(.unavailable, "the authority is starting") }
        guard let credentials = context.credentials else {
            throw RPCStatus(.permissionDenied, "only a Unix socket says who calls")
        }
        try admit(credentials.uid)
        do {
            return continuous.enter(try WorkloadProcess(credentials))
        } catch {
            dismiss(credentials.uid)
            logger.info("caller not attested", metadata: ["process.pid": "\(credentials.pid)", "error": "\(error)"])
            throw RPCStatus(.permissionDenied, "no identity is issued to this process")
        }
    }

    /// What was found out about a process, and what it was given for it.
    private struct Look {
        let caller: ServedCaller
        let kinds: Set<Selector.Kind>
        let selectors: Set<Selector>
        let proofs: [ModelProof]
        var pushed = Pushed()
        /// The state of the proofs of load that the grants are by.
        let proofsRevision: UInt64
        /// The state of the bundles of other trust domains.
        let federationRevision: UInt64
        /// The state of the authority that the last message was made of.
        let revision: Int64
        var next: Date
    }

    private static let longestWait: TimeInterval = 60

    /// Whether what woke a stream means nothing to it, as most changes of the entries mean nothing to most streams.
    private func changesNothing(for look: Look) -> Bool {
        let snapshot = registry.snapshot
        return clock() < look.next && authority.state.revision == look.revision && snapshot.kinds == look.kinds
            && !look.pushed.serialNumbers.contains(where: snapshot.revocations.serialNumbers.contains)
            && (!snapshot.usesModels || proofs.revision == look.proofsRevision)
            && attestor.revision == look.caller.attestorRevision
            && (look.caller.grants.federatesWith.isEmpty || federation.revision == look.federationRevision)
            && snapshot.grants(matching: look.selectors, proofs: look.proofs) == look.caller.grants
    }

    /// Attests a process and finds its entries; none is a refusal.
    private func look(at attested: AttestedProcess) async throws -> Look {
        let process = attested.process
        let processRevision = attested.revision
        let revision = authority.state.revision
        let snapshot = registry.snapshot
        let proofsRevision = proofs.revision
        let federationRevision = federation.revision
        let attestorRevision = attestor.revision
        var selectors: Set<Selector> = []
        var loaded: [ModelProof] = []
        do {
            selectors = try await attestor.selectors(of: process, kinds: snapshot.kinds)
            if snapshot.usesModels { loaded = try proofs.proofs(of: process) }
        } catch let error as IdentityError {
            guard error.code != .exhausted else {
                logger.error("caller cannot be attested now", metadata: ["error": "\(error)"])
                throw RPCStatus(.unavailable, "callers cannot be attested now; what was issued stays good")
            }
            (selectors, loaded) = ([], [])
            logger.info(
                "caller no longer attested",
                metadata: ["process.pid": "\(process.credentials.pid)", "error": "\(error)"]
            )
        }
        let grants = snapshot.grants(matching: selectors, proofs: loaded)
        guard !grants.isEmpty else {
            logger.info(
                "no identity for caller",
                metadata: ["process.pid": "\(process.credentials.pid)", "process.uid": "\(process.credentials.uid)"]
            )
            throw RPCStatus(.permissionDenied, "no identity is issued to this process")
        }
        return Look(
            caller: ServedCaller(
                attested: attested,
                revision: processRevision,
                attestorRevision: attestorRevision,
                grants: grants
            ),
            kinds: snapshot.kinds,
            selectors: selectors,
            proofs: loaded,
            proofsRevision: proofsRevision,
            federationRevision: federationRevision,
            revision: revision,
            next: .distantPast
        )
    }

    private func admit(_ uid: UInt32) throws {
        let isAdmitted = open.withLock { open in
            guard open[uid, default: 0] < limits.streamsPerUser, open.values.reduce(0, +) < limits.streams else {
                return false
            }
            open[uid, default: 0] += 1
            return true
        }
        guard isAdmitted else {
            logger.warning("workload stream refused", metadata: ["process.uid": "\(uid)"])
            throw RPCStatus(.unavailable, "there are too many streams")
        }
    }

    private func leave(_ attested: AttestedProcess) {
        continuous.leave(attested)
        dismiss(attested.process.credentials.uid)
    }

    private func dismiss(_ uid: UInt32) {
        open.withLock { open in
            open[uid, default: 1] -= 1
            if open[uid] == 0 { open[uid] = nil }
        }
    }
}
