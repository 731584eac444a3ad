import AuditLog
import Authorization
import Foundation
import Gateway
import Glibc
import Guardrails
import IssuerKeys
import Logging
import Monitoring
import MutualTLS
import RPC
import Resources
import SPIFFE
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// The gateway's parts, joined.
final class GatewayProcess: Sendable {
    /// What runs: a configuration, and a server for each of its gateways, by its name.
    struct Running: Sendable {
        var configuration: Configuration {
            didSet { prompts.isWanted.store(Self.wantsPrompts(configuration), ordering: .relaxed) }
        }
        var servers: [String: GatewayServer] = [:]
        /// What is recorded of prompts, which every guarded request asks without the lock.
        let prompts: PromptFingerprints

        /// Whether anybody looks for the copying of models.
        static func wantsPrompts(_ configuration: Configuration) -> Bool {
            !configuration.monitorPolicy.settings.disabled.contains(.modelExtraction)
        }
    }

    let settings: Settings
    let logger: Logger
    let log: LogWriter
    /// Keeps bodies of requests, where the policy says so.
    let bodies: BodyKeeper
    let egress: EgressServers
    let identities: GatewayIdentities
    let history: ConfigurationHistory
    /// The keys of token issuers, which are fetched while requests are served.
    let issuerKeys: IssuerKeys
    /// Guards what runs.
    let running: Mutex<Running>
    /// Watches what the record tells, beside the path of requests.
    let monitor: MonitorService
    /// What is recorded of prompts.
    private let prompts: PromptFingerprints
    private let workloadAPI: WorkloadAPIClient
    /// The time, which does not go back.
    private let clock: ClockFloor
    private let reloads: AsyncStream<ReloadRequest>
    private let ask: AsyncStream<ReloadRequest>.Continuation

    init(configuration: Configuration, logger: Logger) throws {
        self.settings = configuration.settings
        self.logger = logger
        let prompts = try PromptFingerprints(
            directory: settings.monitorDirectory,
            isWanted: Running.wantsPrompts(configuration)
        )
        self.prompts = prompts
        self.running = Mutex(Running(configuration: configuration, prompts: prompts))
        self.history = ConfigurationHistory(digest: configuration.digest)
        let clock = try ClockFloor(path: settings.monitorDirectory + "/clock.floor", logger: logger)
        self.clock = clock
        self.identities = try GatewayIdentities(
            gateways: configuration.gateways,
            in: settings.trustDomain.value,
            clock: { clock.now }
        )
        self.workloadAPI = WorkloadAPIClient(
            endpoint: settings.identitySource,
            clock: { clock.now },
            logger: logger
        )
        do {
            self.log = try LogWriter(
                directory: settings.auditDirectory,
                origin: settings.logOrigin,
                signer: RemoteCheckpointSigner(socket: settings.adminSocket),
                options: Self.logOptions(configuration)
            )
        } catch {
            throw CommandError(.unreachable, "the audit log at `\(settings.auditDirectory)` cannot be opened: \(error)")
        }
        do {
            let vault = try BodyVault(directory: settings.bodiesDirectory)
            self.bodies = BodyKeeper(
                vault: vault,
                samplingKey: try vault.samplingKey(),
                log: log,
                node: settings.node.value,
                logger: logger
            )
        } catch {
            throw CommandError(.unreachable, "`\(settings.bodiesDirectory)` cannot be used: \(error)")
        }
        bodies.policy = configuration.auditPolicy.bodies
        self.egress = EgressServers(log: log, logger: logger)
        self.monitor = MonitorService(log: log, settings: settings, logger: logger)
        self.issuerKeys = IssuerKeys(logger: logger, clock: { clock.now })
        (self.reloads, self.ask) = AsyncStream.makeStream(of: ReloadRequest.self, bufferingPolicy: .bufferingNewest(64))
        issuerKeys.follow(try configuration.keySources())
    }

    private static func logOptions(_ configuration: Configuration) -> LogWriter.Options {
        var options = LogWriter.Options()
        let node = configuration.settings.node.value
        let entry: @Sendable (LogGap) -> [UInt8] = { Self.record(of: $0, node: node).encoded() }
        // What is missing is put on record, too, where the choice has been taken back since.
        options.leftGap = entry
        if configuration.auditPolicy.fullDisk == .recordGap { options.fullDisk = .recordGap(entry) }
        return options
    }

    /// The record of a gap, which is a finding of the monitor, too.
    private static func record(of gap: LogGap, node: String) -> ActRecord {
        let now = Timestamp.now()
        let reading = IntegrityReading.gap(records: gap.count).act
        return ActRecord(
            id: RequestID(milliseconds: now.milliseconds, random: .random(in: 0 ... .max)),
            time: now,
            node: node,
            actor: "log",
            action: reading.action,
            subject: reading.subject,
            before: gap.began.description,
            after: gap.ended.description,
            outcome: .allow,
            reason: "the disk was full; root \(gap.root)"
        )
    }

    /// What ends a run.
    private enum End: Error { case asked, identityLost(String), logFailed(String) }

    func run(until requests: AsyncStream<ProcessLife.Request>, watching watcher: ConfigurationWatcher) async throws {
        defer {
            bodies.close()
            log.close()
        }
        // What other processes of this installation do is recorded here from the start.
        let recorder = RPCServer(
            services: [ActRecordService(log: log, allowedUIDs: [0, geteuid()]).service],
            logger: logger
        )
        try await recorder.bind(unixSocket: settings.recordSocket)
        let (ready, announce) = AsyncStream.makeStream(of: Void.self)
        let (firstList, heard) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let acts = AdminActLog(log: log, node: settings.node.value, logger: logger)
        let console = ConsoleService(self, acts: acts)
        let administration = GatewayAdminService(self, console: console, acts: acts)
        let admin = RPCServer(services: [administration.service], logger: logger)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.followIdentity(announce) }
                group.addTask { await self.issuerKeys.run() }
                group.addTask { await self.clock.run() }
                group.addTask { await acts.tellRefusals() }
                group.addTask { await self.followTokenKeys() }
                group.addTask { await self.monitor.run { self.running.withLock { $0.configuration } } }
                group.addTask {
                    let rounds = WitnessRounds(log: self.log, logger: self.logger) {
                        self.running.withLock { $0.configuration.auditPolicy }
                    }
                    await rounds.run()
                }
                group.addTask {
                    let rounds = SinkRounds(
                        log: self.log,
                        logger: self.logger,
                        node: self.settings.node.value,
                        directory: self.settings.sinkDirectory
                    ) {
                        self.running.withLock { $0.configuration.auditPolicy.sinks }
                    }
                    await rounds.run()
                }
                group.addTask {
                    for await request in requests {
                        guard request == .reload else { throw End.asked }
                        self.ask.yield(ReloadRequest(.signal))
                    }
                }
                let revocations = RevocationFollower(socket: settings.adminSocket, logger: logger)
                group.addTask {
                    try await revocations.follow { revoked in
                        self.identities.revoke(revoked)
                        self.egress.revoke(revoked)
                        self.issuerKeys.store.revoke(revoked)
                        self.revisitConnections()
                        heard.yield()
                    }
                }
                let callers = CallerFollower(socket: settings.adminSocket, logger: logger)
                group.addTask {
                    // Asking for many callers takes its time, and a model that was withdrawn does not wait for that.
                    try await callers.follow(onChange: {
                        for server in self.servers { server.modelsChanged() }
                    }) {
                        await self.egress.attestAgain()
                    }
                }
                // Nothing is served before every listener has its SVID, and what is revoked is known.
                group.addTask {
                    for await _ in ready { break }
                    for await _ in firstList { return }
                }
                _ = try await group.next()
                try await start()
                // What changed while the identities were awaited is in force before anybody is told of us.
                await reload(ReloadRequest(.file))
                try await admin.bind(unixSocket: settings.gatewaySocket, mode: 0o666)
                try await console.listenVerified()
                let count = running.withLock { $0.servers.count }
                ServiceNotifier.notify("READY=1\nSTATUS=\(count) gateways serving")
                group.addTask {
                    var watcher = watcher
                    while true {
                        try await watcher.change()
                        self.ask.yield(ReloadRequest(.file))
                    }
                }
                // One after the other, so that what was read last is what is in force last.
                group.addTask {
                    for await request in self.reloads {
                        let attempt = await self.reload(request)
                        request.reply?(attempt)
                    }
                }
                // A log that has failed takes no record again; a new process recovers it.
                group.addTask {
                    while true {
                        try await Task.sleep(for: .seconds(1))
                        if let failure = self.log.stats.failure { throw End.logFailed(failure) }
                        let expired = self.identities.expired(at: self.clock.now)
                        if !expired.isEmpty {
                            throw End.identityLost("the SVID of \(expired.joined(separator: ", ")) has expired")
                        }
                        let lost = self.identities.lost
                        if !lost.isEmpty {
                            throw End.identityLost("no entry gives this process \(lost.joined(separator: ", "))")
                        }
                    }
                }
                while try await group.next() != nil {}
            }
        } catch End.asked {
            logger.info("draining")
        } catch End.identityLost(let reason) {
            logger.error("identity lost; draining", metadata: ["error": "\(reason)"])
            await stop(admin, console)
            throw CommandError(.refused, "the gateway has no identity any more: \(reason)")
        } catch End.logFailed(let reason) {
            logger.critical("the record has failed; draining", metadata: ["error": "\(reason)"])
            await stop(admin, console)
            throw CommandError(.unreachable, "the audit log takes no records any more: \(reason)")
        }
        ServiceNotifier.notify("STOPPING=1")
        await stop(admin, console)
        await recorder.drain(grace: .seconds(2))
    }

    /// Has the configuration read again, and says how it went.
    func reload(by actor: String) async -> ConfigurationAttempt? {
        await withCheckedContinuation { continuation in
            let result = ask.yield(ReloadRequest(.admin, actor: actor) { continuation.resume(returning: $0) })
            if case .enqueued = result { return }
            continuation.resume(returning: nil)
        }
    }

    private func start() async throws {
        let configuration = running.withLock { $0.configuration }
        for gateway in configuration.gateways {
            let server = try makeServer(for: gateway, of: configuration)
            // Its connections can be revisited from its first listener on.
            running.withLock { $0.servers[gateway.name] = server }
            try await server.start()
            try await egress.start(gateway, of: configuration, identity: try identities.identity(of: gateway))
        }
    }

    /// A server for a gateway, that does not listen yet.
    func makeServer(for gateway: GatewayConfiguration, of configuration: Configuration) throws -> GatewayServer {
        GatewayServer(
            configuration: gateway,
            policy: try snapshot(for: gateway, of: configuration),
            identity: try identities.identity(of: gateway),
            models: RemoteCallerAttestor(socket: settings.adminSocket),
            log: log,
            logger: logger,
            node: settings.node.value,
            history: history,
            egress: { [egress] in egress.metrics(of: gateway.name) },
            metrics: { [monitor] in monitor.metrics },
            bodies: bodies,
            prompts: { [prompts] request in prompts(request) },
            threads: settings.threads.value
        )
    }

    func snapshot(for gateway: GatewayConfiguration, of configuration: Configuration) throws -> PolicySnapshot {
        PolicySnapshot(
            engine: try configuration.engine(for: gateway),
            tokens: try configuration.tokens(for: gateway, keys: issuerKeys.store, clock: { [clock] in clock.now }),
            mutualTLS: configuration.mutualTLS(for: gateway),
            digest: configuration.digest
        )
    }

    private var servers: [GatewayServer] { running.withLock { Array($0.servers.values) } }

    /// Ends the connections whose other end is no longer believed.
    private func revisitConnections() {
        for server in servers { server.revisitConnections() }
    }

    private func stop(_ admin: RPCServer, _ console: ConsoleService) async {
        await console.stop()
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.drain(within: .seconds(30)) } }
            group.addTask { await self.egress.drain(within: .seconds(5)) }
            group.addTask { await admin.drain(grace: .seconds(1)) }
        }
    }

    /// How long the keys of JWT-SVIDs are believed while the authority is away.
    private static let tokenKeyLifetime: TimeInterval = 3600

    /// Takes each JWT bundle as it comes, for the rules that accept JWT-SVIDs.
    private func followTokenKeys() async {
        for await event in workloadAPI.jwtBundleEvents() {
            switch event {
            case .bundles(let bundles):
                for bundle in bundles.values { issuerKeys.store.replace(bundle, until: .distantFuture) }
                // A trust domain that is not among them is believed no longer.
                issuerKeys.store.keep(onlyBundlesOf: Set(bundles.keys))
            case .denied, .interrupted:
                // What is revoked meanwhile is not heard of: not for ever.
                issuerKeys.store.limitBundles(until: Date() + Self.tokenKeyLifetime)
            }
        }
    }

    /// Takes each SVID and bundle as it comes; says once that all are there.
    private func followIdentity(_ announce: AsyncStream<Void>.Continuation) async throws {
        for try await event in workloadAPI.events() {
            switch event {
            case .context(let context):
                let missing = try identities.update(context)
                // An authority that has left the bundle vouches for nobody any more, on no connection.
                revisitConnections()
                if missing.isEmpty {
                    announce.yield()
                } else {
                    logger.warning(
                        identities.isComplete ? "identities are missing" : "waiting for identities",
                        metadata: ["missing": "\(missing.joined(separator: ", "))", "mend": "add a WorkloadEntry"]
                    )
                }
            case .denied(let status):
                if identities.isComplete { throw End.identityLost(status.message) }
                logger.warning(
                    "waiting for an identity",
                    metadata: ["error": "\(status.message)", "mend": "add a WorkloadEntry that fits this process"]
                )
            case .interrupted(let error):
                // One that does not answer is one thing, and one that answers with what cannot be is another.
                guard error is IdentityError else {
                    logger.debug("workload api interrupted", metadata: ["error": "\(error)"])
                    continue
                }
                logger.error(
                    "identity refused; the last good one stays until it expires",
                    metadata: [
                        "source": "\(settings.identitySource)", "error": "\(error)",
                        "expires": "\(identities.firstExpiry?.formatted(.iso8601) ?? "there is none")",
                    ]
                )
            }
        }
    }
}
