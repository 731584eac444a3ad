import ZeroTrust

extension KubernetesEmitter {
    private static let security = "security.istio.io/v1"
    private static let networking = "networking.istio.io/v1"

    /// A policy that answers nobody, and one for each component that is called.
    func authorizationPolicies(_ namespace: String, _ components: [Estate.Component]) -> [KubernetesText] {
        let closed = resource(
            Self.security,
            "AuthorizationPolicy",
            "lapwing-default-deny",
            namespace: namespace,
            spec: .mapping([])
        )
        return [closed]
            + components.compactMap { component in
                let rules = rules(for: component)
                guard !rules.isEmpty else { return nil }
                return resource(
                    Self.security,
                    "AuthorizationPolicy",
                    name(component),
                    namespace: namespace,
                    spec: .mapping([
                        ("selector", .mapping([("matchLabels", selector(component.name))])),
                        ("action", .text("ALLOW")), ("rules", .list(rules)),
                    ])
                )
            }
    }

    /// One rule for each API that is called, in the order of the component's APIs.
    private func rules(for component: Estate.Component) -> [KubernetesText] {
        component.exposes.compactMap { api in
            let callers = Set(
                (calls[component.name] ?? []).filter { $0.api == api.name }.compactMap { call in
                    componentsByName[call.caller].map { MeshPrincipal.text($0.identity.spiffeID.description) }
                }
            )
            guard !callers.isEmpty else { return nil }
            let port = ("ports", KubernetesText.texts(["\(api.port)"]))
            let operations: [KubernetesText] =
                api.http.isEmpty
                ? [.mapping([("operation", .mapping([port]))])]
                : api.http.map { operation in
                    .mapping([
                        (
                            "operation",
                            .mapping([
                                ("methods", .texts(operation.methods)), ("paths", .texts(operation.paths)), port,
                            ])
                        )
                    ])
                }
            let source = KubernetesText.mapping([("source", .mapping([("principals", .texts(callers.sorted()))]))])
            return .mapping([("from", .list([source])), ("to", .list(operations))])
        }
    }

    /// Mutual TLS for the whole namespace.
    func peerAuthentication(_ namespace: String) -> KubernetesText {
        resource(
            Self.security,
            "PeerAuthentication",
            "lapwing-strict",
            namespace: namespace,
            spec: .mapping([("mtls", .mapping([("mode", .text("STRICT"))]))])
        )
    }

    // MARK: - What goes out

    /// The hosts outside the cluster that a namespace's components call, for that namespace only.
    func serviceEntries(_ namespace: String, _ components: [Estate.Component]) -> [KubernetesText] {
        var hosts: [String: Set<MeshHosts.Port>] = [:]
        for host in components.flatMap({ meshHosts.outside(of: $0) }) {
            hosts[host.name, default: []].formUnion(host.ports)
        }
        // What is reached by its address has a name of its own: no host has a colon.
        let byAddress = { (host: String) in host + ":tcp" }
        let names = KubernetesNames(hosts.keys.flatMap { [$0, byAddress($0)] })
        return hosts.sorted { $0.key < $1.key }.flatMap { host, ports -> [KubernetesText] in
            // What is read by its name (TLS, HTTP) and what is read by its address are told apart by how they are resolved.
            let byName = ports.filter { $0.kind != .tcp }
            let others = ports.subtracting(byName)
            var entries: [KubernetesText] = []
            if !byName.isEmpty {
                entries.append(entry("lapwing-" + names[host], namespace, host, byName, blocks: nil))
            }
            if !others.isEmpty, let blocks = settings.addresses[host] {
                entries.append(entry("lapwing-" + names[byAddress(host)], namespace, host, others, blocks: blocks))
            }
            return entries
        }
    }

    private func entry(
        _ name: String,
        _ namespace: String,
        _ host: String,
        _ ports: Set<MeshHosts.Port>,
        blocks: [AddressBlock]?
    ) -> KubernetesText {
        var spec: [(String, KubernetesText)] = [("hosts", .texts([host]))]
        if let blocks { spec.append(("addresses", .texts(blocks.map(\.description).sorted()))) }
        spec += [
            ("exportTo", .texts(["."])), ("location", .text("MESH_EXTERNAL")),
            (
                "ports",
                .list(
                    ports.sorted { $0.number < $1.number }.map { port in
                        .mapping([
                            ("number", .number(port.number)),
                            ("name", .text("\(port.kind.rawValue.lowercased())-\(port.number)")),
                            ("protocol", .text(port.kind.rawValue)),
                        ])
                    }
                )
            ), ("resolution", .text(blocks == nil ? "DNS" : "NONE")),
        ]
        return resource(Self.networking, "ServiceEntry", name, namespace: namespace, spec: .mapping(spec))
    }

    /// Where a namespace may call, which is nowhere, and each of its components, which is the hosts that it calls.
    func sidecars(_ namespace: String, _ components: [Estate.Component]) -> [KubernetesText] {
        func sidecar(_ name: String, _ component: Estate.Component?) -> KubernetesText {
            let hosts = component.map { meshHosts.all(of: $0) } ?? []
            var spec: [(String, KubernetesText)] = []
            if let component {
                spec.append(("workloadSelector", .mapping([("labels", selector(component.name))])))
            }
            spec += [
                ("egress", .list([.mapping([("hosts", .texts(hosts.isEmpty ? ["~/*"] : hosts))])])),
                ("outboundTrafficPolicy", .mapping([("mode", .text("REGISTRY_ONLY"))])),
            ]
            return resource(Self.networking, "Sidecar", name, namespace: namespace, spec: .mapping(spec))
        }
        return [sidecar("lapwing-default", nil)] + components.map { sidecar(name($0), $0) }
    }
}

/// SPIFFE IDs as Istio's policies write them.
enum MeshPrincipal {
    /// Without `spiffe://`.
    static func text(_ id: String) -> String {
        id.hasPrefix("spiffe://") ? String(id.dropFirst("spiffe://".count)) : id
    }
}
