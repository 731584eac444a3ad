import Authorization

/// What a policy asks that the egress listener cannot answer.
///
/// A positive match on what is not seen fails by itself, which is right for an ALLOW rule. A DENY rule that fails to match
/// would let through what it forbids, and a negated field of an ALLOW rule would match for want of a value: where a policy
/// has either, the connection is refused.
enum Undecidable {
    /// Whether the policy decides wrongly about a connection whose requests nobody sees.
    static func withoutPlaintext(_ policy: AuthorizationPolicy) -> Bool {
        decides(policy, wronglyWithout: needsPlaintext)
    }

    /// Whether the policy decides wrongly where the address is not known yet.
    static func withoutAddress(_ policy: AuthorizationPolicy) -> Bool {
        decides(policy, wronglyWithout: needsAddress)
    }

    private static func decides(
        _ policy: AuthorizationPolicy,
        wronglyWithout isMissing: (AuthorizationPolicy.Subject) -> Bool
    ) -> Bool {
        policy.rules.contains { rule in
            let fields = (rule.from + rule.to).flatMap(\.fields) + rule.when.flatMap(\.fields)
            return fields.contains { isMissing($0.subject) && (policy.action != .allow || $0.isNegated) }
        }
    }

    /// The attributes of a connection are known; whatever else there is belongs to a request.
    private static func needsPlaintext(_ subject: AuthorizationPolicy.Subject) -> Bool {
        switch subject {
        case .principal, .namespace, .serviceAccount, .trustDomain, .sourceIP, .remoteIP, .host, .destinationPort,
            .destinationIP, .serverName:
            false
        default: true
        }
    }

    private static func needsAddress(_ subject: AuthorizationPolicy.Subject) -> Bool {
        if case .destinationIP = subject { true } else { false }
    }
}
