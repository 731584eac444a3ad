import Authorization
import Testing

/// One rule, what it finds and what it lets pass.
struct LintCase: Sendable, CustomTestStringConvertible {
    let rule: String
    /// What the rule finds something in.
    let bad: String
    /// What it finds nothing in: as near to the first as can be.
    let good: String
    var options = LintOptions()
    /// The backend for the good side, where it is another one that makes it good.
    var goodBackend: BackendProfile?

    init(_ rule: String, bad: String, good: String, _ options: LintOptions = LintOptions()) {
        self.rule = rule
        self.bad = bad
        self.good = good
        self.options = options
    }

    var testDescription: String { rule }
}

/// Writes resources of the kinds that are linted.
enum LintYAML {
    static func authorization(
        _ spec: String,
        name: String = "p",
        namespace: String? = "ml-inference",
        metadata: String = ""
    ) -> String {
        resource("AuthorizationPolicy", spec, name, namespace, metadata)
    }

    /// A policy of one rule.
    static func rule(_ rule: String, action: String = "ALLOW", name: String = "p", namespace: String = "ml-inference")
        -> String
    {
        authorization("{action: \(action), rules: [\(rule)]}", name: name, namespace: namespace)
    }

    /// A policy of one source.
    static func source(_ fields: String, action: String = "ALLOW") -> String {
        rule("{from: [{source: {\(fields)}}]}", action: action)
    }

    /// A policy of one operation, with a caller in ALLOW policies.
    static func operation(_ fields: String, action: String = "ALLOW") -> String {
        let from = "from: [{source: {principals: [cluster.local/ns/a/sa/b]}}], "
        return rule("{\(action == "ALLOW" ? from : "")to: [{operation: {\(fields)}}]}", action: action)
    }

    /// A policy of one condition, with a caller.
    static func condition(_ key: String, _ values: String, action: String = "ALLOW") -> String {
        rule(
            "{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}], when: [{key: '\(key)', \(values)}]}",
            action: action
        )
    }

    static func peer(_ spec: String, name: String = "default", namespace: String = "ml-inference") -> String {
        resource("PeerAuthentication", spec, name, namespace, "")
    }

    /// A RequestAuthentication of one JWT rule.
    static func request(_ rule: String, name: String = "jwt", namespace: String = "ml-inference") -> String {
        resource("RequestAuthentication", "{jwtRules: [{\(rule)}]}", name, namespace, "")
    }

    static func object(_ apiVersion: String, _ kind: String, _ name: String, _ rest: String) -> String {
        """
        apiVersion: \(apiVersion)
        kind: \(kind)
        metadata: {name: \(name), \(rest)

        """
    }

    static func pod(_ name: String, namespace: String, labels: String, annotations: String = "{}") -> String {
        object(
            "v1",
            "Pod",
            name,
            "namespace: \(namespace), labels: \(labels), annotations: \(annotations)}\nspec: {}"
        )
    }

    static func join(_ documents: String...) -> String { documents.joined(separator: "---\n") }

    private static func resource(
        _ kind: String,
        _ spec: String,
        _ name: String,
        _ namespace: String?,
        _ metadata: String
    ) -> String {
        let space = namespace.map { ", namespace: \($0)" } ?? ""
        return """
            apiVersion: security.istio.io/v1
            kind: \(kind)
            metadata: {name: \(name)\(space)\(metadata)}
            spec: \(spec)

            """
    }
}
