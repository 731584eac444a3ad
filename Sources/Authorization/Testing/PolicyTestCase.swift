public import Resources
import ZeroTrust

/// One request of a decision table, and what is expected of it.
public struct PolicyTestCase: Sendable {
    /// What is expected.
    public enum Outcome: String, Sendable, CaseIterable {
        /// The policies allow the request.
        case allow
        /// The policies deny the request.
        case deny
        /// A CUSTOM policy asks its provider.
        case custom
        /// The request is answered 400 before any policy is asked.
        case badRequest = "bad-request"
    }

    /// The name of the case: the row's, or what is asked for.
    public let name: String
    /// What is asked for, in a line: `POST /v1/predict from cluster.local/ns/ml-api/sa/api-gateway`.
    public let summary: String
    /// The outcome that is expected.
    public let outcome: Outcome
    /// The rule that has to decide, where the row says so.
    public let rule: RuleName?
    /// The rule of an AUDIT policy that has to mark the request, where the row says so.
    public let audit: RuleName?
    /// Where the row stands.
    public let location: SourceLocation
    /// The request target, as sent.
    let target: String
    /// The request, with the target for its path.
    let attributes: Attributes
}

/// How a table names a rule: `none`, `NAME`, `NAME[0]` or `NAMESPACE/NAME[0]`.
public struct RuleName: Sendable, Hashable {
    /// The text as written.
    public let text: String
    private let namespace: Substring?
    private let policy: Substring
    private let rule: Int?

    /// Reads a name; nil where it is none.
    public init?(_ text: String) {
        self.text = text
        var rest = text[...]
        if rest.hasSuffix("]") {
            guard let bracket = rest.lastIndex(of: "["),
                let index = Int(rest[rest.index(after: bracket)...].dropLast()), index >= 0
            else { return nil }
            self.rule = index
            rest = rest[..<bracket]
        } else {
            self.rule = nil
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let last = parts.last, !parts.contains(where: \.isEmpty) else { return nil }
        self.namespace = parts.count == 2 ? parts[0] : nil
        self.policy = last
    }

    /// Whether a rule, or none, is the one that is named.
    func names(_ reference: RuleReference?) -> Bool {
        guard let reference else { return text == "none" }
        return reference.policy == policy && (namespace.map { reference.namespace == $0 } ?? true)
            && (rule.map { reference.rule == $0 } ?? true)
    }
}
