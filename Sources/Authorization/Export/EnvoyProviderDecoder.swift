public import Resources

extension EnvoyAuthorizationProvider {
    /// The services for external authorization in a mesh configuration.
    ///
    /// That is Istio's `MeshConfig`, or the part of it that has `extensionProviders`. Providers of other kinds are passed
    /// over.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in them.
    public static func load(meshConfig value: Value) throws -> [EnvoyAuthorizationProvider] {
        let entries = try value.mapping()
        guard let providers = entries.first(where: { $0.key == "extensionProviders" })?.value else { return [] }
        return try providers.list { try EnvoyAuthorizationProvider($0) }.compactMap(\.self)
    }

    /// Reads one provider; nil for one of another kind.
    private init?(_ value: Value) throws {
        let kinds = ["envoyExtAuthzHttp", "envoyExtAuthzGrpc"]
        guard let entry = try value.mapping().first(where: { kinds.contains($0.key) }) else { return nil }
        var outer = try FieldReader(value, of: "an extension provider")
        let name = try outer.required("name") { try $0.string() }
        outer.ignore(entry.key)
        try outer.finish()
        var fields = try FieldReader(entry.value, of: entry.key)
        self.name = name
        self.address = try fields.required("service") { try $0.string() }
        self.port = try fields.required("port") { try $0.integer(in: 0...Int(UInt32.max)) }
        let timeout = try fields.optional("timeout") { value in
            guard let duration = GoDuration.parse(try value.string()), duration >= .zero else {
                throw value.error("expected a length of time such as `5s` or `250ms`")
            }
            return Int(duration / .milliseconds(1))
        }
        // Istio's own default: long enough to be as good as none.
        self.timeout = timeout ?? 600_000
        self.failsOpen = try fields.optional("failOpen") { try $0.bool() } ?? false
        self.statusOnError = try fields.optional("statusOnError") { try $0.string() }
        self.body = try fields.optional("includeRequestBodyInCheck") { try Body($0) }
        self.service = entry.key == kinds[0] ? .http(try HTTPSettings(&fields)) : .grpc
        try fields.finish()
    }
}

extension EnvoyAuthorizationProvider.Body {
    /// Reads `includeRequestBodyInCheck`.
    package init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "includeRequestBodyInCheck")
        self.maximum = try fields.required("maxRequestBytes") { try $0.integer(in: 0...Int(UInt32.max)) }
        self.allowsPart = try fields.optional("allowPartialMessage") { try $0.bool() } ?? false
        self.isBytes = try fields.optional("packAsBytes") { try $0.bool() } ?? false
        try fields.finish()
    }
}

extension EnvoyAuthorizationProvider.HTTPSettings {
    /// Reads the fields that only a service over HTTP has.
    package init(_ fields: inout FieldReader) throws {
        func list(_ name: String, _ fields: inout FieldReader) throws -> [String] {
            try fields.optional(name) { try $0.list { try $0.string() } } ?? []
        }
        self.pathPrefix = try fields.optional("pathPrefix") { try $0.string() }
        let deprecated = try list("includeHeadersInCheck", &fields)
        let headers = try list("includeRequestHeadersInCheck", &fields)
        self.requestHeaders = headers.isEmpty ? deprecated : headers
        let added = try fields.optional("includeAdditionalHeadersInCheck") { value in
            try value.mapping().map { ($0.key, try $0.value.string()) }
        }
        self.addedHeaders = Dictionary(added ?? [], uniquingKeysWith: { _, last in last })
        self.upstreamHeadersOnAllow = try list("headersToUpstreamOnAllow", &fields)
        self.clientHeadersOnDeny = try list("headersToDownstreamOnDeny", &fields)
        self.clientHeadersOnAllow = try list("headersToDownstreamOnAllow", &fields)
    }
}
