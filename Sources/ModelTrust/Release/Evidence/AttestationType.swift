/// The claims that can be made about a model.
public enum AttestationType: String, Hashable, Sendable, CaseIterable {
    /// It was evaluated.
    case evaluation
    /// It was scanned.
    case scan
    /// It was trained so.
    case provenance
    /// It is approved of.
    case approval

    /// The URI of the predicate's form.
    public var uri: String {
        switch self {
        case .evaluation: Evaluation.type
        case .scan: ScanResult.type
        case .provenance: TrainingProvenance.type
        case .approval: Approval.type
        }
    }
}
