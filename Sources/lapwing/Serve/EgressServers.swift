import Gateway
import Logging
import MutualTLS
import Synchronization

/// The egress listeners of all gateways of this process.
final class EgressServers: Sendable {
    private struct Running {
        let gateway: GatewayConfiguration
        let server: EgressServer
        let box: EgressSnapshotBox
    }

    private let log: any RecordLog
    private let logger: Logger
    /// Guards the servers, in the order in which they were started.
    private let running = Mutex<[Running]>([])

    init(log: any RecordLog, logger: Logger) {
        self.log = log
        self.logger = logger
    }

    /// Starts the listeners of a gateway; does nothing for one without an `egress` section.
    func start(_ gateway: GatewayConfiguration, of configuration: Configuration, identity: TLSIdentity) async throws {
        guard let egress = gateway.egress else { return }
        let settings = configuration.settings
        let box = EgressSnapshotBox(try configuration.egress(for: gateway))
        let server = EgressServer(
            egress: egress,
            gateway: gateway,
            snapshots: box,
            identity: identity,
            attestor: RemoteCallerAttestor(socket: settings.adminSocket),
            log: log,
            logger: logger,
            node: settings.node.value
        )
        do {
            try await server.start()
        } catch {
            throw CommandError(.unreachable, "the egress listener of `\(gateway.name)` cannot be bound: \(error)")
        }
        running.withLock { $0.append(Running(gateway: gateway, server: server, box: box)) }
    }

    /// What would be in force by another configuration.
    ///
    /// - Throws: `ResourceError` where entries or policies contradict each other.
    func snapshots(of configuration: Configuration) throws -> [EgressSnapshot] {
        try running.withLock { $0.map(\.gateway) }.map { try configuration.egress(for: $0) }
    }

    /// Puts snapshots in force, in the order of ``snapshots(of:)``.
    func replace(_ snapshots: [EgressSnapshot]) {
        let boxes = running.withLock { $0.map(\.box) }
        for (box, snapshot) in zip(boxes, snapshots) { box.replace(snapshot) }
    }

    /// Stops listening, and ends connections within that time.
    func drain(within deadline: Duration) async {
        let servers = running.withLock { $0.map(\.server) }
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.drain(within: deadline) } }
        }
    }
}
