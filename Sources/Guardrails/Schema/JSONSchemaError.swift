/// Why a schema was not taken.
public struct JSONSchemaError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Code: String, Hashable, Sendable {
        /// A keyword has a value that it cannot have.
        case invalidKeyword = "invalid_keyword"
        /// A regular expression that is refused.
        case invalidExpression = "invalid_expression"
        /// A reference to a schema that is not at hand; none is ever fetched.
        case unknownReference = "unknown_reference"
        /// A vocabulary or dialect that is required and not known.
        case unknownVocabulary = "unknown_vocabulary"
        /// Two schemas have one URI.
        case ambiguousIdentifier = "ambiguous_identifier"
        /// More schemas than are taken.
        case tooLarge = "too_large"
    }

    /// What is wrong.
    public let code: Code
    /// The schema and keyword: `#/properties/model/pattern`.
    public let location: String
    /// What is wrong in words.
    public let message: String
    /// The byte of its document at which it is, where that is known.
    public let offset: Int?
}

extension JSONSchemaError: CustomStringConvertible {
    /// `location: message`.
    public var description: String { "\(location): \(message)" }
}
