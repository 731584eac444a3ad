import Resources
import ZeroTrust

/// How much is asked of a policy when it is read.
public enum PolicyChecks: Sendable {
    /// What Istio's admission webhook and its schema ask, and more.
    case admission
    /// Only what evaluation needs: policies that admission refuses and a data plane runs all the same.
    case dataPlane
}

/// Reads one `AuthorizationPolicy` document and gathers everything that is wrong with it.
struct PolicyDecoder {
    /// What was found, warnings included.
    private(set) var diagnostics: [Diagnostic] = []
    private let checks: PolicyChecks
    private let document: Document

    private init(_ document: Document, checks: PolicyChecks) {
        self.document = document
        self.checks = checks
    }

    /// The policy, or nil where an error was found, and the findings.
    static func decode(
        _ document: Document,
        checks: PolicyChecks
    ) -> (policy: AuthorizationPolicy?, diagnostics: [Diagnostic]) {
        var decoder = PolicyDecoder(document, checks: checks)
        let policy = decoder.policy()
        let isSound = !decoder.diagnostics.contains { $0.severity == .error }
        return (isSound ? policy : nil, decoder.diagnostics)
    }

    // MARK: - The policy

    private mutating func policy() -> AuthorizationPolicy? {
        let versions = ["security.istio.io/v1", "security.istio.io/v1beta1"]
        if !versions.contains(document.apiVersion) {
            report(
                document.location,
                "unknown apiVersion `\(document.apiVersion)` of an AuthorizationPolicy; "
                    + suggestion(for: document.apiVersion, among: versions)
            )
        }
        let isDryRun = dryRun()
        guard let spec = document.spec, !spec.isNull else {
            return make(action: .allow, provider: nil, isDryRun: isDryRun)
        }
        guard var fields = open(spec, "the spec of an AuthorizationPolicy") else { return nil }
        let actionValue = fields.value("action")
        let providerValue = fields.value("provider")
        let rulesValue = fields.value("rules")
        let selector = selector(&fields)
        let targets = targets(&fields)
        collect { try fields.finish() }

        guard let action = action(actionValue) else { return nil }
        let provider = provider(providerValue, of: action, in: spec)
        let rules = rules(rulesValue)
        if action == .deny, rulesValue == nil || rules.isEmpty, checks == .admission {
            report(
                spec.location,
                "a DENY policy without `rules` never denies; write `rules: [{}]` to deny everything"
            )
        }
        if action == .deny { warnOfTCP(rules) }
        if isDryRun, action != .allow, action != .deny {
            report(document.location, "`istio.io/dry-run` is for ALLOW and DENY policies only")
        }
        return make(
            action: action,
            provider: provider,
            isDryRun: isDryRun,
            selector: selector,
            targets: targets,
            rules: rules
        )
    }

    private func make(
        action: AuthorizationPolicy.Action,
        provider: String?,
        isDryRun: Bool,
        selector: [String: String] = [:],
        targets: [AuthorizationPolicy.TargetReference] = [],
        rules: [AuthorizationPolicy.Rule] = []
    ) -> AuthorizationPolicy {
        AuthorizationPolicy(
            name: document.metadata.name,
            namespace: document.metadata.namespace,
            action: action,
            provider: provider,
            isDryRun: isDryRun,
            selector: selector,
            targetReferences: targets,
            rules: rules,
            location: document.location
        )
    }

    private mutating func dryRun() -> Bool {
        guard let text = document.metadata.annotations["istio.io/dry-run"] else { return false }
        // The spellings of Go's strconv.ParseBool.
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default:
            report(
                document.location,
                "the annotation `istio.io/dry-run` is `\(text)`; expected \"true\" or \"false\""
            )
            return false
        }
    }

    private mutating func action(_ value: Value?) -> AuthorizationPolicy.Action? {
        let names = AuthorizationPolicy.Action.allCases.map(\.rawValue)
        let text = collect { try value.flatMap { $0.isNull ? nil : try $0.oneOf(names) } ?? "ALLOW" }
        return text.flatMap { AuthorizationPolicy.Action(rawValue: $0) }
    }

    private mutating func provider(
        _ value: Value?,
        of action: AuthorizationPolicy.Action,
        in spec: Value
    ) -> String? {
        guard let value, !value.isNull else {
            if action == .custom, checks == .admission {
                report(spec.location, "a CUSTOM policy needs `provider`; write `provider: {name: NAME}`")
            }
            return nil
        }
        guard action == .custom else {
            report(
                value.location,
                "`provider` is for policies whose action is CUSTOM; this one's is \(action.rawValue)"
            )
            return nil
        }
        guard var fields = open(value, "a provider") else { return nil }
        let name = collect { try fields.required("name") { try $0.string() } }
        collect { try fields.finish() }
        if name?.isEmpty ?? false { report(value.location, "the name of a provider must not be empty") }
        return name
    }

    // MARK: - What it selects

    private mutating func selector(_ fields: inout FieldReader) -> [String: String] {
        guard let value = fields.value("selector"), !value.isNull, var reader = open(value, "a selector") else {
            return [:]
        }
        var labels: [String: String] = [:]
        let matchLabels = reader.value("matchLabels")
        collect { try reader.finish() }
        if let matchLabels, !matchLabels.isNull, let entries = collect({ try matchLabels.mapping() }) {
            for entry in entries {
                guard let text = collect({ try entry.value.string() }) else { continue }
                if entry.key.isEmpty { report(entry.keyLocation, "a label key must not be empty") }
                if entry.key.contains("*") {
                    report(
                        entry.keyLocation,
                        "the label key `\(entry.key)` has a wildcard, which selectors do not know"
                    )
                }
                if text.contains("*") {
                    report(
                        entry.value.location,
                        "the label value `\(text)` has a wildcard, which selectors do not know"
                    )
                }
                if text.utf8.count > 63 { report(entry.value.location, "a label value has at most 63 characters") }
                labels[entry.key] = text
            }
        }
        if labels.isEmpty {
            warn(
                value.location,
                "an empty selector selects every workload in the namespace; leave it out if that is meant"
            )
        }
        return labels
    }

    private mutating func targets(_ fields: inout FieldReader) -> [AuthorizationPolicy.TargetReference] {
        let hasSelector = fields.value("selector").map { !$0.isNull } ?? false
        let single = fields.value("targetRef").flatMap { $0.isNull ? nil : $0 }
        let list = fields.value("targetRefs").flatMap { $0.isNull ? nil : $0 }
        if [hasSelector, single != nil, list != nil].count(where: \.self) > 1 {
            report(fields.location, "at most one of `selector`, `targetRef` and `targetRefs` may be set")
        }
        var values = single.map { [$0] } ?? []
        if let list, let elements = elements(list) {
            if elements.count > 16 { report(list.location, "at most 16 `targetRefs` may be set") }
            values += elements
        }
        return values.compactMap { target($0) }
    }

    private mutating func target(_ value: Value) -> AuthorizationPolicy.TargetReference? {
        guard var fields = open(value, "a target reference") else { return nil }
        let group = collect { try fields.optional("group") { try $0.string() } ?? "" }
        let kind = collect { try fields.required("kind") { try $0.string() } }
        let name = collect { try fields.required("name") { try $0.string() } }
        let namespace = fields.value("namespace")
        collect { try fields.finish() }
        guard let group, let kind, let name else { return nil }
        if let namespace, namespace.content != .string("") {
            report(namespace.location, "a target reference must not name a namespace")
        }
        if name.isEmpty { report(value.location, "the name of a target reference must not be empty") }
        let allowed = [
            "gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/GatewayClass", "/Service",
            "networking.istio.io/ServiceEntry",
        ]
        let full = (group == "core" ? "" : group) + "/" + kind
        if !allowed.contains(full) {
            report(value.location, "a policy cannot be attached to `\(full)`; \(suggestion(for: full, among: allowed))")
        }
        return AuthorizationPolicy.TargetReference(group: group, kind: kind, name: name)
    }

    // MARK: - Rules

    private mutating func rules(_ value: Value?) -> [AuthorizationPolicy.Rule] {
        guard let value, !value.isNull, let elements = elements(value) else { return [] }
        if elements.count > 512, checks == .admission { report(value.location, "a policy has at most 512 rules") }
        return elements.compactMap { rule($0) }
    }

    private mutating func rule(_ value: Value) -> AuthorizationPolicy.Rule? {
        guard var fields = open(value, "a rule") else { return nil }
        let from = fields.value("from")
        let to = fields.value("to")
        let when = fields.value("when")
        collect { try fields.finish() }
        return AuthorizationPolicy.Rule(
            from: groups(from, in: "from", each: "source", names: Self.sourceFields, maximum: 512),
            to: groups(to, in: "to", each: "operation", names: Self.operationFields, maximum: .max),
            when: conditions(when),
            location: value.location
        )
    }

    /// The fields of a source by name.
    private static let sourceFields: [(name: String, subject: AuthorizationPolicy.Subject)] = [
        ("principals", .principal), ("requestPrincipals", .requestPrincipal), ("namespaces", .namespace),
        ("serviceAccounts", .serviceAccount), ("trustDomains", .trustDomain), ("ipBlocks", .sourceIP),
        ("remoteIpBlocks", .remoteIP),
    ]
    private static let operationFields: [(name: String, subject: AuthorizationPolicy.Subject)] = [
        ("hosts", .host), ("ports", .destinationPort), ("methods", .method), ("paths", .path),
    ]

    /// The name of a field's opposite: `notPaths`.
    private static func negated(_ name: String) -> String { "not" + name.prefix(1).uppercased() + name.dropFirst() }

    /// Reads a `from` or a `to`.
    private mutating func groups(
        _ value: Value?,
        in list: String,
        each element: String,
        names: [(name: String, subject: AuthorizationPolicy.Subject)],
        maximum: Int
    ) -> [AuthorizationPolicy.FieldGroup] {
        guard let value, !value.isNull, let elements = elements(value) else { return [] }
        if elements.isEmpty, checks == .admission {
            report(value.location, "`\(list)` is empty; leave it out to match any \(element)")
        }
        if elements.count > maximum, checks == .admission {
            report(value.location, "`\(list)` has at most \(maximum) elements")
        }
        return elements.compactMap { group($0, in: list, each: element, names: names) }
    }

    private mutating func group(
        _ value: Value,
        in list: String,
        each element: String,
        names: [(name: String, subject: AuthorizationPolicy.Subject)]
    ) -> AuthorizationPolicy.FieldGroup? {
        guard var outer = open(value, "an element of `\(list)`") else { return nil }
        let inner = outer.value(element)
        collect { try outer.finish() }
        guard let inner, !inner.isNull else {
            report(value.location, "an element of `\(list)` needs `\(element)`")
            return nil
        }
        guard var reader = open(inner, element == "source" ? "a source" : "an operation") else { return nil }
        var fields: [AuthorizationPolicy.Field] = []
        for (name, subject) in names {
            for (written, isNegated) in [(name, false), (Self.negated(name), true)] {
                guard let list = reader.value(written), !list.isNull else { continue }
                if let field = field(written, subject, isNegated: isNegated, list) { fields.append(field) }
            }
        }
        collect { try reader.finish() }
        let isSpoilt = diagnostics.contains { $0.severity == .error && $0.location >= inner.location }
        if fields.isEmpty, !isSpoilt, checks == .admission {
            report(inner.location, "`\(element)` is empty; it must set at least one field")
        }
        let subjects = Set(fields.map(\.subject))
        if subjects.contains(.serviceAccount), !subjects.isDisjoint(with: [.principal, .namespace]) {
            report(inner.location, "`serviceAccounts` cannot be combined with `principals` or `namespaces`")
        }
        return AuthorizationPolicy.FieldGroup(fields: fields, location: inner.location)
    }

    /// Reads a list of values and checks each against its subject.
    private mutating func field(
        _ name: String,
        _ subject: AuthorizationPolicy.Subject,
        isNegated: Bool,
        _ list: Value
    ) -> AuthorizationPolicy.Field? {
        guard let elements = elements(list) else { return nil }
        guard !elements.isEmpty else {
            if checks == .admission {
                report(list.location, "`\(name)` is empty, which matches anything; leave it out if that is meant")
            }
            return nil
        }
        if subject == .serviceAccount, elements.count > 16 {
            report(list.location, "`\(name)` has at most 16 values")
        }
        var values: [AuthorizationPolicy.LocatedValue] = []
        for element in elements {
            guard let text = collect({ try element.string() }) else { continue }
            if let problem = ValueCheck.problem(with: text, as: subject) {
                report(element.location, "`\(name)`: \(problem)")
            } else if let doubt = ValueCheck.doubt(about: text, as: subject) {
                warn(element.location, "`\(name)`: \(doubt)")
            }
            values.append(AuthorizationPolicy.LocatedValue(text: text, location: element.location))
        }
        return AuthorizationPolicy.Field(
            name: name,
            subject: subject,
            isNegated: isNegated,
            values: values,
            location: list.location
        )
    }

    // MARK: - Conditions

    private mutating func conditions(_ value: Value?) -> [AuthorizationPolicy.Condition] {
        guard let value, !value.isNull, let elements = elements(value) else { return [] }
        return elements.compactMap { condition($0) }
    }

    private mutating func condition(_ value: Value) -> AuthorizationPolicy.Condition? {
        guard var fields = open(value, "a condition") else { return nil }
        var keyLocation = value.location
        let key = collect {
            try fields.required("key") {
                keyLocation = $0.location
                return try $0.string()
            }
        }
        let values = fields.value("values")
        let notValues = fields.value("notValues")
        collect { try fields.finish() }
        guard let key, let subject = subject(of: key, at: keyLocation) else { return nil }
        var read: [AuthorizationPolicy.Field] = []
        for (name, list) in [("values", values), ("notValues", notValues)] {
            guard let list, !list.isNull else { continue }
            if let field = field(name, subject, isNegated: name == "notValues", list) { read.append(field) }
        }
        if values?.isNull ?? true, notValues?.isNull ?? true {
            report(value.location, "a condition needs `values` or `notValues`; `\(key)` has neither")
        }
        return AuthorizationPolicy.Condition(key: key, fields: read, location: value.location)
    }

    private static let conditionKeys: [String: AuthorizationPolicy.Subject] = [
        "source.ip": .sourceIP, "remote.ip": .remoteIP, "source.namespace": .namespace,
        "source.serviceAccount": .serviceAccount, "source.principal": .principal, "source.trustDomain": .trustDomain,
        "destination.ip": .destinationIP, "destination.port": .destinationPort, "connection.sni": .serverName,
        "request.auth.principal": .requestPrincipal, "request.auth.audiences": .requestAudience,
        "request.auth.presenter": .requestPresenter,
    ]

    private mutating func subject(of key: String, at location: SourceLocation) -> AuthorizationPolicy.Subject? {
        if let subject = Self.conditionKeys[key] { return subject }
        if key.isEmpty {
            report(location, "the `key` of a condition must not be empty")
        } else if key.hasPrefix("request.headers") {
            if let name = Self.mapKey(of: key, after: "request.headers") { return .header(name.lowercased()) }
            report(location, "`\(key)` names no header; write `request.headers[x-team]`")
        } else if key.hasPrefix("request.auth.claims") {
            if let path = Self.claimPath(of: key) { return .requestClaim(path) }
            report(location, "`\(key)` names no claim; write `request.auth.claims[groups]`")
        } else if key.hasPrefix("experimental.envoy.filters.") {
            if let subject = Self.filterMetadata(of: key) { return subject }
            report(location, "`\(key)` names no metadata; write `experimental.envoy.filters.FILTER[KEY]`")
        } else if let replacement = Self.replacedKeys[key.prefix { $0 != "[" }] {
            report(location, "`\(key)` is no longer known; use \(replacement)")
        } else {
            let known = Array(Self.conditionKeys.keys) + ["request.headers[NAME]", "request.auth.claims[NAME]"]
            report(location, "unknown condition key `\(key)`; \(suggestion(for: key, among: known))")
        }
        return nil
    }

    /// Keys of the policies before AuthorizationPolicy, and what took their place.
    private static let replacedKeys: [Substring: String] = [
        "source.user": "`source.principal`",
        "destination.name": "the selector",
        "destination.user": "the selector",
        "destination.labels": "the selector",
        "destination.namespace": "the policy's own namespace",
    ]

    /// The name between the brackets.
    private static func mapKey(of key: String, after prefix: String) -> String? {
        let rest = key.dropFirst(prefix.count)
        guard rest.hasPrefix("["), rest.hasSuffix("]"), rest.count > 2 else { return nil }
        let name = rest.dropFirst().dropLast()
        let token = name.first == ":" ? name.dropFirst() : name
        guard !token.isEmpty, token.utf8.allSatisfy({ HeaderName.allows($0) }) else { return nil }
        return String(name)
    }

    /// The names in `request.auth.claims[a][b]`, outermost first.
    private static func claimPath(of key: String) -> [String]? {
        let rest = key.dropFirst("request.auth.claims".count)
        guard rest.hasPrefix("["), rest.hasSuffix("]") else { return nil }
        let names = rest.dropFirst().dropLast().split(separator: "][", omittingEmptySubsequences: false).map(
            String.init
        )
        return names.allSatisfy { !$0.isEmpty && !$0.contains("[") && !$0.contains("]") } ? names : nil
    }

    /// What `experimental.envoy.filters.a.b[c]` reads: the key is all that stands between the outermost brackets.
    private static func filterMetadata(of key: String) -> AuthorizationPolicy.Subject? {
        let rest = key.dropFirst("experimental.".count)
        guard let bracket = rest.firstIndex(of: "["), rest.hasSuffix("]") else { return nil }
        let name = rest[rest.index(after: bracket)...].dropLast()
        let filter = rest[..<bracket]
        guard !name.isEmpty, filter.count > "envoy.filters.".count else { return nil }
        return .filterMetadata(filter: String(filter), path: [String(name)])
    }

    // MARK: - Findings

    /// Warns of a DENY rule that a connection without HTTP would meet as a denial of everything.
    private mutating func warnOfTCP(_ rules: [AuthorizationPolicy.Rule]) {
        for rule in rules {
            let hasPort = rule.to.contains { $0.fields.contains { $0.subject == .destinationPort } }
            let hasHTTP = rule.to.contains { $0.fields.contains { [.host, .method, .path].contains($0.subject) } }
            if hasHTTP, !hasPort {
                warn(rule.location, "without `ports`, this rule denies all traffic to ports that carry no HTTP")
            }
        }
    }

    private mutating func report(_ location: SourceLocation, _ message: String) {
        diagnostics.append(Diagnostic(.error, at: location, message))
    }

    private mutating func warn(_ location: SourceLocation, _ message: String) {
        diagnostics.append(Diagnostic(.warning, at: location, message))
    }

    /// Runs a reading and keeps what it found wrong.
    @discardableResult
    private mutating func collect<Result>(_ read: () throws -> Result) -> Result? {
        do { return try read() } catch let error as ResourceError {
            diagnostics += error.diagnostics
        } catch {
            report(document.location, "\(error)")
        }
        return nil
    }

    private mutating func open(_ value: Value, _ owner: String) -> FieldReader? {
        collect { try FieldReader(value, of: owner) }
    }

    private mutating func elements(_ value: Value) -> [Value]? {
        collect { try value.list { $0 } }
    }
}

/// The bytes of a header name (RFC 9110 §5.1).
enum HeaderName {
    /// Whether a byte may stand in a header name.
    static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// Checks single values against what their attribute can ever hold.
enum ValueCheck {
    /// Why a value is refused, or nil.
    static func problem(with text: String, as subject: AuthorizationPolicy.Subject) -> String? {
        guard !text.isEmpty else { return "a value must not be empty" }
        switch subject {
        case .sourceIP, .remoteIP, .destinationIP:
            guard AddressBlock(text) == nil else { return nil }
            return "`\(text)` is no address and no block in CIDR form such as `10.0.0.0/8`"
        case .destinationPort:
            guard UInt16(text).map({ $0 > 0 && String($0) == text }) ?? false else {
                return "`\(text)` is no port; expected \"1\" to \"65535\""
            }
            return nil
        case .path: return pathProblem(text)
        case .serviceAccount: return serviceAccountProblem(text)
        case .trustDomain:
            let isSound = !text.contains("/") && text.count(where: { $0 == "*" }) <= 1
            let isAtEnd = !text.contains("*") || text.hasPrefix("*") || text.hasSuffix("*")
            guard !isSound || !isAtEnd else { return nil }
            return "`\(text)` is no trust domain; it has no `/` and at most one `*`, at one end"
        default: return nil
        }
    }

    private static func pathProblem(_ text: String) -> String? {
        guard text.contains(where: { $0 == "{" || $0 == "}" }) else { return nil }
        do {
            _ = try PathTemplate(text)
            return nil
        } catch {
            return "`\(text)`: \(error)"
        }
    }

    private static func serviceAccountProblem(_ text: String) -> String? {
        if text.utf8.count > 320 { return "a service account has at most 320 characters" }
        if text.contains("*") { return "`\(text)`: service accounts have no wildcards" }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, !parts.contains("") else {
            return "`\(text)` is no service account; write `namespace/name`, or `name` for the policy's namespace"
        }
        return nil
    }

    /// Why a value that is accepted probably does not do what was meant, or nil.
    static func doubt(about text: String, as subject: AuthorizationPolicy.Subject) -> String? {
        switch subject {
        case .principal where text.contains("spiffe://"):
            return "`\(text)` never matches; a principal is written without `spiffe://`"
        case .method where text != text.uppercased() && !text.contains("*"):
            return "`\(text)` never matches; methods are in upper case"
        case .path where !text.hasPrefix("/") && !text.hasPrefix("*"):
            return "`\(text)` never matches; a path begins with `/`"
        case .path where !PathTemplate.isTemplate(text) && text.dropFirst().dropLast().contains("*"):
            return "`*` inside `\(text)` is an ordinary character; use `{*}` for a segment"
        case .path where text.contains("?") || text.contains("#"):
            return "`\(text)` never matches; paths are compared without their query"
        default: return nil
        }
    }
}
