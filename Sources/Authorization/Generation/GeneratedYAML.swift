import Resources

extension GeneratedPolicies {
    /// The most rules of one policy.
    private static let maximumRules = 512

    /// The policies as YAML, with how often each rule was seen; the same requests give the same text.
    public var yaml: String {
        var documents: [String] = []
        var rest = rules[...]
        repeat {
            documents.append(document(Array(rest.prefix(Self.maximumRules)), number: documents.count + 1))
            rest = rest.dropFirst(Self.maximumRules)
        } while !rest.isEmpty
        return documents.joined(separator: "---\n")
    }

    private func document(_ rules: [Rule], number: Int) -> String {
        let name = scope.name + (number == 1 ? "" : "-\(number)")
        var lines = [
            "# Least privilege from \(Self.times(count)): every caller may do what it was seen to do.",
            "# `{*}` stands for one segment, where enough different values were seen in its place.",
            "apiVersion: security.istio.io/v1",
            "kind: AuthorizationPolicy",
            "metadata:",
            "  name: \(YAMLText.quoted(name))",
            "  namespace: \(YAMLText.quoted(scope.namespace))",
            "spec:",
        ]
        if !scope.labels.isEmpty {
            lines += ["  selector:", "    matchLabels:"]
            for (key, value) in scope.labels.sorted(by: { $0.key < $1.key }) {
                lines.append("      \(YAMLText.quoted(key)): \(YAMLText.quoted(value))")
            }
        }
        lines.append("  action: ALLOW")
        // An ALLOW policy without rules allows nothing.
        lines.append(rules.isEmpty ? "  rules: []" : "  rules:")
        for rule in rules { lines += Self.lines(rule) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ rule: Rule) -> [String] {
        var lines = [
            "  # \(times(rule.count))",
            "  - from:",
            "    - source:",
            "        principals: [\(YAMLText.quoted(rule.principal))]",
        ]
        // Which subjects an issuer has is not what a policy of services is for.
        if let issuer = rule.issuer { lines.append("        requestPrincipals: [\(YAMLText.quoted(issuer + "/*"))]") }
        lines.append("    to:")
        for operation in rule.operations {
            lines.append("    - operation:")
            if let host = operation.host { lines.append("        hosts: [\(YAMLText.quoted(host))]") }
            if let port = operation.port { lines.append("        ports: [\"\(port)\"]") }
            lines.append("        methods: [\(operation.methods.map(YAMLText.quoted).joined(separator: ", "))]")
            // A tunnel has no path, and is told from others by its host and port.
            guard operation.paths.contains(where: { !$0.value.isEmpty }) else { continue }
            lines.append("        paths:")
            for path in operation.paths {
                let of = path.distinct > 1 ? ", \(path.distinct) paths" : ""
                lines.append("        - \(YAMLText.quoted(path.value))  # \(times(path.count))\(of)")
            }
        }
        return lines
    }

    private static func times(_ count: Int) -> String { count == 1 ? "1 request" : "\(count) requests" }
}
