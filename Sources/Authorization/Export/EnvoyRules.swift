/// The rules of one of Envoy's RBAC filters, by name.
struct EnvoyRules {
    let action: AuthorizationPolicy.Action
    var policies: [(name: String, policy: ExportValue)] = []

    init(action: AuthorizationPolicy.Action) {
        self.action = action
    }

    /// Rules that let nothing through.
    init(defaultDeny: Void) {
        self.action = .allow
        self.policies = [("lapwing-default-deny", Self.never)]
    }

    /// A rule that nothing matches.
    static let never: ExportValue = .object([
        "permissions": .list([EnvoyCondition.Side.permission.not(.object(["any": .bool(true)]))]),
        "principals": .list([EnvoyCondition.Side.principal.not(.object(["any": .bool(true)]))]),
    ])

    /// The same rules under other names.
    func renamed(_ rename: (String) -> String) -> EnvoyRules {
        var copy = self
        copy.policies = policies.map { (rename($0.name), $0.policy) }
        return copy
    }

    /// The rules as Envoy reads them; ALLOW is its default action and left out.
    var value: ExportValue {
        let action: String? =
            switch action {
            case .allow: nil
            case .deny, .custom: "DENY"
            case .audit: "LOG"
            }
        return .object([
            "action": action.map { .string($0) },
            "policies": policies.isEmpty
                ? nil : .mapping(policies.map { ExportValue.Entry(key: $0.name, value: $0.policy) }),
        ])
    }

    /// Fields in the order in which Istio writes them, which is that of a policy's documentation only in part.
    static func ordered(_ fields: [AuthorizationPolicy.Field]) -> [AuthorizationPolicy.Field] {
        func place(_ field: AuthorizationPolicy.Field) -> Int {
            switch field.subject {
            case .principal, .host: 0
            case .requestPrincipal, .method: 1
            case .serviceAccount, .path: 2
            case .namespace, .destinationPort: 3
            case .trustDomain: 4
            case .remoteIP: 5
            default: 6
            }
        }
        return fields.enumerated()
            .sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
            .map(\.element)
    }
}

extension AuthorizationPolicy.Rule {
    /// The fields that a connection without HTTP cannot meet; those of a `when` under their keys.
    var httpOnlyFields: [(name: String, field: AuthorizationPolicy.Field)] {
        let groups = (from + to).flatMap { $0.fields.map { ($0.name, $0) } }
        let conditions = when.flatMap { condition in condition.fields.map { (condition.key, $0) } }
        return (groups + conditions).filter { $0.1.subject.isHTTPOnly }
    }
}
