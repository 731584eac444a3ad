public import ModelTrust
public import ZeroTrust

/// What holds in the repositories of a pattern: who may do what, and what an artifact must show.
public struct RepositoryRule: Hashable, Sendable {
    /// The repositories.
    public var pattern: PathPattern
    /// Who may do what; nobody else may.
    public var principals: [Permission: [IdentityPattern]]
    /// The tags that only who may promote can set, move or take away, and only to what is admitted.
    public var protectedTags: [PathPattern]
    /// The tags that point for ever to what they were first set to.
    public var immutableTags: [PathPattern]
    /// What a model has to show before anybody can pull it.
    public var admission: AdmissionRequirement

    /// A rule.
    public init(
        pattern: PathPattern,
        principals: [Permission: [IdentityPattern]] = [:],
        protectedTags: [PathPattern] = [],
        immutableTags: [PathPattern] = [],
        admission: AdmissionRequirement = AdmissionRequirement()
    ) {
        self.pattern = pattern
        self.principals = principals
        self.protectedTags = protectedTags
        self.immutableTags = immutableTags
        self.admission = admission
    }

    /// Whether a caller may do something.
    public func permits(_ caller: SPIFFEID, _ permission: Permission) -> Bool {
        principals[permission, default: []].contains { $0.matches(caller) }
    }

    func isProtected(_ tag: TagName) -> Bool { protectedTags.contains { $0.matches(tag.description) } }

    func isImmutable(_ tag: TagName) -> Bool { immutableTags.contains { $0.matches(tag.description) } }
}
