import Gateway
import Logging
import MutualTLS
import SPIFFE
import Synchronization

/// The egress listeners of one gateway, ready to be put in force.
struct PreparedEgressServer: Sendable {
    let gateway: String
    let server: EgressServer
    let part: PreparedEgress
}

/// The egress listeners of all gateways of this process.
final class EgressServers: Sendable {
    private let log: any RecordLog
    private let logger: Logger
    /// Guards the servers, by the names of their gateways.
    private let running = Mutex<[String: EgressServer]>([:])
    /// Guards what is revoked, for servers that are yet to be started.
    private let revoked = Mutex(RevocationSet())

    init(log: any RecordLog, logger: Logger) {
        self.log = log
        self.logger = logger
    }

    /// Starts the listeners of a gateway; does nothing for one without an `egress` section.
    func start(_ gateway: GatewayConfiguration, of configuration: Configuration, identity: TLSIdentity) async throws {
        guard gateway.egress != nil else { return }
        do {
            let prepared = try await prepare(gateway, of: configuration, identity: identity)
            await prepared.server.commit(prepared.part)
            keep([prepared])
        } catch let error as ListenerUnavailable {
            throw CommandError(.unreachable, "the egress of `\(gateway.name)`: \(error)")
        }
    }

    /// Makes ready what a gateway's `egress` section asks for; it has one.
    ///
    /// - Throws: `ListenerUnavailable`, or `ResourceError` where entries or policies contradict each other.
    func prepare(
        _ gateway: GatewayConfiguration,
        of configuration: Configuration,
        identity: TLSIdentity
    ) async throws -> PreparedEgressServer {
        let egress = gateway.egress ?? EgressConfiguration(listeners: [])
        let snapshot = try configuration.egress(for: gateway)
        if let server = running.withLock({ $0[gateway.name] }) {
            let part = try await server.prepare(egress: egress, gateway: gateway, snapshot: snapshot)
            return PreparedEgressServer(gateway: gateway.name, server: server, part: part)
        }
        let settings = configuration.settings
        let server = EgressServer(
            egress: egress,
            gateway: gateway,
            snapshots: EgressSnapshotBox(snapshot),
            identity: identity,
            attestor: RemoteCallerAttestor(socket: settings.adminSocket),
            log: log,
            logger: logger,
            node: settings.node.value
        )
        return PreparedEgressServer(gateway: gateway.name, server: server, part: try await server.prepareStart())
    }

    /// Gives up what was prepared.
    func abandon(_ prepared: [PreparedEgressServer]) async {
        for prepared in prepared { await prepared.server.abandon(prepared.part) }
    }

    /// Puts in force what was prepared, which is all there is from now on; returns the servers of what is gone.
    func commit(_ prepared: [PreparedEgressServer]) async -> [EgressServer] {
        for prepared in prepared { await prepared.server.commit(prepared.part) }
        keep(prepared)
        let names = Set(prepared.map(\.gateway))
        return running.withLock { running in
            let gone = running.filter { !names.contains($0.key) }
            for name in gone.keys { running[name] = nil }
            return Array(gone.values)
        }
    }

    private func keep(_ prepared: [PreparedEgressServer]) {
        running.withLock { running in
            for prepared in prepared { running[prepared.gateway] = prepared.server }
        }
        // What was heard while they started.
        for prepared in prepared { prepared.server.revoke(revoked.withLock { $0 }) }
    }

    /// What the outbound side of a gateway has counted; nil where it has none.
    func metrics(of gateway: String) -> EgressMetrics? {
        running.withLock { $0[gateway] }?.metrics
    }

    /// Serves no identity any more that is revoked, from now on and at servers that are yet to be started.
    func revoke(_ revocations: RevocationSet) {
        revoked.withLock { $0 = revocations }
        for server in running.withLock({ Array($0.values) }) { server.revoke(revocations) }
    }

    /// Finds out anew who every caller is, and closes the connections of those that are not any more who they were.
    func attestAgain() async {
        for server in running.withLock({ Array($0.values) }) { await server.attestAgain() }
    }

    /// Stops listening, and ends connections within that time.
    func drain(within deadline: Duration) async {
        let servers = running.withLock { Array($0.values) }
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.drain(within: deadline) } }
        }
    }
}
