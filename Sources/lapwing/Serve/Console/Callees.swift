import Gateway
import Synchronization
import ZeroTrust

/// Which workload a request was to, by the port that it came to and by the route that it took.
struct Callees: Sendable {
    private var ports: [UInt16: String] = [:]
    private var routes: [String: String] = [:]
    /// The gateway of each workload's SPIFFE ID.
    private(set) var gateways: [String: String] = [:]

    init(ports: [UInt16: String] = [:], routes: [String: String] = [:]) {
        self.ports = ports
        self.routes = routes
    }

    init(_ process: GatewayProcess) {
        let running = process.running.withLock { $0 }
        let trustDomain = process.settings.trustDomain.value
        for gateway in running.configuration.gateways {
            guard let id = try? gateway.identity(in: trustDomain).description else { continue }
            gateways[id] = gateway.name
            for listener in gateway.listeners { ports[UInt16(clamping: listener.port)] = id }
            for port in (running.servers[gateway.name]?.ports ?? [:]).values { ports[UInt16(clamping: port)] = id }
            for route in gateway.routes { routes[route.name] = id }
        }
    }

    /// The workload's SPIFFE ID.
    func callee(of record: DecisionRecord) -> String {
        ports[record.request.destination.port] ?? record.route.flatMap { routes[$0] }
            ?? "port \(record.request.destination.port)"
    }
}
