public import Resources

/// Names one rule of one policy, and says where it stands.
public struct RuleReference: Hashable, Sendable {
    /// The policy's name.
    public let policy: String
    /// The policy's namespace.
    public let namespace: String
    /// The rule's place in the policy, from 0.
    public let rule: Int
    /// Where the rule begins.
    public let location: SourceLocation

    /// The name of a rule.
    public init(policy: String, namespace: String, rule: Int, location: SourceLocation) {
        self.policy = policy
        self.namespace = namespace
        self.rule = rule
        self.location = location
    }
}

extension RuleReference: CustomStringConvertible {
    /// The name that Istio and Envoy give it: `ns[ml-inference]-policy[inference]-rule[0]`.
    public var description: String { "ns[\(namespace)]-policy[\(policy)]-rule[\(rule)]" }
}
