import ZeroTrust

extension KubernetesProof {
    /// Proves an invariant over the network, where it has to do with it.
    func prove(_ invariant: Estate.Invariant) -> InvariantProof.Outcome {
        switch invariant.never {
        case .reachInternet(let who), .callOther(let who, _), .call(let who, _):
            // What is outside the cluster is not its network's.
            guard !inside(who).isEmpty else { return .notConcerned }
        case .read, .write, .writeNotProducedBySelf, .flow: return .notConcerned
        }
        return switch invariant.never {
        case .reachInternet(let who): Self.first(inside(who)) { internet($0) }
        case .callOther(let who, let names): calls(who, invariant) { !Self.contains(names, $0, $1) }
        case .call(let who, let names): calls(who, invariant) { Self.contains(names, $0, $1) }
        case .read, .write, .writeNotProducedBySelf, .flow: .notConcerned
        }
    }

    private func inside(_ who: Estate.Components) -> [Estate.Component] {
        switch who {
        case .all: inside
        case .named(let names): names.compactMap { components[$0] }.filter { $0.identity.kubernetes != nil }
        }
    }

    private static func contains(_ names: [Estate.APIName], _ component: String, _ api: String) -> Bool {
        names.contains { $0.component == component && ($0.api == nil || $0.api == api) }
    }

    private func internet(_ component: Estate.Component) -> InvariantProof.Outcome {
        let verdict = artifacts.network.internet(from: component)
        guard !verdict.isInTheWay, let place = component.identity.kubernetes else { return .proved }
        return .refuted(
            "packets of `\(component.name)` get to the internet",
            Witness(
                principal: "\(place.namespace)/\(place.name)",
                action: "connect",
                resource: "a public address",
                rules: [verdict.rule]
            )
        )
    }

    /// The network tells APIs by their ports: a call is possible at a port, and forbidden where no API of the port is
    /// allowed.
    private func calls(
        _ who: Estate.Components,
        _ invariant: Estate.Invariant,
        _ isForbidden: @escaping (_ component: String, _ api: String) -> Bool
    ) -> InvariantProof.Outcome {
        let exempt = invariant.exceptions.compactMap { if case .call(let name) = $0 { name } else { nil } }
        return Self.first(inside(who)) { caller in
            Self.first(inside.filter { $0.name != caller.name }) { callee in
                // What is no API is forbidden where anything else than some APIs is.
                let isRestForbidden = isForbidden(callee.name, "*")
                let isAllowed = { (name: String) in
                    !isForbidden(callee.name, name) || Self.contains(exempt, callee.name, name)
                }
                // Without a mesh, nothing tells what is allowed at a port from what is not.
                if estate.enforcement.kubernetes?.istio == nil,
                    let api = callee.exposes.first(where: { api in
                        !isAllowed(api.name) && callee.exposes.contains { $0.port == api.port && isAllowed($0.name) }
                            && !artifacts.network.call(from: caller, to: callee, port: api.port).isInTheWay
                    })
                {
                    return .unknown(
                        "`\(callee.name).\(api.name)` shares TCP \(api.port) with what `\(caller.name)` may call, and the network "
                            + "does not tell them apart"
                    )
                }
                let open = Set(callee.exposes.filter { isAllowed($0.name) }.map(\.port))
                let ports = Set(callee.exposes.map(\.port)).union(isRestForbidden ? artifacts.network.edges : [])
                guard
                    let port = ports.subtracting(open).sorted().first(where: {
                        !artifacts.network.call(from: caller, to: callee, port: $0).isInTheWay
                    })
                else { return .proved }
                return .refuted(
                    "packets of `\(caller.name)` get to `\(callee.name)` at TCP \(port)",
                    Witness(
                        principal: caller.identity.spiffeID.description,
                        action: "TCP \(port)",
                        resource: callee.identity.spiffeID.description,
                        rules: [artifacts.network.call(from: caller, to: callee, port: port).rule]
                    )
                )
            }
        }
    }
}

extension KubernetesNetwork {
    /// Ports of which each rule lets all through that are alike, and one of every kind: what rules name, and what is
    /// beside it.
    var edges: Set<Int> {
        var edges: Set<Int> = [1]
        for port in policies.flatMap({ $0.egress + $0.ingress }).flatMap({ $0.ports ?? [] }) {
            guard let first = port.first else { continue }
            let last = max(first, port.last ?? first)
            edges.formUnion([first - 1, first, last, last + 1].filter { (1...65535).contains($0) })
        }
        return edges
    }
}
