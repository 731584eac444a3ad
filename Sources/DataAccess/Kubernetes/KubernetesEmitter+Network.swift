import ZeroTrust

extension KubernetesEmitter {
    /// A policy that closes the namespace both ways, and one for each component that exchanges packets with anybody.
    func networkPolicies(_ namespace: String, _ components: [Estate.Component]) -> [KubernetesText] {
        let closed = policy("lapwing-default-deny", namespace, pods: .mapping([]), ingress: [], egress: [])
        return [closed]
            + components.compactMap { component in
                let flows = flows.flows[component.name] ?? []
                guard !flows.isEmpty else { return nil }
                return policy(
                    name(component),
                    namespace,
                    pods: .mapping([("matchLabels", selector(component.name))]),
                    ingress: rules(flows.filter { !$0.isEgress }, "from", in: namespace),
                    egress: rules(flows.filter(\.isEgress), "to", in: namespace)
                )
            }
    }

    private func policy(
        _ name: String,
        _ namespace: String,
        pods: KubernetesText,
        ingress: [KubernetesText],
        egress: [KubernetesText]
    ) -> KubernetesText {
        var spec: [(String, KubernetesText)] = [("podSelector", pods), ("policyTypes", .texts(["Ingress", "Egress"]))]
        if !ingress.isEmpty { spec.append(("ingress", .list(ingress))) }
        if !egress.isEmpty { spec.append(("egress", .list(egress))) }
        return resource("networking.k8s.io/v1", "NetworkPolicy", name, namespace: namespace, spec: .mapping(spec))
    }

    /// One rule for each other end, with all of its ports.
    private func rules(
        _ flows: [KubernetesFlows.Flow],
        _ side: String,
        in namespace: String
    ) -> [KubernetesText] {
        var order: [KubernetesFlows.Peer] = []
        var ports: [KubernetesFlows.Peer: Set<PortText>] = [:]
        for flow in flows {
            if ports[flow.peer] == nil { order.append(flow.peer) }
            ports[flow.peer, default: []].insert(PortText(port: flow.port, transport: flow.transport))
        }
        return order.sorted { key($0) < key($1) }.map { peer in
            .mapping([
                (side, .list(peers(peer))),
                (
                    "ports",
                    .list(
                        (ports[peer] ?? []).sorted().map {
                            .mapping([("protocol", .text($0.transport)), ("port", .number($0.port))])
                        }
                    )
                ),
            ])
        }
    }

    private struct PortText: Hashable, Comparable {
        let port: Int
        let transport: String

        static func < (left: Self, right: Self) -> Bool {
            (left.port, left.transport) < (right.port, right.transport)
        }
    }

    /// What rules are put in order by.
    private func key(_ peer: KubernetesFlows.Peer) -> String {
        switch peer {
        case .component(let name): "1 \(name)"
        case .namespace(let name): "2 \(name)"
        case .pods(let namespace, let key, let value): "3 \(namespace) \(key) \(value)"
        case .blocks(let blocks): "4 \(blocks)"
        }
    }

    private func peers(_ peer: KubernetesFlows.Peer) -> [KubernetesText] {
        func inside(_ namespace: String, _ pods: KubernetesText?) -> [KubernetesText] {
            let name = KubernetesText.labels(["kubernetes.io/metadata.name": namespace])
            var entries: [(String, KubernetesText)] = [("namespaceSelector", .mapping([("matchLabels", name)]))]
            if let pods { entries.append(("podSelector", .mapping([("matchLabels", pods)]))) }
            return [.mapping(entries)]
        }
        switch peer {
        case .component(let name):
            return inside(componentsByName[name]?.identity.kubernetes?.namespace ?? "", selector(name))
        case .pods(let namespace, let key, let value): return inside(namespace, .labels([key: value]))
        case .namespace(let namespace): return inside(namespace, nil)
        case .blocks(let blocks):
            return blocks.map(\.description).sorted().map {
                .mapping([("ipBlock", .mapping([("cidr", .text($0))]))])
            }
        }
    }
}
