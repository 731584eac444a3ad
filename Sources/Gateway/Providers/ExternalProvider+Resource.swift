import Authorization
import Resources
import ZeroTrust

extension ExternalProvider {
    /// Reads one entry of `extensionProviders`.
    ///
    /// - Throws: `ResourceError` at the first place that is wrong.
    init(_ value: Value, warnings: inout [Diagnostic]) throws {
        var outer = try FieldReader(value, of: "an extension provider")
        let name = try outer.required("name") { value in
            let name = try value.string()
            guard !name.isEmpty else { throw value.error("a provider needs a name") }
            return name
        }
        let http = outer.value("envoyExtAuthzHttp")
        let grpc = outer.value("envoyExtAuthzGrpc")
        try outer.finish()
        switch (http, grpc) {
        case (let http?, nil): try self.init(name, http, isHTTP: true, &warnings)
        case (nil, let grpc?): try self.init(name, grpc, isHTTP: false, &warnings)
        default:
            throw value.error("the provider `\(name)` needs either `envoyExtAuthzHttp` or `envoyExtAuthzGrpc`")
        }
    }

    private init(_ name: String, _ value: Value, isHTTP: Bool, _ warnings: inout [Diagnostic]) throws {
        var fields = try FieldReader(value, of: isHTTP ? "envoyExtAuthzHttp" : "envoyExtAuthzGrpc")
        // Istio writes `namespace/host` where two namespaces declare the same host.
        let host = try fields.optional("service") { value in
            let service = try value.string()
            let host = service.drop { $0 != "/" }.dropFirst()
            let chosen = service.contains("/") ? String(host) : service
            guard !chosen.isEmpty, chosen.utf8.allSatisfy({ ByteClass.isHostName($0) || $0 == UInt8(ascii: ":") })
            else {
                throw value.error("expected a host, or a namespace, `/` and a host; found `\(service)`")
            }
            return chosen
        }
        let transport = try Upstream.transport(
            &fields,
            value,
            of: "the provider `\(name)`",
            host: ("service", host),
            &warnings
        )
        self.init(name: name, service: .grpc, transport: transport)
        if let timeout = try fields.optional("timeout", { try Self.timeout($0) }) { self.timeout = timeout }
        if let status = try fields.optional("statusOnError", { try Self.status($0) }) { statusOnError = status }
        body = try fields.optional("includeRequestBodyInCheck") { value in
            let body = try EnvoyAuthorizationProvider.Body(value)
            guard (1...Self.maximumBody).contains(body.maximum) else {
                throw value.error("`maxRequestBytes` is from 1 to \(Self.maximumBody), found \(body.maximum)")
            }
            return body
        }
        // Routes depend on host and path alone, which no answer changes.
        _ = try fields.optional("clearRouteCache") { try $0.bool() }
        for (key, isNamed) in [("failOpen", false), ("fail-open", true)] {
            guard let value = fields.value(key), !value.isNull, try value.bool() else { continue }
            failOpen = FailOpen(isNamed: isNamed, location: value.location)
        }
        if isHTTP {
            let settings = try EnvoyAuthorizationProvider.HTTPSettings(&fields)
            try Self.check(settings, value)
            service = .http(settings)
        }
        try fields.finish()
    }

    private static func timeout(_ value: Value) throws -> Duration {
        guard let duration = GoDuration.parse(try value.string()), duration > .zero, duration <= .seconds(600) else {
            throw value.error("expected a length of time such as `250ms` or `5s`, above zero and of at most `10m`")
        }
        return duration
    }

    private static func status(_ value: Value) throws -> Int {
        if case .number = value.content { return try value.integer(in: 400...599) }
        let text = try value.string()
        guard let status = Int(text), (400...599).contains(status), "\(status)" == text else {
            throw value.error("expected a status from 400 to 599 such as \"403\" or \"503\", found `\(text)`")
        }
        return status
    }

    private static func check(_ settings: EnvoyAuthorizationProvider.HTTPSettings, _ value: Value) throws {
        if let prefix = settings.pathPrefix {
            guard prefix.hasPrefix("/"), prefix.utf8.allSatisfy({ ByteClass.isTarget($0) && $0 != UInt8(ascii: "?") })
            else { throw value.error("expected a `pathPrefix` that begins with `/`, found `\(prefix)`") }
        }
        for (name, text) in settings.addedHeaders.sorted(by: { $0.key < $1.key }) {
            guard HeaderField.isSound(.init(name: name, value: text)), FieldName(of: name) == .other else {
                throw value.error("the header `\(name)` of `includeAdditionalHeadersInCheck` cannot be sent")
            }
        }
        let lists = [
            settings.requestHeaders, settings.upstreamHeadersOnAllow, settings.clientHeadersOnDeny,
            settings.clientHeadersOnAllow,
        ]
        for pattern in lists.joined() where !HeaderSelection.isPattern(pattern) {
            throw value.error("expected the name of a header, with a `*` at one end at most, found `\(pattern)`")
        }
    }
}
