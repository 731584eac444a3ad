internal import SPIFFE

/// An artifact by its name and its digest: a model, or a dataset that it was trained or evaluated on.
public struct NamedArtifact: Hashable, Sendable {
    /// The name: `training-data`.
    public let name: String
    /// The digest.
    public let digest: ArtifactDigest

    /// An artifact.
    public init(name: String, digest: ArtifactDigest) {
        self.name = name
        self.digest = digest
    }

    /// Reads `{"name": …, "digest": {"sha256": …}}`, the form of an in-toto resource descriptor.
    init(_ fields: inout PredicateFields) throws(PredicateError) {
        name = try fields.text("name")
        var digests = try fields.object("digest")
        guard let digest = ArtifactDigest(try digests.text("sha256")) else {
            throw digests.wrong("sha256", "64 lower-case hexadecimal digits")
        }
        try digests.finish()
        self.digest = digest
    }

    init(_ value: StrictJSON, _ path: String) throws(PredicateError) {
        var fields = try PredicateFields(value, at: path)
        try self.init(&fields)
        try fields.finish()
    }

    var json: StrictJSON {
        .object(["name": .string(name), "digest": .object(["sha256": .string(digest.hexadecimal)])])
    }
}

extension NamedArtifact: CustomStringConvertible {
    /// Name and digest.
    public var description: String { "\(name)@\(digest)" }
}
