/// One thing that has to hold before a model may run.
public enum ReleaseCondition: Hashable, Sendable {
    /// The model's bytes are those of its signature, by somebody who may sign models of this name.
    case signature
    /// The policy speaks of this environment.
    case environment
    /// The index of releases is signed by a releaser.
    case index
    /// The index is of this environment.
    case indexEnvironment
    /// The index was issued, has not expired, and does not last longer than the policy allows.
    case indexFreshness
    /// The index is no older than one that was seen, and there is only one of its number.
    case indexVersion
    /// The model is in the index.
    case released
    /// No later release is there, or the index allows this one by name.
    case newest
    /// Neither the model nor its signer is revoked.
    case notRevoked
    /// The evaluation of this suite was passed, and not judged by the one who signed the model.
    case evaluation(suite: String)
    /// A scan proved the model.
    case scan
    /// It is known how the model was trained.
    case provenance
    /// A dataset that the model was trained on is signed by its producer.
    case dataset(name: String)
    /// Enough people approve.
    case approvals
}

extension ReleaseCondition: CustomStringConvertible {
    /// A short, stable name: `evaluation:holdout`.
    public var description: String {
        switch self {
        case .signature: "signature"
        case .environment: "environment"
        case .index: "index"
        case .indexEnvironment: "index-environment"
        case .indexFreshness: "index-freshness"
        case .indexVersion: "index-version"
        case .released: "released"
        case .newest: "newest"
        case .notRevoked: "not-revoked"
        case .evaluation(let suite): "evaluation:\(suite)"
        case .scan: "scan"
        case .provenance: "provenance"
        case .dataset(let name): "dataset:\(name)"
        case .approvals: "approvals"
        }
    }
}
