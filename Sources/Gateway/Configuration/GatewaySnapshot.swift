import NIOCore
import Synchronization

/// One generation of what a gateway does: its configuration, the routes in it, and the policy that decides.
///
/// It is published whole. A request takes the generation in force when its head has come, and keeps it to its end:
/// there is no request that one generation decides and another routes.
final class GatewaySnapshot: Sendable {
    private static let count = Atomic<UInt64>(0)

    /// Tells one generation of this process from another.
    let number = GatewaySnapshot.count.wrappingAdd(1, ordering: .relaxed).newValue
    let configuration: GatewayConfiguration
    let policy: PolicySnapshot
    let routes: RouteTable
    /// What connections that begin now are given.
    let terms: ConnectionTerms
    /// How often connections are looked at.
    let tick: TimeAmount

    init(_ configuration: GatewayConfiguration, policy: PolicySnapshot) {
        self.configuration = configuration
        self.policy = policy
        self.routes = RouteTable(configuration)
        self.terms = ConnectionTerms(configuration.limits)
        let limits = configuration.limits
        var shortest = min(limits.headTimeout, limits.bodyTimeout, limits.idleTimeout, limits.linger * 4)
        for case .tcp(let service) in configuration.listeners.map(\.service) {
            shortest = min(shortest, service.idleTimeout)
        }
        for route in configuration.routes { shortest = min(shortest, route.responseTimeout, route.streamTimeout) }
        for upstream in configuration.upstreams {
            shortest = min(shortest, upstream.connectTimeout, upstream.idleTimeout)
        }
        self.tick = min(.seconds(1), max(.milliseconds(5), TimeAmount(shortest / 4)))
    }
}

/// Where the generation in force is published; a new one replaces the old one whole, under load.
///
/// Each event loop keeps the generation that it saw last and looks at a counter for each request, so that reading it
/// takes no lock.
final class GatewaySnapshotBox: Sendable {
    private let generation = Atomic<UInt64>(1)
    /// Guards the reference alone.
    private let snapshot: Mutex<GatewaySnapshot>

    init(_ snapshot: GatewaySnapshot) {
        self.snapshot = Mutex(snapshot)
    }

    /// The generation in force.
    var current: GatewaySnapshot { snapshot.withLock { $0 } }

    /// Puts a new generation in force: requests that begin from now on see it.
    func replace(_ next: GatewaySnapshot) {
        snapshot.withLock { $0 = next }
        generation.wrappingAdd(1, ordering: .releasing)
    }

    /// A number that changes when the generation does.
    var stamp: UInt64 { generation.load(ordering: .acquiring) }
}
