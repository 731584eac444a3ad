/// A way to change policies that a good table notices.
public enum MutationOperator: String, Sendable, CaseIterable {
    /// A policy is taken away.
    case removePolicy = "remove-policy"
    /// ALLOW becomes DENY, and the other way round.
    case swapAction = "swap-action"
    /// A rule is taken away.
    case removeRule = "remove-rule"
    /// One of several sources or operations is taken away.
    case removeAlternative = "remove-alternative"
    /// A field is taken away, so that its attribute is not looked at.
    case removeField = "remove-field"
    /// One of several values is taken away.
    case removeValue = "remove-value"
    /// `paths` becomes `notPaths`, and the other way round.
    case negateField = "negate-field"
    /// A value becomes one that means anything.
    case widenValue = "widen-value"
    /// A value also matches what begins or ends with it.
    case loosenValue = "loosen-value"
    /// A value with a wildcard loses it.
    case tightenValue = "tighten-value"
    /// The letters of a value change their case.
    case changeCase = "change-case"
}
