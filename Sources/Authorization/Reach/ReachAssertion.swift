public import Resources

/// A sentence about reach that has to hold, for a pipeline to check.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: ReachAssertions
/// metadata: { name: inference }
/// spec:
///   assertions:
///   - name: only the API gateway asks for predictions
///     requests: { to: [{ operation: { methods: [POST], paths: [/v1/predict] } }] }
///     onlyFrom: [{ source: { principals: [cluster.local/ns/ml-api/sa/api-gateway] } }]
///   - name: nobody reaches the administration
///     requests: { to: [{ operation: { paths: [/admin, "/admin/*"] } }] }
///     expect: DENY
/// ```
///
/// `requests` is a rule in the language of AuthorizationPolicy, and `onlyFrom` a `from`.
public struct ReachAssertion: Sendable, Hashable {
    /// The kind of the resource.
    public static let kind = "ReachAssertions"

    /// What has to hold of the requests.
    enum Expectation: Sendable, Hashable {
        /// Whoever is allowed any of them matches one of the sources.
        case onlyFrom(AuthorizationPolicy)
        /// All of them are allowed.
        case allowed
        /// All of them are denied.
        case denied
    }

    /// What is asserted, in words.
    public let name: String
    /// The gateway that it is about, or nil for each.
    public let gateway: String?
    /// Where it stands.
    public let location: SourceLocation
    /// The requests that it is about, as the only rule of a policy.
    let requests: AuthorizationPolicy
    let expectation: Expectation

    /// Reads the assertions among documents; other kinds are left alone.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in them.
    public static func load(_ documents: [Document]) throws -> [ReachAssertion] {
        try collectingDiagnostics(documents.filter { $0.group == "lapwing.dev" && $0.kind == kind }) { document in
            guard let spec = document.spec else {
                throw ResourceError(at: document.location, "\(kind) needs `spec`")
            }
            var fields = try FieldReader(spec, of: "\(kind) spec")
            let gateway = try fields.optional("gateway") { try $0.string() }
            let assertions = try fields.required("assertions") { list in
                try list.list { try ReachAssertion($0, gateway: gateway, namespace: document.metadata.namespace) }
            }
            try fields.finish()
            return assertions
        }.flatMap(\.self)
    }

    private init(_ value: Value, gateway: String?, namespace: String) throws {
        var fields = try FieldReader(value, of: "an assertion")
        self.gateway = gateway
        self.location = value.location
        self.name = try fields.required("name") { try $0.string() }
        self.requests = try fields.required("requests") { try Self.policy([$0], at: $0, namespace: namespace) }
        let sources: AuthorizationPolicy? = try fields.optional("onlyFrom") { value in
            let rule = Value(
                .mapping([Value.Entry(key: "from", keyLocation: value.location, value: value)]),
                at: value.location
            )
            return try Self.policy([rule], at: value, namespace: namespace)
        }
        let expected: String? = try fields.optional("expect") { try $0.oneOf(["ALLOW", "DENY"]) }
        try fields.finish()
        switch (sources, expected) {
        case (let sources?, nil): self.expectation = .onlyFrom(sources)
        case (nil, "ALLOW"?): self.expectation = .allowed
        case (nil, _?): self.expectation = .denied
        default: throw value.error("an assertion needs either `onlyFrom` or `expect: ALLOW` or `expect: DENY`")
        }
    }

    /// Reads rules as those of a policy.
    private static func policy(_ rules: [Value], at value: Value, namespace: String) throws -> AuthorizationPolicy {
        func text(_ text: String) -> Value { Value(.string(text), at: value.location) }
        func mapping(_ entries: KeyValuePairs<String, Value>) -> Value {
            Value(
                .mapping(entries.map { Value.Entry(key: $0.key, keyLocation: value.location, value: $0.value) }),
                at: value.location
            )
        }
        let document = try Document(
            mapping([
                "apiVersion": text("security.istio.io/v1"), "kind": text("AuthorizationPolicy"),
                "metadata": mapping(["name": text("assertion"), "namespace": text(namespace)]),
                "spec": mapping(["rules": Value(.list(rules), at: value.location)]),
            ])
        )
        let decoded = PolicyDecoder.decode(document, checks: .admission)
        guard let policy = decoded.policy else { throw ResourceError(decoded.diagnostics) }
        return policy
    }
}
