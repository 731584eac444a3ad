internal import SPIFFE

/// An in-toto statement about one artifact, its predicate not read yet (in-toto attestation framework 1.0, "Statement").
struct Statement {
    static let type = "https://in-toto.io/Statement/v1"

    let subject: NamedArtifact
    let predicateType: String
    let predicate: StrictJSON

    /// A statement.
    init(about subject: NamedArtifact, _ predicateType: String, _ predicate: StrictJSON) {
        self.subject = subject
        self.predicateType = predicateType
        self.predicate = predicate
    }

    /// Reads the payload of an envelope.
    ///
    /// - Throws: ``PredicateError`` where it is no statement, or has several subjects.
    init(_ payload: [UInt8]) throws(PredicateError) {
        let value: StrictJSON
        do throws(StrictJSON.Failure) {
            value = try StrictJSON(payload, maximumDepth: 32)
        } catch {
            throw PredicateError(description: "the statement is not JSON: \(error.message) (byte \(error.offset))")
        }
        var fields = try PredicateFields(value, at: "statement")
        guard try fields.text("_type") == Self.type else { throw fields.wrong("_type", "`\(Self.type)`") }
        let subjects = try fields.list("subject") { value, path throws(PredicateError) in
            try NamedArtifact(value, path)
        }
        guard let subject = subjects.first, subjects.count == 1 else {
            throw fields.wrong("subject", "a list of one artifact")
        }
        self.subject = subject
        predicateType = try fields.text("predicateType")
        predicate = try fields.required("predicate")
        try fields.finish()
    }

    /// The payload to sign: names sorted, no white space.
    var payload: [UInt8] {
        Array(
            StrictJSON.object([
                "_type": .string(Self.type), "subject": .array([subject.json]), "predicateType": .string(predicateType),
                "predicate": predicate,
            ]).text.utf8
        )
    }
}
