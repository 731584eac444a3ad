import Gateway
import ZeroTrust

/// Which workload is behind which port of the node, as the configuration says it, so that a replay of the log knows it as well.
///
/// A request that was refused before a route was found names no more than the port that it came to.
struct ServedPorts: Sendable {
    private var workloads: [UInt16: String]
    /// The only workload of which a port is chosen by the system; nil where there is none, or more than one.
    private var other: String?

    /// Knows these ports, and no other.
    init(_ workloads: [UInt16: String] = [:]) { self.workloads = workloads }

    /// The ports of a configuration's gateways.
    ///
    /// - Throws: ``CommandError`` for a workload without an ID.
    init(_ configuration: Configuration) throws {
        var workloads: [UInt16: String] = [:]
        var shared: Set<UInt16> = []
        var others: Set<String> = []
        for gateway in configuration.gateways {
            let id = try gateway.identity(in: configuration.settings.trustDomain.value).description
            for listener in gateway.listeners {
                guard let port = UInt16(exactly: listener.port), port > 0 else {
                    others.insert(id)
                    continue
                }
                // The same port at two addresses names neither.
                if let known = workloads.updateValue(id, forKey: port), known != id { shared.insert(port) }
            }
        }
        for port in shared { workloads[port] = nil }
        self.workloads = workloads
        other = others.count == 1 ? others.first : nil
    }

    /// The SPIFFE ID of the workload; nil where it is not known.
    func workload(at port: UInt16) -> String? { workloads[port] ?? other }
}
