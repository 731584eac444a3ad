public import Resources

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
    public var sid: String? { parts.sid }
    /// What it does where it matches; nil for a statement that does not say, which matches nothing.
    public var effect: Effect? { parts.effect }
    /// Whom it is about; nil for a statement without `Principal` and `NotPrincipal`.
    public var principals: Selection<PrincipalPattern>? { parts.principals }
    /// What it is about; nil for a statement without `Action` and `NotAction`, which matches nothing.
    public var actions: Selection<ActionPattern>? { parts.actions }
    /// What it is about; nil for a statement without `Resource` and `NotResource`.
    public var resources: Selection<PolicyText>? { parts.resources }
    /// What must hold, all of it.
    public var conditions: [PolicyCondition] { parts.conditions }
    /// Where it is written; nil for one that is made here.
    public var location: SourceLocation? { parts.location }
    /// Which of S3's known actions it is about, each a bit.
    var knownActions: UInt128 { parts.knownActions }
    /// The patterns of the resources that every kind of policy reads alike: those of whole ARNs without variables.
    var resourcePatterns: [Glob?] { parts.resourcePatterns }
    /// Whether a variable stands in its resources.
    var hasVariableResources: Bool { parts.hasVariableResources }

    /// What it says, in one place: proofs hand statements on by the thousand.
    private let parts: Parts

    private final class Parts: Sendable {
        let sid: String?
        let effect: Effect?
        let principals: Selection<PrincipalPattern>?
        let actions: Selection<ActionPattern>?
        let resources: Selection<PolicyText>?
        let conditions: [PolicyCondition]
        let location: SourceLocation?
        let knownActions: UInt128
        let resourcePatterns: [Glob?]
        let hasVariableResources: Bool

        init(
            sid: String?,
            effect: Effect?,
            principals: Selection<PrincipalPattern>?,
            actions: Selection<ActionPattern>?,
            resources: Selection<PolicyText>?,
            conditions: [PolicyCondition],
            location: SourceLocation?
        ) {
            self.sid = sid
            self.effect = effect
            self.principals = principals
            self.actions = actions
            self.resources = resources
            self.conditions = conditions
            self.location = location
            knownActions = actions.map(KnownActions.bits) ?? 0
            resourcePatterns = resources?.elements.map(PolicyStatement.pattern) ?? []
            hasVariableResources = resources?.elements.contains(where: \.hasVariable) ?? false
        }
    }

    /// Some things, or everything but them.
    public struct Selection<Element: Hashable & Sendable>: Hashable, Sendable {
        /// Whether everything but the elements is meant.
        public let isNegated: Bool
        /// The elements.
        public let elements: [Element]
    }

    init(
        sid: String?,
        effect: Effect?,
        principals: Selection<PrincipalPattern>?,
        actions: Selection<ActionPattern>?,
        resources: Selection<PolicyText>?,
        conditions: [PolicyCondition],
        location: SourceLocation? = nil
    ) {
        parts = Parts(
            sid: sid,
            effect: effect,
            principals: principals,
            actions: actions,
            resources: resources,
            conditions: conditions,
            location: location
        )
    }
}

extension PolicyStatement {
    /// Equal where all that is written is.
    public static func == (left: Self, right: Self) -> Bool {
        left.parts === right.parts
            || left.sid == right.sid && left.effect == right.effect && left.location == right.location
                && left.principals == right.principals && left.actions == right.actions
                && left.resources == right.resources && left.conditions == right.conditions
    }

    /// Hashes what equality is about.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(sid)
        hasher.combine(effect)
        hasher.combine(principals)
        hasher.combine(actions)
        hasher.combine(resources)
        hasher.combine(conditions)
        hasher.combine(location)
    }
}

extension PolicyStatement {
    private static func pattern(_ text: PolicyText) -> Glob? {
        guard !text.hasVariable, let resolved = text.resolved(RequestContext()),
            case .glob(let glob) = ARNPattern.read(resolved, in: .principal)
        else { return nil }
        return glob
    }

    /// What it is called: its file and line, and its `Sid`; nil for one that is made here.
    var title: String? {
        location.map { place in "\(place.file):\(place.line)" + (sid.map { " (\($0))" } ?? "") }
    }
}
