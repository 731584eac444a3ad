import ZeroTrust

/// Makes the policies of least privilege from requests that were seen and allowed.
///
/// ```swift
/// let generator = PolicyGenerator(scope: .init(namespace: "ml-inference", name: "seen"))
/// print(generator.generate(requests).yaml)
/// ```
public struct PolicyGenerator: Sendable {
    /// What generated policies are called and what they select.
    public struct Scope: Sendable, Hashable {
        /// The namespace.
        public var namespace: String
        /// The name; a second policy is called so with `-2`.
        public var name: String
        /// The labels of the workload.
        public var labels: [String: String]

        /// A scope.
        public init(namespace: String, name: String, labels: [String: String] = [:]) {
            self.namespace = namespace
            self.name = name
            self.labels = labels
        }
    }

    /// What the policies are called and what they select.
    public let scope: Scope
    /// How many different values of a segment it takes before it becomes `{*}`; zero leaves every path as it was seen.
    public let minimumDistinct: Int
    /// Whether hosts are told apart.
    public let includesHosts: Bool
    /// Whether ports are told apart.
    public let includesPorts: Bool

    /// A generator.
    public init(
        scope: Scope,
        minimumDistinct: Int = 8,
        includesHosts: Bool = false,
        includesPorts: Bool = false
    ) {
        self.scope = scope
        self.minimumDistinct = minimumDistinct
        self.includesHosts = includesHosts
        self.includesPorts = includesPorts
    }

    /// Who calls: a principal, and the issuer of its tokens where it sent one.
    private struct CallerKey: Hashable, Comparable {
        let principal: String
        let issuer: String?

        static func < (left: Self, right: Self) -> Bool {
            (left.principal, left.issuer ?? "") < (right.principal, right.issuer ?? "")
        }
    }

    /// What paths are gathered under.
    private struct Endpoint: Hashable {
        let host: String?
        let port: UInt16?
        let method: String
    }

    /// Makes policies; the same requests make the same policies, whatever their order.
    public func generate(_ requests: [ObservedRequest]) -> GeneratedPolicies {
        var seen: [CallerKey: [Endpoint: [String: Int]]] = [:]
        var omissions: [GeneratedPolicies.Omission] = []
        for request in requests {
            if let reason = omission(request.attributes) {
                omissions.append(.init(reason: reason, request: request))
                continue
            }
            let attributes = request.attributes
            let caller = CallerKey(
                principal: String((attributes.caller.name ?? "").dropFirst("spiffe://".count)),
                issuer: attributes.token?.issuer
            )
            let endpoint = Endpoint(
                host: includesHosts || attributes.isTunnel ? attributes.authority.lowercased() : nil,
                port: includesPorts ? attributes.destination.port : nil,
                method: attributes.method
            )
            let path = String(attributes.path.prefix { $0 != "?" && $0 != "#" })
            seen[caller, default: [:]][endpoint, default: [:]][path, default: 0] += request.count
        }
        let rules = seen.sorted { $0.key < $1.key }.map { caller, endpoints in
            let operations = operations(endpoints)
            return GeneratedPolicies.Rule(
                principal: caller.principal,
                issuer: caller.issuer,
                count: operations.reduce(0) { $0 + $1.count },
                operations: operations
            )
        }
        return GeneratedPolicies(scope: scope, rules: rules, omissions: omissions)
    }

    private func omission(_ attributes: Attributes) -> GeneratedPolicies.Omission.Reason? {
        guard attributes.value(for: .principal) != nil else { return .anonymous }
        guard attributes.transport == .http else { return .connection }
        guard attributes.isTunnel || attributes.value(for: .path) != nil else { return .unnameablePath }
        // A value that a policy would read as a pattern names nobody.
        if let issuer = attributes.token?.issuer, issuer.isEmpty || issuer.contains("*") { return .unnameableValue }
        let namesHost = includesHosts || attributes.isTunnel
        guard attributes.value(for: .method) != nil, !namesHost || attributes.value(for: .host) != nil else {
            return .unnameableValue
        }
        return nil
    }

    /// One operation for each set of methods that were seen on the same paths.
    private func operations(_ endpoints: [Endpoint: [String: Int]]) -> [GeneratedPolicies.Operation] {
        struct Place: Hashable {
            let host: String?
            let port: UInt16?
            let value: String
        }
        struct Form: Hashable {
            let host: String?
            let port: UInt16?
            let methods: [String]
        }
        var methods: [Place: Set<String>] = [:]
        var counts: [Place: Int] = [:]
        var paths: [Place: Set<String>] = [:]
        for (endpoint, counted) in endpoints {
            let values = values(for: Set(counted.keys))
            for (path, count) in counted {
                let place = Place(host: endpoint.host, port: endpoint.port, value: values[path] ?? path)
                methods[place, default: []].insert(endpoint.method)
                counts[place, default: 0] += count
                paths[place, default: []].insert(path)
            }
        }
        var grouped: [Form: [GeneratedPolicies.Path]] = [:]
        for (place, used) in methods {
            grouped[Form(host: place.host, port: place.port, methods: used.sorted()), default: []].append(
                .init(value: place.value, count: counts[place] ?? 0, distinct: paths[place]?.count ?? 0)
            )
        }
        return grouped.map { form, paths in
            GeneratedPolicies.Operation(
                methods: form.methods,
                paths: paths.sorted { $0.value < $1.value },
                host: form.host,
                port: form.port
            )
        }.sorted { left, right in
            func key(_ operation: GeneratedPolicies.Operation) -> [String] {
                [operation.host ?? "", operation.port.map(String.init) ?? ""] + operation.methods
            }
            return key(left).lexicographicallyPrecedes(key(right))
        }
    }

    private func values(for paths: Set<String>) -> [String: String] {
        guard minimumDistinct > 0 else { return [:] }
        return PathGeneralizer(minimumDistinct: minimumDistinct).values(for: paths)
    }
}
