import Foundation
import RPC
import Resources
import SPIFFE
import Synchronization
import Testing
import ZeroTrust

@testable import WorkloadIdentity

/// The Workload API on a real socket, in this process.
struct WorkloadAPIFixture {
    let base: AuthorityFixture
    let registry: EntryRegistry
    let api: WorkloadAPIService
    let proofs = ModelProofs()
    let federation: FederatedBundles
    let loaders: LoaderService
    /// Looks at the callers; a test that wants them looked at again and again runs it.
    let continuous: ContinuousAttestation
    /// What happened to proofs.
    let acts = ActList()
    let server: RPCServer
    let socket: String

    var authority: Authority { base.authority }

    init(
        schedule: RotationSchedule = RotationSchedule(overlap: 0),
        limits: WorkloadAPIService.Limits = .init(),
        isReady: Bool = true,
        tokens: TokenOptions = TokenOptions(),
        lease: Duration = .seconds(120),
        onIssue: @escaping @Sendable (TokenIssuance) async throws -> Void = { _ in },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async throws {
        self.base = try AuthorityFixture(schedule: schedule, tokens: tokens, clock: TestClock(Date()))
        self.registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: base.store)
        try await registry.refresh()
        let clock = base.clock
        federation = FederatedBundles(store: base.store, clock: { clock.now }, logger: quietLogger)
        let attestor = WorkloadAttestor(logger: quietLogger)
        continuous = ContinuousAttestation(
            registry: registry,
            proofs: proofs,
            attestor: attestor,
            clock: { clock.now },
            logger: quietLogger
        )
        self.api = WorkloadAPIService(
            authority: base.authority,
            registry: registry,
            proofs: proofs,
            federation: federation,
            attestor: attestor,
            continuous: continuous,
            limits: limits,
            clock: { clock.now },
            sleep: sleep,
            logger: quietLogger,
            onIssue: onIssue
        )
        loaders = LoaderService(
            proofs: proofs,
            registry: registry,
            attestor: WorkloadAttestor(logger: quietLogger),
            lease: lease,
            clock: { clock.now },
            logger: quietLogger
        ) { [acts] in try await acts.add($0) }
        self.server = RPCServer(
            services: [api.service, SecretDiscovery(api).service, loaders.service],
            logger: quietLogger
        )
        self.socket = base.directory.path + "/w.sock"
        try await server.bind(unixSocket: socket, mode: 0o666)
        if isReady { try await base.authority.maintain() }
    }

    var client: WorkloadAPIClient {
        get throws {
            let clock = base.clock
            return WorkloadAPIClient(
                endpoint: try WorkloadEndpoint("unix://" + socket),
                clock: { clock.now },
                logger: quietLogger
            )
        }
    }

    /// An entry that fits this very process.
    static func entry(
        _ name: String = "self",
        selectors: [String] = [],
        dnsNames: [String] = [],
        hint: String? = nil,
        lifetime: TimeInterval? = nil,
        federatesWith: [String] = [],
        outlivesProcess: Bool = false
    ) throws -> WorkloadEntry {
        try WorkloadEntry(
            name: name,
            id: try SPIFFEID("spiffe://cluster.local/\(name)"),
            selectors: Set(try (selectors.isEmpty ? ["unix:uid:\(geteuid())"] : selectors).map { try Selector($0) }),
            lifetime: lifetime,
            dnsNames: dnsNames,
            hint: hint,
            federatesWith: Set(try federatesWith.map { try TrustDomain($0) }),
            outlivesProcess: outlivesProcess
        )
    }

    @discardableResult
    func create(_ entry: WorkloadEntry) async throws -> StoredEntry {
        try await registry.create(entry, by: "test", at: base.clock.now)
    }

    func drain() async {
        await server.drain(grace: .zero)
    }
}

/// The next context of a stream, whatever else happens before it.
func nextContext(
    _ iterator: inout AsyncThrowingStream<WorkloadAPIClient.Event, any Error>.Iterator
) async throws -> X509Context {
    while let event = try await iterator.next(isolation: #isolation) {
        if case .context(let context) = event { return context }
    }
    throw CancellationError()
}

/// How large a campaign is: 1 in CI, more by hand.
func scaled(_ normal: Int) -> Int {
    ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? normal
}

/// The acts that a loader service has recorded, or could not.
final class ActList: Sendable {
    struct Full: Error {}

    private let state = Mutex<(acts: [LoaderService.Act], isFull: Bool)>(([], false))
    private let gate = Mutex<AsyncStream<Never>?>(nil)
    private let waiting = Atomic(0)

    /// How many acts wait to be recorded.
    var waitingCount: Int { waiting.load(ordering: .acquiring) }

    /// Acts that come from now on wait until the stream has ended.
    func wait(for end: AsyncStream<Never>) { gate.withLock { $0 = end } }

    var all: [LoaderService.Act] { state.withLock { $0.acts } }

    /// From now on nothing can be recorded.
    func refuse() { state.withLock { $0.isFull = true } }

    func add(_ act: LoaderService.Act) async throws {
        if let gate = gate.withLock({ $0.take() }) {
            waiting.add(1, ordering: .acquiringAndReleasing)
            for await _ in gate {}
            waiting.subtract(1, ordering: .acquiringAndReleasing)
        }
        try state.withLock { state in
            guard !state.isFull else { throw Full() }
            state.acts.append(act)
        }
    }
}
