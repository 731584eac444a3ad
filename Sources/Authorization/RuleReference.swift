public import Resources

/// Names one rule of one policy, and says where it stands.
///
/// Copying one is cheap: every decision carries the reference of its rule.
public struct RuleReference: Sendable {
    /// The policy's name.
    public var policy: String { content.policy }
    /// The policy's namespace.
    public var namespace: String { content.namespace }
    /// The rule's place in the policy, from 0.
    public var rule: Int { content.rule }
    /// Where the rule begins.
    public var location: SourceLocation { content.location }

    private let content: Content

    private final class Content: Sendable {
        let policy: String
        let namespace: String
        let rule: Int
        let location: SourceLocation

        init(policy: String, namespace: String, rule: Int, location: SourceLocation) {
            self.policy = policy
            self.namespace = namespace
            self.rule = rule
            self.location = location
        }
    }

    /// The name of a rule.
    public init(policy: String, namespace: String, rule: Int, location: SourceLocation) {
        self.content = Content(policy: policy, namespace: namespace, rule: rule, location: location)
    }
}

extension RuleReference: Hashable {
    /// Whether both name the same rule at the same place.
    public static func == (left: Self, right: Self) -> Bool {
        left.content === right.content
            || (left.policy, left.namespace, left.rule, left.location)
                == (right.policy, right.namespace, right.rule, right.location)
    }

    /// Feeds the rule's name to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(policy)
        hasher.combine(namespace)
        hasher.combine(rule)
    }
}

extension RuleReference: CustomStringConvertible {
    /// The name that Istio and Envoy give it: `ns[ml-inference]-policy[inference]-rule[0]`.
    public var description: String { "ns[\(namespace)]-policy[\(policy)]-rule[\(rule)]" }
}
