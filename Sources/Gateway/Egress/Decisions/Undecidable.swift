import Authorization

/// What a policy asks that the egress listener cannot answer.
///
/// A positive match on what is not seen fails by itself, which is right for an ALLOW rule. A DENY rule that fails to match
/// would let through what it forbids, and a negated field of an ALLOW rule would match for want of a value: where a policy
/// has either, the connection is refused.
enum Undecidable {
    /// Whether the policy decides wrongly about a connection whose requests nobody sees.
    static func withoutPlaintext(_ policy: AuthorizationPolicy) -> Bool {
        decides(policy, wronglyWithout: { !isOfConnection($0) })
    }

    /// Whether the policy decides wrongly about anything: it asks for the address, which is not known yet, or for what is
    /// proved by other means than the caller's identity.
    static func always(_ policy: AuthorizationPolicy) -> Bool {
        decides(policy, wronglyWithout: { !isOfConnection($0) && !isOfRequest($0) || isOfAddress($0) })
            || decides(policy, wronglyWithout: isNotAsWritten)
    }

    /// Whether a field asks for what is known here in another form: a host is known without its port, and the scheme is
    /// not the caller's.
    private static func isNotAsWritten(_ field: AuthorizationPolicy.Field) -> Bool {
        switch field.subject {
        case .host, .header(":authority"), .header("host"): field.values.contains { $0.text.contains(":") }
        case .header(":scheme"): true
        default: false
        }
    }

    private static func decides(
        _ policy: AuthorizationPolicy,
        wronglyWithout isMissing: (AuthorizationPolicy.Field) -> Bool
    ) -> Bool {
        policy.rules.contains { rule in
            let fields = (rule.from + rule.to).flatMap(\.fields) + rule.when.flatMap(\.fields)
            return fields.contains { isMissing($0) && (policy.action != .allow || $0.isNegated) }
        }
    }

    private static func decides(
        _ policy: AuthorizationPolicy,
        wronglyWithout isMissing: (AuthorizationPolicy.Subject) -> Bool
    ) -> Bool {
        decides(policy, wronglyWithout: { (field: AuthorizationPolicy.Field) in isMissing(field.subject) })
    }

    private static func isOfConnection(_ subject: AuthorizationPolicy.Subject) -> Bool {
        switch subject {
        case .principal, .namespace, .serviceAccount, .trustDomain, .sourceIP, .remoteIP, .host, .destinationPort,
            .destinationIP, .serverName:
            true
        default: false
        }
    }

    private static func isOfRequest(_ subject: AuthorizationPolicy.Subject) -> Bool {
        switch subject {
        case .method, .path, .header: true
        default: false
        }
    }

    private static func isOfAddress(_ subject: AuthorizationPolicy.Subject) -> Bool {
        if case .destinationIP = subject { true } else { false }
    }
}
