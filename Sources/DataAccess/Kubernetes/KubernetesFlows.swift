import ZeroTrust

/// Which packets a cluster's network has to let through for an estate, and no others: those of its calls, its data, its
/// hosts outside, and what the cluster itself asks for.
struct KubernetesFlows {
    /// Where packets go to, or come from.
    enum Peer: Hashable, Sendable {
        /// The pods of a component, by its name.
        case component(String)
        /// Pods of the cluster's own, by a label.
        case pods(namespace: String, key: String, value: String)
        /// Any pod of a namespace.
        case namespace(String)
        /// Addresses.
        case blocks([AddressBlock])
    }

    /// Packets of one kind, seen from one component.
    struct Flow: Hashable, Sendable {
        /// Whether they go out.
        let isEgress: Bool
        /// The other end.
        let peer: Peer
        /// `TCP` or `UDP`.
        let transport: String
        /// The port of whoever is called.
        let port: Int
        /// What they are for, in words.
        let reason: String

        /// One flow for each block of addresses: several blocks of one host are several peers.
        var single: [Flow] {
            guard case .blocks(let blocks) = peer else { return [self] }
            return blocks.map {
                Flow(isEgress: isEgress, peer: .blocks([$0]), transport: transport, port: port, reason: reason)
            }
        }
    }

    /// Something that the estate declares and that no network policy can let through.
    struct Gap: Hashable, Sendable {
        /// Whose it is.
        let component: String
        /// What is missing, and what to write.
        let text: String
    }

    /// The flows of each component that is in the cluster, in the order of the estate, egress before ingress.
    let flows: [String: [Flow]]
    /// What cannot be let through.
    let gaps: [Gap]

    /// Addresses at which clouds give out the credentials of a node: AWS, Google Cloud and Azure, and AWS by IPv6.
    static let metadataServices = ["169.254.169.254", "fd00:ec2::254"].compactMap { IPAddress($0) }
    /// The address at which EKS Pod Identity gives out the credentials of a pod's own role.
    private static let podIdentity = ["169.254.170.23/32", "fd00:ec2::23/128"].compactMap { AddressBlock($0) }

    init(_ estate: Estate) {
        let builder = FlowBuilder(estate)
        var flows: [String: [Flow]] = [:]
        var gaps: [Gap] = []
        for component in estate.components where component.identity.kubernetes != nil {
            let found = builder.flows(of: component, podIdentity: Self.podIdentity)
            var seen: Set<Flow> = []
            flows[component.name] = found.flows.filter { seen.insert($0).inserted }
            gaps += found.gaps.map { Gap(component: component.name, text: $0) }
        }
        self.flows = flows
        self.gaps = gaps + builder.outsideCalls()
    }
}

/// Works out the flows of one component after another.
private struct FlowBuilder {
    private let estate: Estate
    private let kubernetes: Estate.Enforcement.Kubernetes?
    private let components: [String: Estate.Component]
    private let callsByCaller: [String: [Estate.Call]]
    private let callsByCallee: [String: [Estate.Call]]
    private let stores: [String: Set<Access.Resource>]

    init(_ estate: Estate) {
        self.estate = estate
        self.kubernetes = estate.enforcement.kubernetes
        self.components = Dictionary(estate.components.map { ($0.name, $0) }) { first, _ in first }
        self.callsByCaller = Dictionary(grouping: estate.calls, by: \.caller)
        self.callsByCallee = Dictionary(grouping: estate.calls, by: \.callee)
        var stores: [String: Set<Access.Resource>] = [:]
        for access in estate.accesses where access.resource.dataset != nil {
            stores[access.component, default: []].insert(access.resource)
        }
        self.stores = stores
    }

    typealias Found = (flows: [KubernetesFlows.Flow], gaps: [String])

    func flows(of component: Estate.Component, podIdentity: [AddressBlock]) -> Found {
        var found: Found = ([], [])
        for call in callsByCaller[component.name] ?? [] {
            guard let callee = components[call.callee], callee.identity.kubernetes != nil,
                let port = port(of: call)
            else { continue }
            found.flows.append(flow(.component(callee.name), port, "\(callee.name).\(call.api)"))
        }
        databases(of: component, &found)
        objects(of: component, podIdentity, &found)
        for host in component.egress {
            outside(host.host, host.port, "\(host.host)", &found)
        }
        if kubernetes?.istio != nil {
            found.flows.append(
                flow(.pods(namespace: "istio-system", key: "app", value: "istiod"), 15012, "istiod")
            )
        }
        // Names are asked for by who calls something; a proxy finds istiod by its name.
        if !found.flows.isEmpty {
            let server = KubernetesFlows.Peer.pods(namespace: "kube-system", key: "k8s-app", value: "kube-dns")
            found.flows.append(flow(server, 53, "names", transport: "TCP"))
            found.flows.append(flow(server, 53, "names", transport: "UDP"))
        }
        for call in callsByCallee[component.name] ?? [] {
            guard let caller = components[call.caller], caller.identity.kubernetes != nil, let port = port(of: call)
            else { continue }
            found.flows.append(
                .init(
                    isEgress: false,
                    peer: .component(caller.name),
                    transport: "TCP",
                    port: port,
                    reason: "\(caller.name) calls \(call.api)"
                )
            )
        }
        return found
    }

    /// Calls between the cluster and what is not in it, which no label selects.
    func outsideCalls() -> [KubernetesFlows.Gap] {
        estate.calls.compactMap { call in
            guard let caller = components[call.caller], let callee = components[call.callee],
                (caller.identity.kubernetes == nil) != (callee.identity.kubernetes == nil)
            else { return nil }
            let outsider = caller.identity.kubernetes == nil ? caller : callee
            return KubernetesFlows.Gap(
                component: caller.name,
                text:
                    "`\(call.callee).\(call.api)`: `\(outsider.name)` is not in the cluster (it has no `k8s` identity)"
            )
        }
    }

    private func port(of call: Estate.Call) -> Int? {
        components[call.callee]?.exposes.first { $0.name == call.api }?.port
    }

    private func flow(
        _ peer: KubernetesFlows.Peer,
        _ port: Int,
        _ reason: String,
        transport: String = "TCP"
    ) -> KubernetesFlows.Flow {
        .init(isEgress: true, peer: peer, transport: transport, port: port, reason: reason)
    }

    private func databases(of component: Estate.Component, _ found: inout Found) {
        let used = Set(
            (stores[component.name] ?? []).compactMap { resource -> String? in
                if case .table(_, let table) = resource { table.database } else { nil }
            }
        )
        for database in used.sorted() {
            guard let server = estate.enforcement.postgres[database] else {
                found.gaps.append(
                    "the database `\(database)`, of which the estate names no server; write "
                        + "`enforcement.postgres.\(database)`"
                )
                continue
            }
            host(server.host, server.port, "the database \(database)", &found)
        }
    }

    private func objects(of component: Estate.Component, _ podIdentity: [AddressBlock], _ found: inout Found) {
        let usesObjects = (stores[component.name] ?? []).contains { if case .objects = $0 { true } else { false } }
        guard usesObjects else { return }
        if let aws = estate.enforcement.aws, component.identity.aws != nil {
            if let blocks = kubernetes?.addresses[Estate.Enforcement.Kubernetes.aws] {
                found.flows.append(flow(.blocks(blocks), 443, "S3"))
            } else {
                found.gaps.append(
                    "S3, whose addresses the estate does not say; write those of the VPC endpoints as "
                        + "`enforcement.k8s.addresses.aws`"
                )
            }
            if aws.oidcProvider == nil {
                found.flows.append(flow(.blocks(podIdentity), 80, "EKS Pod Identity"))
            }
        } else if let minio = estate.enforcement.minio {
            let place = EndpointText(minio.endpoint)
            host(place.host, place.port, "S3", &found)
        }
    }

    /// A server that is in the cluster, or outside.
    private func host(_ host: String, _ port: Int, _ reason: String, _ found: inout Found) {
        if let place = ClusterHost(host) {
            found.flows.append(flow(.namespace(place.namespace), port, reason))
        } else {
            outside(host, port, reason, &found)
        }
    }

    private func outside(_ host: String, _ port: Int, _ reason: String, _ found: inout Found) {
        if let blocks = kubernetes?.addresses[host] {
            found.flows.append(flow(.blocks(blocks), port, reason))
        } else {
            found.gaps.append(
                "`\(host)`, whose addresses the estate does not say; write them as `enforcement.k8s.addresses`, "
                    + "`{\(host): [CIDR]}`"
            )
        }
    }
}

/// The name of a service of the cluster: `pg.data.svc`, `pg-0.pg.data.svc.cluster.local`.
struct ClusterHost: Hashable, Sendable {
    /// The namespace.
    let namespace: String
    /// The service.
    let service: String

    /// How the mesh calls it.
    var meshName: String { "\(service).\(namespace).svc.cluster.local" }

    /// Nil for a name that is surely or perhaps of something else.
    init?(_ host: String) {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let index = parts.lastIndex(of: "svc"), index >= 2 else { return nil }
        let domain = parts[(index + 1)...].joined(separator: ".")
        guard domain.isEmpty || domain == "cluster.local" else { return nil }
        namespace = parts[index - 1]
        service = parts[index - 2]
    }
}

/// The host and the port of an `https://` endpoint.
struct EndpointText: Hashable, Sendable {
    let host: String
    let port: Int

    init(_ endpoint: String) {
        let place = endpoint.dropFirst("https://".count).prefix { $0 != "/" }
        let colon = place.lastIndex(of: ":")
        let number = colon.flatMap { Int(place[place.index(after: $0)...]) }
        host = String(number == nil ? place : place[..<(colon ?? place.endIndex)])
        port = number ?? 443
    }
}
