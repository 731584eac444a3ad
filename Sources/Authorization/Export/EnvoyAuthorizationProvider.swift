/// An external service that CUSTOM policies ask, as Istio's mesh configuration declares it under `extensionProviders`.
public struct EnvoyAuthorizationProvider: Sendable, Hashable {
    /// How the service is spoken to.
    enum Service: Sendable, Hashable {
        case grpc
        case http(HTTPSettings)
    }

    /// What a service over HTTP is sent and may change.
    package struct HTTPSettings: Sendable, Hashable {
        /// What stands before the path that the service is asked about.
        package var pathPrefix: String?
        /// Which headers of the request the service sees, as names or patterns with a `*` at one end.
        package var requestHeaders: [String] = []
        /// Headers that the service is sent beside them.
        package var addedHeaders: [String: String] = [:]
        /// Which headers of an answer that allows go upstream.
        package var upstreamHeadersOnAllow: [String] = []
        /// Which headers of an answer that denies go to the client; empty for all.
        package var clientHeadersOnDeny: [String] = []
        /// Which headers of an answer that allows go to the client.
        package var clientHeadersOnAllow: [String] = []
    }

    /// How much of a request's body the service sees.
    package struct Body: Sendable, Hashable {
        /// The bytes that the service sees at most.
        package let maximum: Int
        /// Whether the service is asked about the beginning of a longer body.
        package let allowsPart: Bool
        /// Whether a gRPC service gets the body as bytes, and not as text.
        package let isBytes: Bool
    }

    /// Why a provider cannot be asked.
    struct Problem: Error, Hashable {
        let message: String
    }

    /// The name that policies use.
    public let name: String
    let service: Service
    /// `namespace/host`, or the host alone.
    let address: String
    let port: Int
    /// How long an answer may take, in milliseconds.
    let timeout: Int
    /// Whether a request goes on where no answer comes.
    let failsOpen: Bool
    let statusOnError: String?
    let body: Body?

    /// Why the provider cannot be asked, or nil where it can.
    var problem: Problem? {
        if !(1...65535).contains(port) { return Problem(message: "the provider `\(name)` has the port \(port)") }
        if address.split(separator: "/", omittingEmptySubsequences: false).contains("") {
            return Problem(message: "the provider `\(name)` has no service")
        }
        if let statusOnError, EnvoyStatus.name(statusOnError) == nil {
            return Problem(message: "the provider `\(name)` has the unknown status `\(statusOnError)`")
        }
        if case .http(let settings) = service, let prefix = settings.pathPrefix, !prefix.hasPrefix("/") {
            return Problem(message: "the path prefix `\(prefix)` of the provider `\(name)` does not begin with `/`")
        }
        return nil
    }

    // MARK: - The filter

    /// The filter that asks the service, or nil on a layer where it cannot be asked.
    func filter(_ layer: EnvoyExport.Layer) -> ExportValue? {
        if layer == .tcp, case .http = service { return nil }
        let kind = layer == .http ? "http" : "network"
        return .object([
            "name": .string("envoy.filters.\(kind).ext_authz"),
            "typedConfig": .object([
                "@type": .string("type.googleapis.com/envoy.extensions.filters.\(kind).ext_authz.v3.ExtAuthz"),
                "statPrefix": layer == .tcp ? .string("tcp.") : nil,
                "allowedHeaders": layer == .http ? allowedHeaders : nil,
                "failureModeAllow": failsOpen ? .bool(true) : nil,
                "filterEnabledMetadata": EnvoyMatcher.metadata(
                    filter: "envoy.filters.\(kind).rbac",
                    path: ["istio_ext_authz_shadow_effective_policy_id"],
                    value: .object(["stringMatch": EnvoyMatcher.prefix("istio-ext-authz-\(name)")])
                ),
                "grpcService": grpcService,
                "httpService": httpService,
                "statusOnError": layer == .http
                    ? statusOnError.flatMap { EnvoyStatus.name($0) }.map { .object(["code": .string($0)]) } : nil,
                "transportApiVersion": .string("V3"),
                "withRequestBody": layer == .http ? body.map(\.value) : nil,
            ]),
        ])
    }

    private var host: String { String(address.drop { $0 != "/" }.dropFirst()).nonEmpty ?? address }
    private var cluster: String { "outbound|\(port)||\(host)" }

    private var timeoutText: String {
        let (seconds, rest) = timeout.quotientAndRemainder(dividingBy: 1000)
        guard rest > 0 else { return "\(seconds)s" }
        return "\(seconds).\(String(repeating: "0", count: 3 - "\(rest)".count))\(rest)s"
    }

    private var grpcService: ExportValue? {
        guard case .grpc = service else { return nil }
        return .object([
            // The cluster's name has bytes that no authority has.
            "envoyGrpc": .object(["authority": .string(host), "clusterName": .string(cluster)]),
            "timeout": .string(timeoutText),
        ])
    }

    private var allowedHeaders: ExportValue? {
        guard case .http(let settings) = service else { return nil }
        return Self.patterns(settings.requestHeaders)
    }

    private var httpService: ExportValue? {
        guard case .http(let settings) = service else { return nil }
        let added = settings.addedHeaders.sorted { $0.key < $1.key }
        let response: ExportValue = .object([
            "allowedClientHeaders": Self.patterns(settings.clientHeadersOnDeny),
            "allowedClientHeadersOnSuccess": Self.patterns(settings.clientHeadersOnAllow),
            "allowedUpstreamHeaders": Self.patterns(settings.upstreamHeadersOnAllow),
        ])
        return .object([
            "authorizationRequest": added.isEmpty
                ? nil
                : .object([
                    "headersToAdd": .list(
                        added.map { .object(["key": .string($0.key), "value": .string($0.value)]) }
                    )
                ]),
            "authorizationResponse": response == .mapping([]) ? nil : response,
            "pathPrefix": settings.pathPrefix.map { .string($0) },
            "serverUri": .object([
                "cluster": .string(cluster), "timeout": .string(timeoutText), "uri": .string("http://\(host)"),
            ]),
        ])
    }

    private static func patterns(_ names: [String]) -> ExportValue? {
        guard !names.isEmpty else { return nil }
        return .object(["patterns": .list(names.map { EnvoyMatcher.string($0, ignoringCase: true) })])
    }
}

extension EnvoyAuthorizationProvider.Body {
    fileprivate var value: ExportValue {
        .object([
            "allowPartialMessage": allowsPart ? .bool(true) : nil, "maxRequestBytes": .number(maximum),
            "packAsBytes": isBytes ? .bool(true) : nil,
        ])
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
