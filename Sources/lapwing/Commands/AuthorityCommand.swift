import ArgumentParser
import AuditLog
import CloudIdentity
import Foundation
import Glibc
import Kubernetes
import Logging
import RPC
import Resources
import Storage
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// `lapwing authority`: the process that holds the CA's and the log's keys.
struct AuthorityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority",
        abstract: "Run the authority alone: the CA, the Workload API, the admin socket, the log's signing key."
    )

    @OptionGroup var options: SettingsOptions
    @OptionGroup var source: IdentitySourceOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents, source: source)
        let logger = settings.logger("lapwing.authority")
        try settings.makeDirectories()
        ProcessLife.raiseOpenFileLimit()
        let requests = await ProcessLife.requests()
        let watcher = ConfigurationWatcher(path: settings.config.value)
        let process = try await AuthorityProcess(settings: settings, logger: logger)
        try await process.start()
        ServiceNotifier.notify("READY=1\nSTATUS=issuing for \(settings.trustDomain.value)")
        await process.run(until: requests, watching: watcher)
        ServiceNotifier.notify("STOPPING=1")
        await process.stop()
    }
}

/// The authority's parts, joined.
private struct AuthorityProcess {
    private let settings: Settings
    private let logger: Logger
    private let authority: Authority
    private let registry: EntryRegistry
    /// The time, which does not go back.
    private let clock: ClockFloor
    /// The bundles of other trust domains.
    private let federation: FederatedBundles
    /// The pods of this node; nil where there is no cluster.
    private let pods: (directory: PodDirectory, api: KubernetesAPI)?
    /// Who has signed the pods' images.
    private let images: SignedImages
    private let admin: AdminService
    private let withdrawal: ModelWithdrawal
    private let loaders: LoaderService
    /// Looks at the processes that have an identity.
    private let continuous: ContinuousAttestation
    /// The API server that is asked about tokens; nil where none is.
    private let tokenAPI: KubernetesAPI?
    private let workloadServer: RPCServer
    private let adminServer: RPCServer
    /// What is recorded although the gateway may not be there yet.
    private let spool: ActSpool
    /// The audiences for which the credential endpoint may have tokens of its callers.
    private let audiences = EndpointAudiences()

    /// What signs the log, with what it signed last.
    ///
    /// - Throws: ``CommandError`` saying where, if that is damaged; `AuditLogError` where it is in use or cannot be read.
    private static func signing(_ settings: Settings) throws -> CheckpointAuthority {
        let directory = settings.authorityDirectory + "/log"
        do { return try CheckpointAuthority(directory: directory, origin: settings.logOrigin) } catch let error
            as AuditLogError where error.code == .malformed
        {
            throw CommandError(
                .unreachable,
                "what is in `\(directory)` cannot sign the log: \(error.message); where it is `last-signed` that is "
                    + "damaged, move that file aside once `lapwing audit verify` says that the log is whole"
            )
        }
    }

    init(settings: Settings, logger: Logger) async throws {
        self.settings = settings
        self.logger = logger
        let configuration = try Configuration(settings: settings)
        let directory = settings.authorityDirectory
        // First of all, as it holds the lock that `restore` respects: nothing of the authority is read before.
        let signing = try Self.signing(settings)
        clock = try ClockFloor(path: directory + "/clock.floor", logger: logger)
        let now: @Sendable () -> Date = { [clock] in clock.now }
        let store = SQLiteAuthorityStore(try SQLiteDatabase(path: directory + "/authority.sqlite"))
        let keys: any KeyStore =
            switch settings.authority.keyStorage {
            case .disk: try FileKeyStore(directory: directory + "/keys")
            case .memory: MemoryKeyStore()
            }
        authority = Authority(
            .init(
                trustDomain: settings.trustDomain.value,
                schedule: RotationSchedule(
                    authorityLifetime: settings.authority.caLifetime / .seconds(1),
                    overlap: configuration.federation.overlap
                ),
                svidLifetime: settings.authority.svidLifetime / .seconds(1),
                upstream: settings.authority.upstream.map {
                    UpstreamAuthority(certificateFile: $0.certificates, keyFile: $0.key)
                },
                tokens: settings.authority.tokens
            ),
            store: store,
            keys: keys,
            clock: now,
            logger: logger
        )
        registry = EntryRegistry(trustDomain: settings.trustDomain.value, store: store)
        try registry.load(configuration.documents)
        try await registry.refresh()

        try Self.publish(signing.verifier, to: settings.verifierKeyFile)
        spool = try ActSpool(
            path: directory + "/acts.spool",
            remote: RemoteActLog(socket: settings.recordSocket),
            logger: logger
        )
        let spooled = IdentityRecord(log: spool, node: settings.node.value)
        federation = FederatedBundles(store: store, clock: now, logger: logger, onChange: spooled.record)
        try await federation.restore()
        federation.follow(configuration.federation.trustDomains)
        try await federation.flush()
        let federation = self.federation
        let federationAtStart = configuration.federation
        pods = try configuration.kubernetes.map { rules in
            let api = try KubernetesAPI(rules.kubelet ?? rules.apiServer)
            let origin: PodDirectory.Origin = rules.kubelet == nil ? .apiServer : .kubelet
            return (directory: PodDirectory(api: api, node: rules.nodeName, origin: origin, logger: logger), api: api)
        }
        images = SignedImages(clock: now, logger: logger)
        images.follow(configuration.images)
        let images = self.images
        let attestor = WorkloadAttestor(pods: pods?.directory, images: images, logger: logger)
        let kubernetesAtStart = configuration.kubernetes
        let attestationAtStart = configuration.attestation
        var verifiers: [any EvidenceVerifier] = []
        if let rules = configuration.attestation?.kubernetes {
            let api = try KubernetesAPI(configuration.kubernetes?.apiServer ?? .inCluster)
            tokenAPI = api
            verifiers.append(
                TokenReviewer(
                    api: api,
                    issuer: rules.issuer,
                    audiences: rules.audiences,
                    clock: now,
                    logger: logger
                )
            )
        } else {
            tokenAPI = nil
        }
        if let file = configuration.attestation?.x509AuthoritiesFile {
            do { verifiers.append(try X509PossessionVerifier(authoritiesFile: file, clock: now)) } catch {
                throw CommandError(.usage, "`x509.caFile` of the AttestationEndpoint: \(error)")
            }
        }
        if configuration.attestation?.takesJoinTokens == true {
            verifiers.append(JoinTokenVerifier(store: store, clock: now))
            verifiers.append(RenewalVerifier(authority: authority, registry: registry, clock: now))
        }
        let remote = RemoteAttestation(
            authority: authority,
            registry: registry,
            federation: federation,
            verifiers: verifiers,
            allowedUIDs: settings.endpointUIDs,
            clock: now,
            logger: logger,
            onCertify: spooled.record
        )
        let proofs = ModelProofs()
        withdrawal = ModelWithdrawal(proofs: proofs, registry: registry, logger: logger)
        loaders = LoaderService(proofs: proofs, registry: registry, attestor: attestor, logger: logger) { act in
            try await RemoteActLog(socket: settings.recordSocket).record(ActRecord(act, node: settings.node.value))
        }
        continuous = try ContinuousAttestation(
            registry: registry,
            proofs: proofs,
            attestor: attestor,
            store: SQLiteStandingStore(
                try SQLiteDatabase(path: directory + "/" + AuthorityBackup.standing, schema: .standing)
            ),
            clock: now,
            logger: logger,
            onWithdraw: spooled.record
        )
        let workloadAPI = WorkloadAPIService(
            authority: authority,
            registry: registry,
            proofs: proofs,
            federation: federation,
            attestor: attestor,
            continuous: continuous,
            clock: now,
            logger: logger,
            onIssue: IdentityRecord(settings).record,
            onCertify: spooled.record
        )
        let gatewayUIDs = settings.gatewayUIDs
        let attestation = CallerAttestation(
            registry: registry,
            proofs: proofs,
            attestor: attestor,
            continuous: continuous,
            allowedUIDs: gatewayUIDs,
            logger: logger
        )
        let record = IdentityRecord(settings)
        let audiences = self.audiences
        audiences.replace(configuration.credentials)
        let callerTokens = CallerTokens(
            authority: authority,
            registry: registry,
            proofs: proofs,
            attestor: attestor,
            allowedUIDs: gatewayUIDs,
            audiences: { audiences.current },
            logger: logger,
            onIssue: record.record
        )
        let entries = registry
        admin = AdminService(
            authority: authority,
            registry: registry,
            federation: federation,
            policy: configuration.adminPolicy,
            version: Version.current,
            streams: { workloadAPI.streamCount },
            logger: logger,
            onReload: {
                let next = try Configuration(settings: settings)
                try settings.resource.requireUnchanged(in: try SettingsResource(next.documents))
                try federationAtStart.requireLive(in: next.federation)
                guard next.kubernetes == kubernetesAtStart else {
                    throw NotLive(["the `KubernetesAttestation` cannot change while Lapwing runs"])
                }
                guard next.attestation == attestationAtStart else {
                    throw NotLive(["the `AttestationEndpoint` cannot change while Lapwing runs"])
                }
                try entries.load(next.documents)
                federation.follow(next.federation.trustDomains)
                audiences.replace(next.credentials)
                images.follow(next.images)
                return (next.adminPolicy, next.digest)
            },
            onAct: spooled.record
        )
        workloadServer = RPCServer(
            services: [workloadAPI.service, SecretDiscovery(workloadAPI).service, loaders.service],
            logger: logger
        )
        adminServer = RPCServer(
            services: [
                admin.service, SigningService(authority: signing, allowedUIDs: gatewayUIDs).service,
                attestation.service, callerTokens.service,
                RevocationService(registry: registry, allowedUIDs: gatewayUIDs).service,
                remote.service,
                FederationService(authority: authority, federation: federation, allowedUIDs: settings.endpointUIDs)
                    .service,
            ],
            logger: logger
        )
    }

    /// Whether identities come from here: not where another Workload API gives them.
    private var issues: Bool { settings.workloadAPI.value == nil }

    /// Begins to issue and to answer.
    func start() async throws {
        if issues {
            try await authority.maintain()
            try await continuous.resume()
            // Any process may ask who it is; the kernel says what it is.
            try await workloadServer.bind(unixSocket: settings.workloadSocket, mode: 0o666)
        }
        try await adminServer.bind(unixSocket: settings.adminSocket, mode: 0o666)
        logger.info(
            "authority serving",
            metadata: [
                "trust_domain": "\(settings.trustDomain.value)", "workload_api": "\(settings.workloadSocket)",
                "admin": "\(settings.adminSocket)", "entries": "\(registry.snapshot.items.count)",
            ]
        )
    }

    /// Keeps the authority on schedule and the entries as the files say, until asked to stop.
    func run(until requests: AsyncStream<ProcessLife.Request>, watching watcher: ConfigurationWatcher) async {
        await withTaskGroup(of: Void.self) { group in
            if issues { group.addTask { await authority.run() } }
            group.addTask { await loaders.followEntries() }
            group.addTask { await continuous.run() }
            group.addTask { await spool.run() }
            group.addTask { await clock.run() }
            group.addTask { await pods?.directory.run() }
            group.addTask { await images.run() }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(60))) != nil {
                    await withdrawal.prune()
                    // What was issued while `caLifetime` was longer lives by the certificates of then.
                    let lives = authority.state.slots.map { $0.notAfter.timeIntervalSince($0.notBefore) / 6 }
                    let longest = max(authority.options.schedule.maximumSVIDLifetime, lives.max() ?? 0)
                    await continuous.prune(longestLife: longest)
                    try? await federation.flush()
                }
            }
            group.addTask {
                var watcher = watcher
                while (try? await watcher.change()) != nil { reload() }
            }
            for await request in requests {
                guard request == .reload else { break }
                reload()
            }
            group.cancelAll()
        }
    }

    private func reload() {
        do {
            let digest = try admin.reload()
            logger.info("configuration reloaded", metadata: ["digest": "\(digest)"])
        } catch {
            // The snapshot in force stays whole.
            logger.error("configuration refused; the one in force stays", metadata: ["error": "\(error)"])
        }
    }

    func stop() async {
        await workloadServer.drain(grace: .seconds(5))
        await adminServer.drain(grace: .seconds(5))
        try? clock.keep()
        await pods?.api.close()
        await tokenAPI?.close()
    }

    /// Writes the log's public key where auditors find it.
    private static func publish(_ verifier: NoteVerifier, to path: String) throws {
        do {
            try (verifier.description + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw CommandError(.unreachable, "cannot write `\(path)`: \(SystemReason.of(error))")
        }
    }
}

extension ActRecord {
    /// What happened to a proof of load.
    init(_ act: LoaderService.Act, node: String) {
        self.init(
            id: RequestID(milliseconds: Timestamp.now().milliseconds, random: .random(in: 0 ... .max)),
            time: Timestamp(nanoseconds: Int64(act.time.timeIntervalSince1970 * 1e9)),
            node: node,
            actor: act.actor,
            action: act.kind.rawValue,
            subject: act.digest,
            outcome: act.kind == .refuse ? .deny : .allow,
            reason: act.reason
        )
    }
}

/// The audiences that the configuration in force names for the credential endpoint.
private final class EndpointAudiences: Sendable {
    /// Guards the audiences.
    private let audiences = Mutex<Set<String>>([])

    var current: Set<String> { audiences.withLock { $0 } }

    func replace(_ rules: CredentialRules?) {
        audiences.withLock { $0 = rules.map { [$0.audience] } ?? [] }
    }
}
