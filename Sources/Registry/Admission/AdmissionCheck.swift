/// One thing that a model has to show before anybody can pull it: that it is signed by whom policy says, that its
/// layers are safe to load.
///
/// A check that throws has refused.
public protocol AdmissionCheck: Sendable {
    /// The name by which an ``AdmissionRequirement`` asks for the check: `signature`.
    var name: String { get }
    /// What it goes by besides the artifact and the requirement; where that changes, everything has to be judged again.
    var grounds: String { get }

    /// Looks at an artifact, and at what refers to it.
    ///
    /// - Returns: why the artifact is not admitted; empty where it is.
    func reasons(against artifact: Artifact, requirement: AdmissionRequirement) async throws -> [String]
}

extension AdmissionCheck {
    /// It goes by nothing else.
    public var grounds: String { "" }
}
