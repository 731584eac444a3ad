import ArgumentParser
import AuditLog
import Foundation
import Gateway
import Glibc
import Logging
import MutualTLS
import RPC
import Resources
import SPIFFE
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// `lapwing gateway`: the process that carries traffic.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Run the gateway alone: mTLS listeners, policy, forwarding, the record."
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents)
        let logger = settings.logger("lapwing.gateway")
        try settings.makeDirectories()
        ProcessLife.raiseOpenFileLimit()
        // What changes from here on is noticed, however long the start takes.
        let watcher = ConfigurationWatcher(path: settings.config.value)
        let configuration = try Configuration(settings: settings)
        for warning in configuration.warnings { logger.warning("configuration", metadata: ["warning": "\(warning)"]) }
        guard !configuration.gateways.isEmpty else {
            throw CommandError(
                .usage,
                "`\(settings.config.value)` has no `Gateway`; `lapwing init DIR` writes an example"
            )
        }
        let requests = await ProcessLife.requests()
        let process = try GatewayProcess(configuration: configuration, logger: logger)
        try await process.run(until: requests, watching: watcher)
    }
}

/// The gateway's parts, joined.
private final class GatewayProcess: Sendable {
    private let settings: Settings
    private let logger: Logger
    private let configuration: Configuration
    private let log: LogWriter
    private let egress: EgressServers
    private let workloadAPI: WorkloadAPIClient
    /// Guards the servers that serve.
    private let running = Mutex<[GatewayServer]>([])

    init(configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        self.settings = configuration.settings
        self.logger = logger
        self.workloadAPI = WorkloadAPIClient(
            endpoint: try WorkloadEndpoint("unix://" + settings.workloadSocket),
            logger: logger
        )
        do {
            self.log = try LogWriter(
                directory: settings.auditDirectory,
                origin: settings.logOrigin,
                signer: RemoteCheckpointSigner(socket: settings.adminSocket)
            )
        } catch {
            throw CommandError(.unreachable, "the audit log at `\(settings.auditDirectory)` cannot be opened: \(error)")
        }
        self.egress = EgressServers(log: log, logger: logger)
    }

    /// What ends a run.
    private enum End: Error { case asked, identityLost(String), logFailed(String) }

    func run(until requests: AsyncStream<ProcessLife.Request>, watching watcher: ConfigurationWatcher) async throws {
        defer { log.close() }
        let identities = GatewayIdentities(
            gateways: try configuration.gateways.map { ($0, try $0.identity(in: settings.trustDomain.value)) }
        )
        var servers: [GatewayServer] = []
        // What other processes of this installation do is recorded here from the start.
        let recorder = RPCServer(
            services: [ActRecordService(log: log, allowedUIDs: [0, geteuid()]).service],
            logger: logger
        )
        try await recorder.bind(unixSocket: settings.recordSocket)
        let (ready, announce) = AsyncStream.makeStream(of: Void.self)
        let (firstList, heard) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.followIdentity(identities, announce) }
                group.addTask {
                    for await request in requests {
                        guard request == .reload else { throw End.asked }
                        await self.reload()
                    }
                }
                let revocations = RevocationFollower(socket: settings.adminSocket, logger: logger)
                group.addTask {
                    try await revocations.follow { revoked in
                        identities.revoke(revoked)
                        self.egress.revoke(revoked)
                        self.revisitConnections()
                        heard.yield()
                    }
                }
                // Nothing is served before every listener has its SVID, and what is revoked is known.
                group.addTask {
                    for await _ in ready { break }
                    for await _ in firstList { return }
                }
                _ = try await group.next()
                for gateway in configuration.gateways {
                    let server = GatewayServer(
                        configuration: gateway,
                        policy: try snapshot(for: gateway, of: configuration),
                        identity: try identities.identity(of: gateway, in: settings.trustDomain.value),
                        log: log,
                        logger: logger,
                        node: settings.node.value,
                        threads: settings.threads.value
                    )
                    // Its connections can be revisited from its first listener on.
                    running.withLock { $0.append(server) }
                    try await server.start()
                    servers.append(server)
                    try await egress.start(
                        gateway,
                        of: configuration,
                        identity: try identities.identity(of: gateway, in: settings.trustDomain.value)
                    )
                }
                // What changed while the identities were awaited is in force before anybody is told of us.
                await reload()
                ServiceNotifier.notify("READY=1\nSTATUS=\(servers.count) gateways serving")
                group.addTask {
                    var watcher = watcher
                    while true {
                        try await watcher.change()
                        await self.reload()
                    }
                }
                // A log that has failed takes no record again; a new process recovers it.
                group.addTask {
                    while true {
                        try await Task.sleep(for: .seconds(1))
                        if let failure = self.log.stats.failure { throw End.logFailed(failure) }
                    }
                }
                while try await group.next() != nil {}
            }
        } catch End.asked {
            logger.info("draining")
        } catch End.identityLost(let reason) {
            logger.error("identity lost; draining", metadata: ["error": "\(reason)"])
            await drain(servers)
            throw CommandError(.refused, "the gateway has no identity any more: \(reason)")
        } catch End.logFailed(let reason) {
            logger.critical("the record has failed; draining", metadata: ["error": "\(reason)"])
            await drain(servers)
            throw CommandError(.unreachable, "the audit log takes no records any more: \(reason)")
        }
        ServiceNotifier.notify("STOPPING=1")
        await drain(servers)
        await recorder.drain(grace: .seconds(2))
    }

    /// Ends the connections whose other end is no longer believed.
    private func revisitConnections() {
        for server in running.withLock({ $0 }) { server.revisitConnections() }
    }

    private func drain(_ servers: [GatewayServer]) async {
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.drain(within: .seconds(30)) } }
            group.addTask { await self.egress.drain(within: .seconds(5)) }
        }
    }

    /// Takes each SVID and bundle as it comes; says once that all are there.
    private func followIdentity(_ identities: GatewayIdentities, _ announce: AsyncStream<Void>.Continuation)
        async throws
    {
        for try await event in workloadAPI.events() {
            switch event {
            case .context(let context):
                let missing = try identities.update(context)
                // An authority that has left the bundle vouches for nobody any more, on no connection.
                revisitConnections()
                if missing.isEmpty {
                    announce.yield()
                } else if identities.isComplete {
                    throw End.identityLost("no entry gives this process \(missing.joined(separator: ", "))")
                } else {
                    logger.warning(
                        "waiting for identities",
                        metadata: ["missing": "\(missing.joined(separator: ", "))", "mend": "add a WorkloadEntry"]
                    )
                }
            case .denied(let status):
                guard !identities.isComplete else { throw End.identityLost(status.message) }
                logger.warning(
                    "waiting for an identity",
                    metadata: ["error": "\(status.message)", "mend": "add a WorkloadEntry that fits this process"]
                )
            case .interrupted(let error):
                logger.debug("workload api interrupted", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Puts a changed configuration in force under load, whole or not at all.
    private func reload() async {
        let servers = running.withLock { $0 }
        var prepared: [(GatewayServer, PreparedConfiguration)] = []
        do {
            let next = try Configuration(settings: settings)
            // Every part is made before the first is published.
            let outbound = try egress.snapshots(of: next)
            for server in servers {
                let gateway = try next.gateway(named: server.configuration.name)
                prepared.append(
                    (server, try await server.prepare(configuration: gateway, policy: snapshot(for: gateway, of: next)))
                )
            }
            for (server, part) in prepared { await server.commit(part) }
            egress.replace(outbound)
            logger.info("configuration reloaded", metadata: ["digest": "\(next.digest)"])
        } catch {
            for (server, part) in prepared { await server.abandon(part) }
            logger.error("configuration refused; the one in force stays", metadata: ["error": "\(error)"])
        }
    }

    private func snapshot(for gateway: GatewayConfiguration, of configuration: Configuration) throws -> PolicySnapshot {
        PolicySnapshot(
            engine: try configuration.engine(for: gateway),
            tokens: try configuration.tokens(for: gateway),
            digest: configuration.digest
        )
    }
}

/// The SVIDs of the gateways, by the SPIFFE ID that each answers as.
private final class GatewayIdentities: Sendable {
    private let needed: [SPIFFEID]
    private let options: [SPIFFEID: TLSOptions]
    /// Guards the identities, which are made once and updated after.
    private let held = Mutex<[SPIFFEID: TLSIdentity]>([:])
    /// Guards what is revoked, for identities that are yet to be made.
    private let revoked = Mutex(RevocationSet())

    init(gateways: [(GatewayConfiguration, SPIFFEID)]) {
        self.needed = gateways.map(\.1)
        // TLS 1.2 is spoken where any listener asks for it; the others refuse it after the handshake.
        self.options = Dictionary(
            gateways.map { gateway, id in
                let allowsTLS12 = gateway.listeners.contains(where: \.allowsTLS12)
                return (id, TLSOptions(minimumVersion: allowsTLS12 ? .tls12 : .tls13))
            },
            uniquingKeysWith: { $0.minimumVersion == .tls12 ? $0 : $1 }
        )
    }

    /// Whether every gateway has had its SVID.
    var isComplete: Bool { held.withLock { held in needed.allSatisfy { held[$0] != nil } } }

    /// Takes a new state; returns the IDs that are needed and not in it.
    func update(_ context: X509Context) throws -> [String] {
        try held.withLock { held in
            var missing: [String] = []
            for id in Set(needed) {
                guard let svid = context.svids.first(where: { $0.id == id }) else {
                    missing.append(id.description)
                    continue
                }
                if let identity = held[id] {
                    try identity.update(svid: svid, bundles: context.bundles)
                } else {
                    let identity = try TLSIdentity(
                        svid: svid,
                        bundles: context.bundles,
                        options: options[id] ?? TLSOptions()
                    )
                    // Under the same lock as `revoke` sees it, so that neither misses the other.
                    identity.revoke(revoked.withLock { $0 })
                    held[id] = identity
                }
            }
            return missing.sorted()
        }
    }

    /// Believes no longer what is revoked.
    func revoke(_ revocations: RevocationSet) {
        revoked.withLock { $0 = revocations }
        for identity in held.withLock({ Array($0.values) }) { identity.revoke(revocations) }
    }

    /// The identity that a gateway answers as.
    func identity(of gateway: GatewayConfiguration, in trustDomain: TrustDomain) throws -> TLSIdentity {
        let id = try gateway.identity(in: trustDomain)
        guard let identity = held.withLock({ $0[id] }) else {
            throw CommandError(.unreachable, "the gateway `\(gateway.name)` has no SVID for `\(id)`")
        }
        return identity
    }
}
