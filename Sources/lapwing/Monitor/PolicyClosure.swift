import Authorization
import Foundation
import Monitoring
import SPIFFE
import ZeroTrust

/// What the policies in force allow, asked of the engine that enforces them, and what was declared beside.
///
/// An access log of the mesh is put to the engine of the workload that the callee's SPIFFE ID names; anything else, and flows
/// between addresses, to the declared edges.
struct PolicyClosure: DeclaredEdges {
    let name: String
    private let engines: [String: PolicyEngine]
    private let edges: EdgeSet

    var dependsOnEdgeOnly: Bool { engines.isEmpty }

    /// The closure of a configuration.
    ///
    /// - Throws: `ResourceError` where the policies contradict each other; ``CommandError`` for a workload without an ID.
    init(_ configuration: Configuration) throws {
        name = configuration.digest
        edges = EdgeSet(configuration.monitorPolicy.declared, name: configuration.digest)
        var engines: [String: PolicyEngine] = [:]
        for gateway in configuration.gateways {
            let id = try gateway.identity(in: configuration.settings.trustDomain.value)
            engines[id.description] = try configuration.engine(for: gateway)
        }
        self.engines = engines
    }

    func declares(_ observation: Observation) -> Bool {
        if edges.declares(observation) { return true }
        guard observation.source == .envoy, let engine = engines[observation.callee] else { return false }
        let caller = (try? SPIFFEID(observation.caller)).map { Caller($0) } ?? .anonymous
        let loopback = IPAddress(v4: 0x7f00_0001)
        let attributes = Attributes(
            caller: caller,
            method: observation.verb,
            path: observation.object,
            authority: "",
            headers: [],
            source: IPAddress(observation.caller) ?? loopback,
            destination: Exchange.Endpoint(address: loopback, port: 443),
            serverName: nil,
            token: nil
        )
        return engine.evaluate(attributes).outcome == .allow
    }
}
