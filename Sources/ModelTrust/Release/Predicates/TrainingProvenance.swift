internal import SPIFFE
public import ZeroTrust

/// The claim of how a model came to be: SLSA provenance 1.0, of which the datasets are read.
///
/// `buildDefinition.resolvedDependencies` holds every dataset with its digest; a dependency without a digest makes the
/// claim unusable, since nobody could tell what was trained on. Other fields are ignored, as SLSA asks ("Parsing rules").
public struct TrainingProvenance: Hashable, Sendable, Predicate {
    static let type = "https://slsa.dev/provenance/v1"

    /// What the build ran as.
    public let builder: String
    /// What it was trained on.
    public let datasets: [NamedArtifact]
    /// When it was finished, where that is said.
    public let finishedAt: Timestamp?

    init(_ fields: inout PredicateFields) throws(PredicateError) {
        var definition = try fields.object("buildDefinition")
        datasets = try definition.list("resolvedDependencies") { value, path throws(PredicateError) in
            var dependency = try PredicateFields(value, at: path)
            defer { _ = dependency.rest() }
            return try NamedArtifact(&dependency)
        }
        guard Set(datasets.map(\.name)).count == datasets.count else {
            throw PredicateError(description: "`\(definition.path).resolvedDependencies` names a dataset twice")
        }
        var details = try fields.object("runDetails")
        var builder = try details.object("builder")
        self.builder = try builder.text("id")
        var finishedAt: Timestamp?
        if let value = details.optional("metadata") {
            var metadata = try PredicateFields(value, at: "\(details.path).metadata")
            if metadata.has("finishedOn") { finishedAt = try metadata.moment("finishedOn") }
        }
        self.finishedAt = finishedAt
        _ = fields.rest()
    }
}
