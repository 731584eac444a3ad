import Resources
import SPIFFE
import ZeroTrust

/// One row of a decision table as written, each attribute that it leaves open nil.
struct PolicyTestRow {
    private var name: String?
    private var callers: [Caller]?
    private var methods: [String]?
    private var paths: [String]?
    private var hosts: [String]?
    private var headers: [Exchange.Header]?
    private var port: UInt16?
    private var source: IPAddress?
    private var remote: IPAddress?
    private var destination: IPAddress?
    private var serverName: String?
    private var model: ModelClaim?
    private var claims: TokenClaims?
    private var expectation: PolicyTestCase.Outcome?
    private var rule: RuleName?
    private var audit: RuleName?
    private var location = SourceLocation(file: "-", line: 1, column: 1)

    /// A row that says nothing.
    init() {}

    /// Reads a row.
    init(_ value: Value, of owner: String) throws {
        var fields = try FieldReader(value, of: owner)
        self.location = value.location
        self.name = try fields.optional("name") { try $0.string() }
        self.callers = try fields.optional("caller") { try Self.oneOrMore($0) { try Self.caller($0) } }
        self.methods = try fields.optional("method") { try Self.oneOrMore($0) { try $0.string() } }
        self.paths = try fields.optional("path") { try Self.oneOrMore($0) { try $0.string() } }
        self.hosts = try fields.optional("host") { try Self.oneOrMore($0) { try $0.string() } }
        self.headers = try fields.optional("headers") { try Self.headers($0) }
        self.port = try fields.optional("port") { UInt16(try $0.integer(in: 1...65535)) }
        self.source = try fields.optional("source") { try Self.address($0) }
        self.remote = try fields.optional("remote") { try Self.address($0) }
        self.destination = try fields.optional("destination") { try Self.address($0) }
        self.serverName = try fields.optional("serverName") { try $0.string().lowercased() }
        self.model = try fields.optional("model") { try Self.claim($0) }
        self.claims = try fields.optional("claims") { try TokenClaims(tested: $0) }
        self.expectation =
            try fields.optional("expect") {
                PolicyTestCase.Outcome(rawValue: try $0.oneOf(PolicyTestCase.Outcome.allCases.map(\.rawValue)))
            } ?? nil
        self.rule = try fields.optional("rule") { try Self.ruleName($0) }
        self.audit = try fields.optional("audit") { try Self.ruleName($0) }
        try fields.finish()
    }

    /// The row with what it leaves open from another.
    func filled(from defaults: PolicyTestRow) -> PolicyTestRow {
        var row = self
        row.callers = callers ?? defaults.callers
        row.methods = methods ?? defaults.methods
        row.paths = paths ?? defaults.paths
        row.hosts = hosts ?? defaults.hosts
        // Lines of a row come after those of the defaults that have other names.
        let own = Set((headers ?? []).map(\.name))
        row.headers = (defaults.headers ?? []).filter { !own.contains($0.name) } + (headers ?? [])
        row.port = port ?? defaults.port
        row.source = source ?? defaults.source
        row.remote = remote ?? defaults.remote
        row.destination = destination ?? defaults.destination
        row.serverName = serverName ?? defaults.serverName
        row.model = model ?? defaults.model
        row.claims = claims ?? defaults.claims
        row.expectation = expectation ?? defaults.expectation
        row.rule = rule ?? defaults.rule
        row.audit = audit ?? defaults.audit
        return row
    }

    /// A case for each combination.
    func cases() throws -> [PolicyTestCase] {
        guard let expectation else {
            throw ResourceError(at: location, "a case needs `expect`: `allow`, `deny`, `custom` or `bad-request`")
        }
        guard let paths else { throw ResourceError(at: location, "a case needs `path`") }
        let callers = callers ?? [.anonymous]
        let methods = methods ?? ["GET"]
        let hosts = hosts ?? ["localhost"]
        let counts = [callers.count, methods.count, paths.count, hosts.count]
        guard counts.reduce(1, *) <= PolicyTest.maximumCases else {
            throw ResourceError(at: location, "the row stands for more than \(PolicyTest.maximumCases) cases")
        }
        var cases: [PolicyTestCase] = []
        for caller in callers {
            for method in methods {
                for path in paths {
                    for host in hosts { cases.append(made(caller, method, path, host, expectation)) }
                }
            }
        }
        return cases
    }

    private func made(
        _ caller: Caller,
        _ method: String,
        _ path: String,
        _ host: String,
        _ expectation: PolicyTestCase.Outcome
    ) -> PolicyTestCase {
        let who = caller.name.map { $0.hasPrefix("spiffe://") ? String($0.dropFirst(9)) : $0 } ?? "anonymous"
        let summary = "\(method) \(path) from \(who)"
        let loopback = IPAddress(v4: 0x7f00_0001)
        return PolicyTestCase(
            name: name.map { "\($0): \(summary)" } ?? summary,
            summary: summary,
            outcome: expectation,
            rule: rule,
            audit: audit,
            location: location,
            target: path,
            attributes: Attributes(
                caller: caller.having(model),
                method: method,
                path: path,
                authority: host,
                headers: headers ?? [],
                source: source ?? loopback,
                remote: remote,
                destination: Exchange.Endpoint(address: destination ?? loopback, port: port ?? 443),
                serverName: serverName,
                token: claims
            )
        )
    }

    // MARK: - Reading

    private static func oneOrMore<Element>(_ value: Value, _ read: (Value) throws -> Element) throws -> [Element] {
        guard case .list(let elements) = value.content else { return [try read(value)] }
        guard !elements.isEmpty else { throw value.error("the list is empty; leave the field out, or name a value") }
        return try value.list(read)
    }

    private static func caller(_ value: Value) throws -> Caller {
        let text = try value.string()
        if text == "anonymous" { return .anonymous }
        do { return Caller(try SPIFFEID(text.hasPrefix("spiffe://") ? text : "spiffe://" + text)) } catch {
            throw value.error("`\(text)` is neither `anonymous` nor a SPIFFE ID: \(error)")
        }
    }

    /// `model: {digest: sha256:…, signer: NAME}`.
    private static func claim(_ value: Value) throws -> ModelClaim {
        var fields = try FieldReader(value, of: "model")
        let digest = try fields.required("digest") { try $0.string() }
        let signer = try fields.optional("signer") { try $0.string() }
        try fields.finish()
        guard let claim = ModelClaim(digest: digest, signer: signer ?? "unknown") else {
            throw value.error("`digest` has to be `sha256:` and 64 digits of hexadecimal in lower case")
        }
        return claim
    }

    private static func address(_ value: Value) throws -> IPAddress {
        let text = try value.string()
        guard let address = IPAddress(text) else { throw value.error("`\(text)` is no IP address") }
        return address
    }

    private static func ruleName(_ value: Value) throws -> RuleName {
        let text = try value.string()
        guard let name = RuleName(text) else {
            throw value.error("`\(text)` names no rule; write `none`, `NAME`, `NAME[0]` or `NAMESPACE/NAME[0]`")
        }
        return name
    }

    /// Header lines: a name with one value, or with several for several lines.
    private static func headers(_ value: Value) throws -> [Exchange.Header] {
        try collectingDiagnostics(try value.mapping()) { entry in
            guard !entry.key.isEmpty, entry.key.utf8.allSatisfy({ HeaderName.allows($0) }) else {
                throw ResourceError(at: entry.keyLocation, "`\(entry.key)` is no name of a header")
            }
            return try oneOrMore(entry.value) { Exchange.Header(name: entry.key.lowercased(), value: try $0.string()) }
        }.flatMap(\.self)
    }
}

extension TokenClaims {
    /// Reads the claims of a token that was verified, as a table writes them.
    fileprivate init(tested value: Value) throws {
        var members: [String: Claim] = [:]
        for entry in try value.mapping() { members[entry.key] = Claim(tested: entry.value) }
        self.init(members)
    }
}

extension TokenClaims.Claim {
    fileprivate init(tested value: Value) {
        switch value.content {
        case .null: self = .other("null")
        case .bool(let flag): self = .other("\(flag)")
        case .number(let text): self = .other(text)
        case .string(let text): self = .text(text)
        case .list(let elements): self = .list(elements.map { Self(tested: $0) })
        case .mapping(let entries):
            self = .members(Dictionary(entries.map { ($0.key, Self(tested: $0.value)) }) { _, last in last })
        }
    }
}
