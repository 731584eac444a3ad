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
    /// Where it is written; nil for one that is made here.
    public let location: SourceLocation?
    /// Which of S3's known actions it is about, each a bit.
    let knownActions: UInt128
    /// The patterns of the resources that every kind of policy reads alike: those of whole ARNs without variables.
    let resourcePatterns: [Glob?]

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
        self.sid = sid
        self.effect = effect
        self.principals = principals
        self.actions = actions
        self.resources = resources
        self.conditions = conditions
        self.location = location
        self.knownActions = actions.map(KnownActions.bits) ?? 0
        self.resourcePatterns = resources?.elements.map(Self.pattern) ?? []
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
