/// One statement of a policy.
public struct PolicyStatement: Hashable, Sendable {
    /// What it does where it matches.
    public enum Effect: String, Hashable, Sendable {
        /// It allows.
        case allow = "Allow"
        /// It denies, whatever else allows.
        case deny = "Deny"
    }

    /// Its name, where it has one.
    public let sid: String?
    /// What it does where it matches; nil for a statement that does not say, which matches nothing.
    public let effect: Effect?
    /// Whom it is about; nil for a statement without `Principal` and `NotPrincipal`.
    public let principals: Selection<PrincipalPattern>?
    /// What it is about; nil for a statement without `Action` and `NotAction`, which matches nothing.
    public let actions: Selection<ActionPattern>?
    /// What it is about; nil for a statement without `Resource` and `NotResource`.
    public let resources: Selection<PolicyText>?
    /// What must hold, all of it.
    public let conditions: [PolicyCondition]

    /// Some things, or everything but them.
    public struct Selection<Element: Hashable & Sendable>: Hashable, Sendable {
        /// Whether everything but the elements is meant.
        public let isNegated: Bool
        /// The elements.
        public let elements: [Element]
    }
}
