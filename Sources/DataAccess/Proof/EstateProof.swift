/// All that is proved of an estate: its invariants in every layer, and that each layer has neither more nor less than the
/// estate says.
public struct EstateProof: Sendable {
    /// What came of one question.
    public struct Result: Hashable, Sendable {
        /// The invariant's name, or `excess`, `missing` or `trust` for what is proved of every estate.
        public let id: String
        /// The layer: `model` or `s3`.
        public let layer: String
        /// What came of it.
        public let outcome: InvariantProof.Outcome
    }

    /// Everything, in the order of the estate's invariants.
    public let results: [Result]

    /// Whether nothing is refuted and nothing is left open.
    public var holds: Bool {
        results.allSatisfy {
            switch $0.outcome {
            case .proved, .notConcerned: true
            case .refuted, .unknown: false
            }
        }
    }

    /// Proves what there is to prove.
    ///
    /// - Parameters:
    ///   - estate: the estate.
    ///   - artifacts: what is in force in AWS, parsed back; nil where AWS is not looked at.
    ///   - others: what was observed in other layers.
    public init(_ estate: Estate, aws artifacts: AWSArtifacts? = nil, others: [ObservedAccess] = []) {
        self = IncrementalProof(estate, aws: artifacts, others: others).proof
    }

    /// What was proved of several things together.
    public init(results: [Result]) { self.results = results }
}
