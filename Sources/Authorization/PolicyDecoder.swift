import Resources

/// How much is asked of a policy when it is read.
public enum PolicyChecks: Sendable {
    /// What Istio's admission webhook and its schema ask, and more.
    case admission
    /// Only what evaluation needs: policies that admission refuses and a data plane runs all the same.
    case dataPlane
}

/// Reads one `AuthorizationPolicy` document and gathers everything that is wrong with it.
struct PolicyDecoder {
    var reader: DocumentReader
    let checks: PolicyChecks

    /// The policy, or nil where an error was found, and the findings.
    static func decode(
        _ document: Document,
        checks: PolicyChecks
    ) -> (policy: AuthorizationPolicy?, diagnostics: [Diagnostic]) {
        var decoder = PolicyDecoder(reader: DocumentReader(document), checks: checks)
        let policy = decoder.policy()
        return (decoder.reader.isSound ? policy : nil, decoder.reader.diagnostics)
    }

    private mutating func policy() -> AuthorizationPolicy? {
        reader.checkVersion()
        let isDryRun = dryRun()
        guard let spec = reader.document.spec, !spec.isNull else {
            return make(action: .allow, provider: nil, isDryRun: isDryRun)
        }
        guard var fields = reader.open(spec, "the spec of an AuthorizationPolicy") else { return nil }
        let actionValue = fields.value("action")
        let providerValue = fields.value("provider")
        let rulesValue = fields.value("rules")
        let selector = reader.selector(&fields)
        let targets = reader.targets(&fields)
        reader.collect { try fields.finish() }

        guard let action = action(actionValue) else { return nil }
        let provider = provider(providerValue, of: action, in: spec)
        let rules = rules(rulesValue)
        if checks == .admission { checkAction(action, rules: rulesValue, in: spec) }
        if action == .custom, checks == .admission { refuseIdentities(in: rules) }
        if action == .deny { warnOfTCP(rules) }
        // What enforces is not on trial, but admission refuses the annotation there whatever it says.
        let isAnnotated = checks == .admission && reader.document.metadata.annotations["istio.io/dry-run"] != nil
        if isDryRun || isAnnotated, action != .allow, action != .deny {
            reader.report(reader.document.location, "`istio.io/dry-run` is for ALLOW and DENY policies only")
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
            name: reader.document.metadata.name,
            namespace: reader.document.metadata.namespace,
            action: action,
            provider: provider,
            isDryRun: isDryRun,
            selector: selector,
            targetReferences: targets,
            rules: rules,
            location: reader.document.location
        )
    }

    // MARK: - The action

    private mutating func dryRun() -> Bool {
        guard let text = reader.document.metadata.annotations["istio.io/dry-run"] else { return false }
        // The spellings of Go's strconv.ParseBool.
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default:
            reader.report(
                reader.document.location,
                "the annotation `istio.io/dry-run` is `\(text)`; expected \"true\" or \"false\""
            )
            return false
        }
    }

    private mutating func action(_ value: Value?) -> AuthorizationPolicy.Action? {
        let names = AuthorizationPolicy.Action.allCases.map(\.rawValue)
        let text = reader.collect { try value.flatMap { $0.isNull ? nil : try $0.oneOf(names) } ?? "ALLOW" }
        return text.flatMap { AuthorizationPolicy.Action(rawValue: $0) }
    }

    private mutating func provider(
        _ value: Value?,
        of action: AuthorizationPolicy.Action,
        in spec: Value
    ) -> String? {
        guard let value, !value.isNull else {
            if action == .custom, checks == .admission {
                reader.report(spec.location, "a CUSTOM policy needs `provider`; write `provider: {name: NAME}`")
            }
            return nil
        }
        guard action == .custom else {
            reader.report(
                value.location,
                "`provider` is for policies whose action is CUSTOM; this one's is \(action.rawValue)"
            )
            return nil
        }
        guard var fields = reader.open(value, "a provider") else { return nil }
        let name = reader.collect { try fields.required("name") { try $0.string() } }
        reader.collect { try fields.finish() }
        if name?.isEmpty ?? false { reader.report(value.location, "the name of a provider must not be empty") }
        return name
    }

    /// Refuses a policy whose action cannot ever be taken.
    private mutating func checkAction(_ action: AuthorizationPolicy.Action, rules: Value?, in spec: Value) {
        let isEmpty = rules.map { $0.isNull || $0.content == .list([]) } ?? true
        switch action {
        case .deny where isEmpty:
            reader.report(
                spec.location,
                "a DENY policy without `rules` never denies; write `rules: [{}]` to deny everything"
            )
        case .custom where isEmpty:
            reader.report(
                spec.location,
                "a CUSTOM policy without `rules` never asks its provider; write `rules: [{}]` to ask for every request"
            )
        default: break
        }
    }

    /// Refuses, in a CUSTOM policy, what is known only after the provider has been asked, or not known to it.
    private mutating func refuseIdentities(in rules: [AuthorizationPolicy.Rule]) {
        for rule in rules {
            for field in rule.from.flatMap(\.fields) where field.subject.isIdentity {
                reader.report(field.location, "a CUSTOM policy cannot look at `\(field.name)`")
            }
            for condition in rule.when {
                for field in condition.fields where field.subject.isIdentity {
                    reader.report(field.location, "a CUSTOM policy cannot look at `\(condition.key)`")
                }
            }
        }
    }

    /// Warns of a DENY rule that a connection without HTTP would meet as a denial of everything.
    private mutating func warnOfTCP(_ rules: [AuthorizationPolicy.Rule]) {
        for rule in rules {
            let operations = rule.to.flatMap(\.fields)
            let sources = rule.from.flatMap(\.fields)
            let isWide =
                rule.to.isEmpty
                ? !rule.from.isEmpty && sources.allSatisfy { $0.subject.isHTTPOnly }
                : !operations.contains { $0.subject == .destinationPort }
            if isWide {
                reader.warn(rule.location, "without `ports`, this rule denies all traffic to ports that carry no HTTP")
            }
        }
    }
}

extension AuthorizationPolicy.Subject {
    /// Whether the attribute is a name that the caller proved, by certificate or by token.
    var isIdentity: Bool {
        switch self {
        case .principal, .namespace, .serviceAccount, .trustDomain, .modelDigest, .modelSigner, .requestPrincipal,
            .requestAudience, .requestPresenter, .requestClaim:
            true
        case .sourceIP, .remoteIP, .host, .method, .path, .destinationPort, .destinationIP, .serverName, .header,
            .filterMetadata:
            false
        }
    }
}
