extension PolicyEngine {
    /// Whether any policy looks at what follows `?` in a path.
    public var consultsQuery: Bool {
        consults { $0 == .header(":path") }
    }

    /// Whether any policy looks at the address of the connection's other end.
    public var consultsSource: Bool {
        consults { $0 == .sourceIP || $0 == .remoteIP }
    }

    private func consults(_ isMeant: (AuthorizationPolicy.Subject) -> Bool) -> Bool {
        policies.contains { policy in
            policy.rules.contains { rule in
                rule.sections.contains { section in rule[section].contains { isMeant($0.subject) } }
            }
        }
    }
}
