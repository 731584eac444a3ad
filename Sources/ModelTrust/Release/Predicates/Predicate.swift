internal import SPIFFE

/// What an attestation claims of its subject: the predicate of an in-toto statement (in-toto attestation framework 1.0,
/// "Predicate").
///
/// A claim is read strictly where the type is our own: a field that nobody knows may be one that limits the claim.
protocol Predicate: Sendable {
    /// The URI that names the claim's form.
    static var type: String { get }

    /// Reads the claim.
    init(_ fields: inout PredicateFields) throws(PredicateError)
}

/// What is wrong with a predicate, with the path of the field.
struct PredicateError: Error, Hashable, CustomStringConvertible {
    /// What was wrong, as a sentence that starts in lower case.
    let description: String
}

extension Predicate {
    /// Reads a claim out of a statement's predicate.
    static func read(_ value: StrictJSON) throws(PredicateError) -> Self {
        var fields = try PredicateFields(value, at: "predicate")
        let predicate = try Self(&fields)
        try fields.finish()
        return predicate
    }
}
