internal import SPIFFE
public import ZeroTrust

/// The claim that a model was evaluated: on which suite and dataset, with what results.
///
/// ```json
/// {"suite": "holdout", "dataset": {"name": "test-data", "digest": {"sha256": "…"}},
///  "metrics": {"accuracy": 0.94}, "evaluatedAt": "2026-11-25T12:00:00Z"}
/// ```
public struct Evaluation: Hashable, Sendable, Predicate {
    static let type = "https://lapwing.dev/attestation/evaluation/v1"

    /// The suite that was run.
    public let suite: String
    /// What it was run on.
    public let dataset: NamedArtifact
    /// The results by name.
    public let metrics: [String: Double]
    /// When it was finished.
    public let evaluatedAt: Timestamp

    init(_ fields: inout PredicateFields) throws(PredicateError) {
        suite = try fields.text("suite")
        var dataset = try fields.object("dataset")
        self.dataset = try NamedArtifact(&dataset)
        try dataset.finish()
        var results = try fields.object("metrics")
        var metrics: [String: Double] = [:]
        for (name, value) in results.rest() {
            let number: Double? =
                switch value {
                case .integer(let integer): Double(integer)
                case .number(let text): Double(text)
                default: nil
                }
            guard let number, number.isFinite else { throw results.wrong(name, "a finite number") }
            metrics[name] = number
        }
        self.metrics = metrics
        evaluatedAt = try fields.moment("evaluatedAt")
    }
}
