/// The hosts that an estate lets the proxy of a component know.
struct MeshHosts {
    private let estate: Estate
    private let accesses: [String: [Access]]
    private let components: [String: Estate.Component]
    private let calls: [String: [Estate.Call]]

    init(_ estate: Estate) {
        self.estate = estate
        self.accesses = Dictionary(grouping: estate.accesses, by: \.component)
        self.components = Dictionary(estate.components.map { ($0.name, $0) }) { first, _ in first }
        self.calls = Dictionary(grouping: estate.calls, by: \.caller)
    }

    /// How a proxy reads what goes to a port.
    enum Kind: String, Hashable, Sendable {
        /// By the name in the handshake.
        case tls = "TLS"
        /// By the name in the request.
        case http = "HTTP"
        /// By its address.
        case tcp = "TCP"
    }

    /// A port.
    struct Port: Hashable, Sendable {
        let number: Int
        let kind: Kind
    }

    /// A host outside the cluster.
    struct Host: Hashable, Sendable {
        let name: String
        let ports: Set<Port>
    }

    /// The hosts outside the cluster that a component calls: its `egress`, the buckets that it uses, databases.
    func outside(of component: Estate.Component) -> [Host] {
        var hosts = component.egress.map {
            Host(name: $0.host, ports: [Port(number: $0.port, kind: $0.port == 80 ? .http : .tls)])
        }
        for resource in Set((accesses[component.name] ?? []).map(\.resource)) {
            switch resource {
            case .objects(_, let store): hosts += self.hosts(of: store, component)
            case .table(_, let table):
                guard let server = estate.enforcement.postgres[table.database], ClusterHost(server.host) == nil else {
                    continue
                }
                // PostgreSQL begins with a question of its own, and no name is in it.
                hosts.append(Host(name: server.host, ports: [Port(number: server.port, kind: .tcp)]))
            case .api, .host: continue
            }
        }
        return hosts
    }

    /// The hosts that a component's `Sidecar` names, `NAMESPACE/HOST`, in order.
    func all(of component: Estate.Component) -> [String] {
        var hosts = Set(outside(of: component).map { "./" + $0.name })
        for call in calls[component.name] ?? [] {
            guard let callee = components[call.callee]?.identity.kubernetes else { continue }
            hosts.insert("\(callee.namespace)/*")
        }
        for place in inside(of: component) { hosts.insert("\(place.namespace)/\(place.meshName)") }
        return hosts.sorted()
    }

    /// The servers of the cluster that a component uses and that are no components.
    func inside(of component: Estate.Component) -> Set<ClusterHost> {
        var places: Set<ClusterHost> = []
        for access in accesses[component.name] ?? [] {
            switch access.resource {
            case .table(_, let table):
                if let host = estate.enforcement.postgres[table.database]?.host, let place = ClusterHost(host) {
                    places.insert(place)
                }
            case .objects where estate.enforcement.aws == nil:
                if let minio = estate.enforcement.minio, let place = ClusterHost(EndpointText(minio.endpoint).host) {
                    places.insert(place)
                }
            case .objects, .api, .host: continue
            }
        }
        return places
    }

    private func hosts(of store: Estate.ObjectStore, _ component: Estate.Component) -> [Host] {
        let tls: (Int) -> Set<Port> = { [Port(number: $0, kind: .tls)] }
        guard let aws = estate.enforcement.aws else {
            guard let minio = estate.enforcement.minio else { return [] }
            let place = EndpointText(minio.endpoint)
            return ClusterHost(place.host) == nil ? [Host(name: place.host, ports: tls(place.port))] : []
        }
        guard component.identity.aws != nil else { return [] }
        let domain = "\(aws.region).amazonaws.com" + (aws.partition == "aws-cn" ? ".cn" : "")
        // A bucket with a dot in its name has no certificate of its own, and is named in the path.
        let bucket = store.bucket.contains(".") ? "s3.\(domain)" : "\(store.bucket).s3.\(domain)"
        let tokens = aws.oidcProvider == nil ? [] : [Host(name: "sts.\(domain)", ports: tls(443))]
        return [Host(name: bucket, ports: tls(443))] + tokens
    }
}
