import Resources
import ZeroTrust

/// What PeerAuthentication becomes for ztunnel: policies that deny connections whose caller proved no identity.
struct ZtunnelPeerAuthentication {
    let rootNamespace: String
    private let nobody: ExportValue = .object(["notPrincipals": .list([.object(["presence": .object([:])])])])

    init(rootNamespace: String) {
        self.rootNamespace = rootNamespace
    }

    /// One policy for each resource with modes for single ports, and the one that demands mutual TLS everywhere, where a
    /// workload may be put under it.
    func export(
        _ resources: [PeerAuthentication],
        _ losses: inout [PolicyExport.Loss]
    ) -> [ExportValue] {
        let mesh = oldest(resources) { $0.level(rootNamespace: rootNamespace) == .mesh }
        var values: [ExportValue] = []
        for resource in resources {
            if resource.mode == .disable || resource.ports.contains(where: { $0.mode == .disable }) {
                let message =
                    "ztunnel cannot refuse mutual TLS; DISABLE in `\(resource.name)` lets it in with plaintext"
                losses.append(PolicyExport.Loss(resource.location, message, .weaker))
            }
            let namespace = oldest(resources) {
                $0.namespace == resource.namespace && $0.level(rootNamespace: rootNamespace) == .namespace
            }
            if let value = authorization(resource, namespace: namespace?.mode, mesh: mesh?.mode) {
                values.append(value)
            }
        }
        if resources.contains(where: { $0.mode == .strict }) {
            values.append(
                value(name: "istio_converted_static_strict", namespace: rootNamespace, groups: [group([[nobody]])])
            )
        }
        return values
    }

    /// The policy for a resource with modes for single ports, or nil where the modes of the levels say it all.
    func authorization(
        _ resource: PeerAuthentication,
        namespace: MutualTLSMode?,
        mesh: MutualTLSMode?
    ) -> ExportValue? {
        guard resource.level(rootNamespace: rootNamespace) == .workload else { return nil }
        let inherited = namespace ?? mesh
        let isStrict = (resource.mode ?? inherited) == .strict
        let ports = resource.ports.sorted { $0.number < $1.number }
        let strict = ports.filter { $0.mode == .strict }.map(\.number)
        let open = ports.filter { $0.mode == .permissive || $0.mode == .disable }.map(\.number)
        // Groups are alternatives; the clauses of a group must all match.
        if isStrict {
            guard !open.isEmpty else { return nil }
            let exceptions = open.map { port -> [ExportValue] in
                [.object(["notDestinationPorts": .list([.number(Int(port))])])]
            }
            let clauses = resource.mode == .strict ? [[nobody]] + exceptions : exceptions + [[nobody]]
            return value(name: name(resource), namespace: resource.namespace, groups: [group(clauses)])
        }
        guard !strict.isEmpty else { return nil }
        let groups = strict.map { port -> ExportValue in
            group([
                [
                    .object([
                        "destinationPorts": .list([.number(Int(port))]),
                        "notPrincipals": .list([.object(["presence": .object([:])])]),
                    ])
                ]
            ])
        }
        return value(name: name(resource), namespace: resource.namespace, groups: groups)
    }

    private func name(_ resource: PeerAuthentication) -> String { "converted_peer_authentication_\(resource.name)" }

    private func group(_ clauses: [[ExportValue]]) -> ExportValue {
        .object(["rules": .list(clauses.map { .object(["matches": .list($0)]) })])
    }

    private func value(name: String, namespace: String, groups: [ExportValue]) -> ExportValue {
        .object([
            "action": .string("DENY"), "groups": .list(groups), "name": .string(name),
            "namespace": .string(namespace), "scope": .string("WORKLOAD_SELECTOR"),
        ])
    }

    private func oldest(
        _ resources: [PeerAuthentication],
        where isCandidate: (PeerAuthentication) -> Bool
    ) -> PeerAuthentication? {
        resources.filter(isCandidate).min {
            ($0.creationTimestamp?.nanoseconds ?? .min) < ($1.creationTimestamp?.nanoseconds ?? .min)
        }
    }
}
