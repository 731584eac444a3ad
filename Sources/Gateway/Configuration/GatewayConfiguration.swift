public import Authorization
public import Guardrails
public import Resources

/// What one gateway does: where it listens, for which workload it decides, and where permitted requests go.
///
/// It is the resource of kind `Gateway`:
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: Gateway
/// metadata: { name: inference, namespace: ml-inference }
/// spec:
///   workload: { labels: { app: inference-service }, serviceAccount: inference-service }
///   listeners:
///     - { name: mtls, address: 0.0.0.0, port: 8443 }
///   upstreams:
///     - { name: inference, unixSocket: /run/inference.sock }
///   routes:
///     - { name: predict, path: { prefix: /v1 }, upstream: inference }
/// ```
///
/// Reading is strict: an unknown field, a route to an upstream that is not there or a plaintext upstream off loopback
/// is an error with its place.
public struct GatewayConfiguration: Hashable, Sendable {
    /// The API version of the resource.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The kind of the resource.
    public static let kind = "Gateway"

    /// The gateway's name.
    public var name: String
    /// The workload that requests go to: what decides which policies apply.
    public var workload: Workload
    /// Whose defaults hold where a policy says nothing.
    public var compatibility: Compatibility
    /// How paths are made canonical before policy sees them and they go upstream.
    public var pathNormalization: PathNormalization
    /// Where clients connect.
    public var listeners: [Listener]
    /// Where permitted requests can go.
    public var upstreams: [Upstream]
    /// Which requests go where.
    public var routes: [Route]
    /// What judges the requests of routes.
    public var guardrails: [Guardrail]
    /// The external services that CUSTOM policies may ask.
    public var providers: [ExternalProvider]
    /// On what terms the keys of token issuers are fetched.
    public var tokenKeys: TokenKeySettings
    /// How much a client may use.
    public var limits: GatewayLimits
    /// Where health, readiness and metrics are served; nil where nowhere.
    public var admin: AdminAddress?
    /// Where local workloads call out; nil where nowhere.
    public var egress: EgressConfiguration?
    /// What is doubtful and still loads, such as plaintext upstreams.
    public var warnings: [Diagnostic]

    /// An address for the admin listener; it is always on loopback.
    public struct AdminAddress: Hashable, Sendable {
        /// A loopback address.
        public var address: String
        /// The port; zero lets the system choose.
        public var port: Int

        /// An address and port.
        public init(address: String = "127.0.0.1", port: Int) {
            self.address = address
            self.port = port
        }
    }

    /// A configuration made in code.
    public init(
        name: String,
        workload: Workload,
        compatibility: Compatibility = .strict,
        pathNormalization: PathNormalization = .base,
        listeners: [Listener],
        upstreams: [Upstream],
        routes: [Route],
        guardrails: [Guardrail] = [],
        providers: [ExternalProvider] = [],
        tokenKeys: TokenKeySettings = TokenKeySettings(),
        limits: GatewayLimits = GatewayLimits(),
        admin: AdminAddress? = nil,
        egress: EgressConfiguration? = nil
    ) {
        self.name = name
        self.workload = workload
        self.compatibility = compatibility
        self.pathNormalization = pathNormalization
        self.listeners = listeners
        self.upstreams = upstreams
        self.routes = routes
        self.guardrails = guardrails
        self.providers = providers
        self.tokenKeys = tokenKeys
        self.limits = limits
        self.admin = admin
        self.egress = egress
        self.warnings = []
    }

    /// Reads the gateways among documents, and the guardrails that they name; other kinds are left to their own modules.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in any of them.
    public static func load(_ documents: [Document]) throws -> [GatewayConfiguration] {
        let guardrails = documents.filter { $0.kind == Guardrail.kind && $0.group == "lapwing.dev" }
        let gateways = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        return try collectingDiagnostics([guardrails, gateways].flatMap(\.self)) { document in
            if document.kind == Guardrail.kind {
                _ = try Guardrail(document)
                return nil
            }
            let own = guardrails.filter { $0.metadata.namespace == document.metadata.namespace }
            return try GatewayConfiguration(document, guardrails: own)
        }.compactMap(\.self)
    }

    /// Reads one resource, and the guardrails beside it that its routes name.
    ///
    /// - Throws: `ResourceError` at the first place that is wrong.
    public init(_ document: Document, guardrails: [Document] = []) throws {
        guard document.apiVersion == Self.apiVersion else {
            throw ResourceError(
                at: document.location,
                "unknown version `\(document.apiVersion)` of Gateway; expected `\(Self.apiVersion)`"
            )
        }
        guard let spec = document.spec else { throw ResourceError(at: document.location, "a Gateway needs `spec`") }
        var fields = try FieldReader(spec, of: "Gateway spec")
        self.name = document.metadata.name
        let namespace = document.metadata.namespace
        self.workload =
            try fields.optional("workload") { try Workload($0, namespace: namespace) }
            ?? Workload(namespace: namespace)
        self.compatibility =
            try fields.optional("compatibility") {
                Compatibility(rawValue: try $0.oneOf(Compatibility.allCases.map(\.rawValue))) ?? .strict
            } ?? .strict
        self.pathNormalization =
            try fields.optional("pathNormalization") {
                PathNormalization(rawValue: try $0.oneOf(PathNormalization.allCases.map(\.rawValue))) ?? .base
            } ?? .base
        self.limits = try fields.optional("limits") { try GatewayLimits($0) } ?? GatewayLimits()
        let egress = try fields.optional("egress") { try EgressConfiguration($0) }
        self.egress = egress
        // A gateway that only calls out has nothing to listen for.
        let isOutboundOnly = egress != nil && fields.value("listeners") == nil
        var warnings: [Diagnostic] = []
        let readUpstreams = { (value: Value) throws -> [Upstream] in
            let upstreams = try value.list { try Upstream($0, warnings: &warnings) }
            try Self.refuseDuplicates(upstreams.map(\.name), in: value, of: "upstream")
            return upstreams
        }
        self.upstreams =
            try isOutboundOnly
            ? fields.optional("upstreams", readUpstreams) ?? [] : fields.required("upstreams", readUpstreams)
        let known = upstreams
        self.listeners =
            isOutboundOnly
            ? []
            : try fields.required("listeners") { value in
                let listeners = try value.list { try Listener($0, upstreams: known.map(\.name)) }
                guard !listeners.isEmpty else { throw value.error("a Gateway needs at least one listener") }
                for case .tcp(let service) in listeners.map(\.service)
                where known.contains(where: { $0.name == service.upstream && $0.model != nil }) {
                    throw value.error(
                        "the upstream `\(service.upstream)` of a TCP listener has a `model`, which is asked of upstreams of "
                            + "routes alone; leave it out, or serve HTTP"
                    )
                }
                return listeners
            }
        let places = Self.unreadPlaces(listeners, known)
        let readRoutes = { (value: Value) throws -> [Route] in
            let routes = try value.list { value in
                let route = try Route(value, upstreams: known, guardrails: guardrails.map(\.metadata.name))
                guard let listener = known.first(where: { $0.name == route.upstream }).flatMap({ places[$0.transport] })
                else { return route }
                throw value.error(
                    "the upstream `\(route.upstream)` of the route `\(route.name)` is reached by the TCP listener "
                        + "`\(listener)` too, whose clients could send it requests that say who calls; give one of them "
                        + "an upstream at another place"
                )
            }
            try Self.refuseDuplicates(routes.map(\.name), in: value, of: "route")
            if case .list(let elements) = value.content { try Self.refuseShadowed(zip(routes, elements)) }
            return routes
        }
        // Connections that carry no HTTP have no routes.
        let hasRequests = listeners.contains { $0.service == .http }
        self.routes =
            try !hasRequests ? fields.optional("routes", readRoutes) ?? [] : fields.required("routes", readRoutes)
        let named = Set(routes.compactMap(\.guardrail))
        // What is wrong with one is reported by whoever reads all documents.
        self.guardrails = guardrails.filter { named.contains($0.metadata.name) }.compactMap { try? Guardrail($0) }
        self.providers =
            try fields.optional("extensionProviders") { value in
                let providers = try value.list { try ExternalProvider($0, warnings: &warnings) }
                try Self.refuseDuplicates(providers.map(\.name), in: value, of: "provider")
                return providers
            } ?? []
        self.tokenKeys = try fields.optional("tokenKeys") { try TokenKeySettings($0) } ?? TokenKeySettings()
        self.admin = try fields.optional("admin") { try AdminAddress($0) }
        self.warnings = warnings
        try fields.finish()
    }

    /// What has to be told at every start of providers that let requests through which they did not decide on.
    ///
    /// - Throws: `ResourceError` for one that does so under `strict` without the switch `fail-open`.
    public func checkFailOpen() throws -> [Diagnostic] {
        try collectingDiagnostics(providers) { try $0.checkFailOpen(compatibility) }.compactMap(\.self)
    }

    /// Where bytes go that nobody here reads, with the listener from which they come.
    ///
    /// A service there must not believe what a request says of its caller, which a route's upstream does.
    private static func unreadPlaces(_ listeners: [Listener], _ upstreams: [Upstream]) -> [Upstream.Transport: String] {
        var places: [Upstream.Transport: String] = [:]
        for listener in listeners {
            guard case .tcp(let service) = listener.service,
                let upstream = upstreams.first(where: { $0.name == service.upstream })
            else { continue }
            places[upstream.transport] = listener.name
        }
        return places
    }

    /// Refuses a route that another of the same host and path keeps every request from.
    ///
    /// Of two such routes one would serve and the other do nothing, with its guardrail, its limits and its upstream; which
    /// one was meant is not known here.
    private static func refuseShadowed(_ routes: some Sequence<(Route, Value)>) throws {
        var taken: [String: (route: Route, place: Value)] = [:]
        var tunnels: Set<String> = []
        _ = try collectingDiagnostics(routes.map(\.self)) { route, place in
            for host in Set(route.hosts.isEmpty ? ["any host"] : route.hosts).sorted() {
                let isTunnel = route.allowsConnect && tunnels.insert(host).inserted
                let key = "\(host) \(route.path.key)"
                guard let earlier = taken[key] else {
                    taken[key] = (route, place)
                    continue
                }
                // It serves what asks for a tunnel, and the earlier one all else.
                if isTunnel { continue }
                throw place.error(
                    "the route `\(route.name)` serves \(host == "any host" ? host : "`\(host)`") with the path "
                        + "`\(route.path.text)` as `\(earlier.route.name)` at \(earlier.place.location) does, and would get no "
                        + "request; make them one, or give one another host or path"
                )
            }
        }
    }

    private static func refuseDuplicates(_ names: [String], in value: Value, of what: String) throws {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw value.error("two \(what)s have the name `\(name)`")
        }
    }
}

extension Workload {
    fileprivate init(_ value: Value, namespace: String) throws {
        var fields = try FieldReader(value, of: "workload")
        self.init(
            namespace: try fields.optional("namespace") { try $0.string() } ?? namespace,
            labels: try fields.optional("labels") { value in
                var labels: [String: String] = [:]
                for entry in try value.mapping() { labels[entry.key] = try entry.value.string() }
                return labels
            } ?? [:],
            serviceAccount: try fields.optional("serviceAccount") { try $0.string() }
        )
        try fields.finish()
    }
}

extension GatewayConfiguration.AdminAddress {
    fileprivate init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "admin")
        self.address =
            try fields.optional("address") { value in
                let address = try value.string()
                guard Loopback.contains(address) else {
                    throw value.error(
                        "the admin listener serves plaintext, so that it must be on loopback; found `\(address)`"
                    )
                }
                return address
            } ?? "127.0.0.1"
        self.port = try fields.required("port") { try $0.integer(in: 0...65535) }
        try fields.finish()
    }
}
