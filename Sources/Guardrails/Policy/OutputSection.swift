import Resources

/// What of answers may come back: the section `output` of a guardrail.
///
/// ```yaml
/// output:
///   personalData: { action: redact }
///   secrets: redact
///   systemPrompt: block
///   links: { allow: [docs.example], action: redact }
/// ```
public struct OutputSection: Hashable, Sendable {
    /// What is looked for, and what is done with it.
    public let policy: OutputPolicy
    /// The policy, compiled.
    public let rules: OutputRules

    private static let actions: [String: OutputPolicy.Action] = ["redact": .redact, "flag": .flag, "block": .block]

    init(_ value: Value) throws {
        func action(_ value: Value) throws -> OutputPolicy.Action {
            Self.actions[try value.oneOf(Self.actions.keys.sorted())] ?? .block
        }
        var policy = OutputPolicy()
        var fields = try FieldReader(value, of: "output")
        if let data = fields.value("personalData"), !data.isNull {
            var fields = try FieldReader(data, of: "personalData")
            let chosen = try fields.required("action") { try action($0) }
            let known = EntityType.allCases
            let types =
                try fields.optional("entities") { value in
                    try value.list { element in
                        let name = try element.oneOf(known.map(\.rawValue))
                        return known.first { $0.rawValue == name } ?? .creditCard
                    }
                } ?? EntityType.sensitive
            for type in types { policy.entities[type] = chosen }
            try fields.finish()
        }
        policy.secrets = try fields.optional("secrets") { try action($0) }
        policy.promptLeak = try fields.optional("systemPrompt") { try action($0) }
        policy.encodedRuns = try fields.optional("encodedRuns") { try action($0) }
        policy.links = try fields.optional("links") { value in
            var fields = try FieldReader(value, of: "links")
            let hosts = try fields.required("allow") { try $0.list { try $0.string() } }
            let action = try fields.optional("action") { try action($0) } ?? .redact
            try fields.finish()
            return OutputPolicy.Links(allowedHosts: hosts, action: action)
        }
        try fields.finish()
        guard policy != OutputPolicy() else { throw value.error("`output` needs something to look for") }
        try self.init(policy, at: value)
    }

    /// The section that a policy is; `value` is where the configuration asks for it.
    init(_ policy: OutputPolicy, at value: Value) throws {
        self.policy = policy
        do { self.rules = try OutputRules(policy) } catch {
            throw value.error("what is said of answers cannot be used: \(error)")
        }
    }

    /// Whether the policies are equal.
    public static func == (left: Self, right: Self) -> Bool { left.policy == right.policy }

    /// Hashes what is quickly hashed.
    public func hash(into hasher: inout Hasher) { hasher.combine(policy.entities.count) }
}
