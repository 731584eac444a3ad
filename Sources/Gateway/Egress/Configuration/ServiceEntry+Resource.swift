public import Resources
import ZeroTrust

extension ServiceEntry {
    private static let versions = ["networking.istio.io/v1", "networking.istio.io/v1beta1"]

    /// Reads the service entries among documents; other kinds are left to their own modules.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in any of them, and for a host and port that two entries
    ///   declare for the same namespace.
    public static func load(_ documents: [Document]) throws -> [ServiceEntry] {
        try collectingDiagnostics(documents.filter { $0.kind == kind && $0.group == group }) { try ServiceEntry($0) }
    }

    /// Reads one resource.
    ///
    /// - Throws: `ResourceError` at the first place that is wrong, or cannot be honoured.
    public init(_ document: Document) throws {
        guard Self.versions.contains(document.apiVersion) else {
            throw ResourceError(
                at: document.location,
                "unknown apiVersion `\(document.apiVersion)` of a ServiceEntry; "
                    + suggestion(for: document.apiVersion, among: Self.versions)
            )
        }
        guard let spec = document.spec, !spec.isNull else {
            throw ResourceError(at: document.location, "a ServiceEntry needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "a ServiceEntry spec")
        let hosts = try fields.required("hosts") { value in
            let hosts = try value.list { try HostPattern($0) }
            guard (1...256).contains(hosts.count) else { throw value.error("expected 1 to 256 hosts") }
            return hosts
        }
        let ports = try fields.required("ports") { value in
            let ports = try value.list { try Port($0) }
            guard (1...256).contains(ports.count) else { throw value.error("expected 1 to 256 ports") }
            guard Set(ports.map(\.number)).count == ports.count, Set(ports.map(\.name)).count == ports.count else {
                throw value.error("two ports have the same number or name")
            }
            return ports
        }
        let location = try fields.optional("location") { try $0.oneOf(["MESH_EXTERNAL", "MESH_INTERNAL"]) }
        var resolutionPlace = spec
        let resolution =
            try fields.optional("resolution") { value in
                resolutionPlace = value
                return Resolution(rawValue: try value.oneOf(Resolution.allCases.map(\.rawValue))) ?? .none
            } ?? .none
        let endpoints =
            try fields.optional("endpoints") { value in
                try value.list { try Endpoint($0, ports: ports, resolution: resolution) }
            } ?? []
        let addresses = try fields.optional("addresses") { try $0.list { try Self.block($0) } } ?? []
        let identities =
            try fields.optional("subjectAltNames") { value in
                try value.list { try Self.identity($0) }
            } ?? []
        let exportTo =
            try fields.optional("exportTo") { value in
                try Self.namespaces(value, own: document.metadata.namespace)
            } ?? []
        if let selector = fields.value("workloadSelector"), !selector.isNull {
            throw selector.error(
                "`workloadSelector` is not supported: there are no WorkloadEntry endpoints here; write `endpoints`"
            )
        }
        try fields.finish()
        self.init(
            name: document.metadata.name,
            namespace: document.metadata.namespace,
            hosts: hosts,
            ports: ports,
            isInternal: location == "MESH_INTERNAL",
            resolution: resolution,
            endpoints: endpoints,
            addresses: addresses,
            identities: identities,
            exportTo: exportTo,
            isResolver: document.metadata.labels["lapwing.dev/dns-resolver"] == "true",
            location: document.location
        )
        try check(resolutionPlace)
    }

    /// What holds between the fields.
    private func check(_ resolutionPlace: Value) throws {
        let hasWildcard = hosts.contains { if case .below = $0 { true } else { false } }
        switch resolution {
        case .fixed:
            guard !endpoints.isEmpty else {
                throw resolutionPlace.error("resolution STATIC needs `endpoints` with addresses")
            }
        case .dns, .roundRobin:
            guard !hasWildcard || !endpoints.isEmpty else {
                throw resolutionPlace.error(
                    "a host with `*` cannot be resolved by resolution \(resolution.rawValue) without `endpoints`; use NONE "
                        + "or DYNAMIC_DNS, which resolve the name that was asked for"
                )
            }
        case .none, .dynamic:
            guard endpoints.isEmpty else {
                throw resolutionPlace.error("resolution \(resolution.rawValue) and `endpoints` exclude each other")
            }
        }
        let named = endpoints.filter { if case .name = $0.place { true } else { false } }
        guard named.count <= 1 || named.allSatisfy(\.ports.isEmpty) else {
            throw ResourceError(at: location, "of several endpoints that are names, none can have `ports` of its own")
        }
        guard identities.count <= 1 else {
            throw ResourceError(
                at: location,
                "`subjectAltNames` must be one SPIFFE ID: the service that is called is one workload"
            )
        }
        guard isInternal == isMutualTLS else {
            throw ResourceError(
                at: location,
                isInternal
                    ? "a ServiceEntry of location MESH_INTERNAL needs `subjectAltNames` with the SPIFFE ID that it has to prove"
                    : "`subjectAltNames` are SPIFFE IDs of workloads, so that `location` must be MESH_INTERNAL"
            )
        }
        if isInternal, let port = ports.first(where: { $0.portProtocol.isOpaque }) {
            throw ResourceError(
                at: location,
                "the port `\(port.name)` of a ServiceEntry of location MESH_INTERNAL must be HTTP: callers speak plain HTTP "
                    + "on loopback, and the listener speaks mutual TLS for them"
            )
        }
    }

    private static func block(_ value: Value) throws -> AddressBlock {
        let text = try value.string()
        guard let block = AddressBlock(text) else {
            throw value.error("expected an address or a block such as `203.0.113.0/24`, found `\(text)`")
        }
        return block
    }

    private static func identity(_ value: Value) throws -> SPIFFEID {
        let text = try value.string()
        do {
            return try SPIFFEID(text)
        } catch {
            throw value.error(
                "expected the SPIFFE ID of a workload, found `\(text)` (\(error)); other names in certificates are not "
                    + "checked here, since TLS to other services passes through"
            )
        }
    }

    /// `.` is the entry's own namespace, `*` stands for all.
    private static func namespaces(_ value: Value, own: String) throws -> Set<String> {
        var namespaces: Set<String> = []
        var isExportedToAll = false
        for element in try value.list({ $0 }) {
            switch try element.string() {
            case "*": isExportedToAll = true
            case ".": namespaces.insert(own)
            case let name:
                guard !name.isEmpty, name.utf8.count <= 63, name.utf8.allSatisfy({ ByteClass.isHostName($0) }) else {
                    throw element.error("expected a namespace, `.` or `*`, found `\(name)`")
                }
                namespaces.insert(name)
            }
        }
        guard !isExportedToAll || namespaces.isEmpty else {
            throw value.error("`*` exports to all namespaces, so that no other can stand beside it")
        }
        return namespaces
    }
}

extension HostPattern {
    init(_ value: Value) throws {
        let text = try value.string()
        let isWildcard = text.hasPrefix("*.")
        switch DestinationName.parse(isWildcard ? String(text.dropFirst(2)) : text) {
        case .failure(let refusal):
            throw value.error("`\(text.prefix(120))` is no host that can be declared: \(refusal.reason.rawValue)")
        case .success(let name):
            guard !isWildcard || name.labels.count >= 2 else {
                throw value.error("`\(text)` would declare a whole top-level domain; name at least two labels")
            }
            self = isWildcard ? .below(name) : .exact(name)
        }
    }
}

extension ServiceEntry.Port {
    fileprivate init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "a port")
        let number = UInt16(try fields.required("number") { try $0.integer(in: 1...65535) })
        let name = try fields.required("name") { try $0.string() }
        let kinds = ServiceEntry.PortProtocol.allCases.map(\.rawValue)
        let portProtocol = try fields.required("protocol") { value in
            let text = try value.string()
            switch text {
            case "TCP", "MONGO", "MYSQL", "REDIS", "UDP":
                throw value.error(
                    "protocol \(text) has no server name to hold against the target, so that it is not let through; "
                        + "supported are \(kinds.joined(separator: ", "))"
                )
            case "GRPC", "GRPC-WEB", "HTTP2":
                throw value.error(
                    "protocol \(text) without TLS is not supported; supported are \(kinds.joined(separator: ", "))"
                )
            default: return ServiceEntry.PortProtocol(rawValue: try value.oneOf(kinds)) ?? .tls
            }
        }
        let target = try fields.optional("targetPort") { UInt16(try $0.integer(in: 1...65535)) }
        try fields.finish()
        self.init(number: number, name: name, portProtocol: portProtocol, target: target ?? number)
    }
}

extension ServiceEntry.Endpoint {
    fileprivate init(_ value: Value, ports known: [ServiceEntry.Port], resolution: ServiceEntry.Resolution) throws {
        var fields = try FieldReader(value, of: "an endpoint")
        let place = try fields.required("address") { try Self.place($0, resolution: resolution) }
        let ports =
            try fields.optional("ports") { value -> [String: UInt16] in
                var ports: [String: UInt16] = [:]
                for entry in try value.mapping() {
                    guard known.contains(where: { $0.name == entry.key }) else {
                        throw ResourceError(
                            at: entry.keyLocation,
                            "there is no port `\(entry.key)`; \(suggestion(for: entry.key, among: known.map(\.name)))"
                        )
                    }
                    ports[entry.key] = UInt16(try entry.value.integer(in: 1...65535))
                }
                return ports
            } ?? [:]
        // Istio balances by these; here every endpoint counts the same.
        fields.ignore("labels", "locality", "weight", "network", "serviceAccount")
        try fields.finish()
        self.init(place: place, ports: ports)
    }

    private static func place(_ value: Value, resolution: ServiceEntry.Resolution) throws -> Place {
        let text = try value.string()
        if text.hasPrefix("unix:") { throw value.error("Unix sockets are not supported as endpoints") }
        if let address = IPAddress(text) {
            guard resolution == .fixed || resolution == .dns || resolution == .roundRobin else {
                throw value.error("an address needs resolution STATIC")
            }
            if let reason = AddressClass.of(address).reasonAlways {
                throw value.error("`\(text)` is never connected to: \(reason.rawValue)")
            }
            return .address(address)
        }
        guard resolution != .fixed else {
            throw value.error("resolution STATIC needs addresses, found `\(text.prefix(120))`")
        }
        switch DestinationName.parse(text) {
        case .success(let name): return .name(name)
        case .failure(let refusal):
            throw value.error("`\(text.prefix(120))` is neither an address nor a name: \(refusal.reason.rawValue)")
        }
    }
}
