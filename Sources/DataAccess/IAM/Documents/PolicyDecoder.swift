import Resources

/// Reads policies, and notes what AWS would refuse.
struct PolicyDecoder {
    private(set) var findings: [Diagnostic] = []
    private var hasVariables = false

    /// The most statements of one policy, and the most elements of one list.
    static let maximumCount = 10_000

    mutating func document(_ value: Value) throws -> (PolicyDocument.Version, [PolicyStatement]) {
        let entries = try value.mapping()
        var version = PolicyDocument.Version.v2008
        var statements: Value?
        for entry in entries {
            switch entry.key {
            case "Version":
                guard let known = PolicyDocument.Version(rawValue: try entry.value.string()) else {
                    throw entry.value.error("unknown version; expected `2012-10-17` or `2008-10-17`")
                }
                version = known
            case "Id": _ = try entry.value.string()
            case "Statement": statements = entry.value
            default: note(entry.keyLocation, "unknown element `\(entry.key.prefix(80))` of a policy")
            }
        }
        guard let statements else { throw value.error("a policy needs `Statement`") }
        hasVariables = version == .v2012
        let list: [Value]
        if case .list(let elements) = statements.content { list = elements } else { list = [statements] }
        guard list.count <= Self.maximumCount else {
            throw statements.error("a policy with more than \(Self.maximumCount) statements is not read")
        }
        return (version, try list.map { try statement($0) })
    }

    private mutating func note(_ location: SourceLocation, _ message: String) {
        findings.append(Diagnostic(at: location, message))
    }

    // MARK: - A statement

    private mutating func statement(_ value: Value) throws -> PolicyStatement {
        var sid: String?
        var effect: PolicyStatement.Effect?
        var principals: PolicyStatement.Selection<PrincipalPattern>?
        var actions: PolicyStatement.Selection<ActionPattern>?
        var resources: PolicyStatement.Selection<PolicyText>?
        var conditions: [PolicyCondition] = []
        var seen: Set<String> = []
        for entry in try value.mapping() {
            seen.insert(entry.key)
            switch entry.key {
            case "Sid": sid = try entry.value.string()
            case "Effect":
                effect = PolicyStatement.Effect(rawValue: try entry.value.string())
                if effect == nil { note(entry.value.location, "expected `Allow` or `Deny`") }
            case "Principal", "NotPrincipal":
                principals = .init(isNegated: entry.key == "NotPrincipal", elements: try self.principals(entry.value))
            case "Action", "NotAction":
                let patterns = try strings(entry.value).map { ActionPattern($0.text) }
                actions = .init(isNegated: entry.key == "NotAction", elements: patterns)
                for case .some(let element) in try strings(entry.value).map({ ActionPattern.problem(with: $0.text) }) {
                    note(entry.value.location, element)
                }
            case "Resource", "NotResource":
                let texts = try strings(entry.value)
                resources = .init(
                    isNegated: entry.key == "NotResource",
                    elements: texts.map { PolicyText($0.text, hasVariables: hasVariables) }
                )
                for text in texts {
                    if let problem = ARNPattern.problem(with: text.text) { note(text.location, problem) }
                }
            case "Condition": conditions = try self.conditions(entry.value)
            default: note(entry.keyLocation, "unknown element `\(entry.key.prefix(80))` of a statement")
            }
        }
        for (one, other) in [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")]
        where seen.isSuperset(of: [one, other]) {
            throw value.error("a statement has `\(one)` or `\(other)`, not both")
        }
        if effect == nil { note(value.location, "a statement needs `Effect`") }
        if actions == nil { note(value.location, "a statement needs `Action` or `NotAction`") }
        return PolicyStatement(
            sid: sid,
            effect: effect,
            principals: principals,
            actions: actions,
            resources: resources,
            conditions: conditions,
            location: value.location
        )
    }

    /// One text or a list of texts; numbers and booleans as they are written.
    private func strings(_ value: Value) throws -> [(text: String, location: SourceLocation)] {
        let elements: [Value]
        if case .list(let list) = value.content { elements = list } else { elements = [value] }
        guard elements.count <= Self.maximumCount else { throw value.error("the list is too long") }
        return try elements.map { element in
            switch element.content {
            case .string(let text), .number(let text): (text, element.location)
            case .bool(let flag): ("\(flag)", element.location)
            default: throw element.error("expected text or a list of texts")
            }
        }
    }

    private mutating func principals(_ value: Value) throws -> [PrincipalPattern] {
        guard case .mapping(let entries) = value.content else {
            let texts = try strings(value)
            for text in texts where text.text != "*" {
                note(text.location, "expected `\"*\"` or an object such as `{\"AWS\": …}`")
            }
            return texts.map { PrincipalPattern(kind: .aws, text: $0.text) }
        }
        return try entries.flatMap { entry -> [PrincipalPattern] in
            guard let kind = PrincipalPattern.Kind(rawValue: entry.key) else {
                note(entry.keyLocation, "unknown kind of principal `\(entry.key.prefix(80))`")
                return []
            }
            return try strings(entry.value).map { text in
                if text.text != "*", text.text.contains("*") || text.text.contains("?") {
                    note(text.location, "a principal has no wildcards but `*` alone; this one is nobody")
                }
                return PrincipalPattern(kind: kind, text: text.text)
            }
        }
    }

    private mutating func conditions(_ value: Value) throws -> [PolicyCondition] {
        try value.mapping().flatMap { block -> [PolicyCondition] in
            guard case .mapping(let keys) = block.value.content else {
                note(block.value.location, "expected the keys of `\(block.key.prefix(80))`")
                return [PolicyCondition(operation: block.key, key: "", values: [])]
            }
            if ConditionOperator(block.key) == nil {
                note(block.keyLocation, "unknown condition operator `\(block.key.prefix(80))`")
            }
            return try keys.map { entry in
                PolicyCondition(
                    operation: block.key,
                    key: entry.key,
                    values: try strings(entry.value).map { PolicyText($0.text, hasVariables: hasVariables) }
                )
            }
        }
    }
}
