/// Which keywords a schema resource may use (Core §8.1).
struct SchemaVocabulary: Sendable, Hashable {
    var hasApplicators = true
    var hasUnevaluated = true
    var hasValidation = true
    var hasFormats = true
    var assertsFormats = false

    static let draft = "https://json-schema.org/draft/2020-12/"

    static func standard(assertsFormats: Bool) -> SchemaVocabulary {
        SchemaVocabulary(assertsFormats: assertsFormats)
    }

    /// The vocabularies of the dialect that a schema declares.
    static func declared(
        _ uri: String,
        _ options: JSONSchema.Options,
        at location: String,
        _ value: JSONValue
    ) throws(JSONSchemaError) -> SchemaVocabulary {
        let uri = uri.hasSuffix("#") ? String(uri.dropLast()) : uri
        if uri == draft + "schema" { return .standard(assertsFormats: options.assertsFormats) }
        let unknown = { (message: String) in
            JSONSchemaError(
                code: .unknownVocabulary,
                location: location,
                message: message,
                offset: value.range.lowerBound
            )
        }
        guard let meta = options.others[uri] else {
            throw unknown("`\(uri.prefix(200))` is a dialect that is not known; draft 2020-12 is")
        }
        guard let declared = meta.root["$vocabulary"] else { return .standard(assertsFormats: options.assertsFormats) }
        var vocabulary = SchemaVocabulary(
            hasApplicators: false,
            hasUnevaluated: false,
            hasValidation: false,
            hasFormats: false
        )
        for (key, isRequired) in declared.members {
            let name = key.string ?? ""
            switch name {
            case draft + "vocab/core", draft + "vocab/meta-data", draft + "vocab/content": break
            case draft + "vocab/applicator": vocabulary.hasApplicators = true
            case draft + "vocab/unevaluated": vocabulary.hasUnevaluated = true
            case draft + "vocab/validation": vocabulary.hasValidation = true
            case draft + "vocab/format-annotation":
                vocabulary.hasFormats = true
                vocabulary.assertsFormats = vocabulary.assertsFormats || options.assertsFormats
            case draft + "vocab/format-assertion":
                vocabulary.hasFormats = true
                vocabulary.assertsFormats = true
            default:
                guard isRequired.bool == false else {
                    throw unknown("the vocabulary `\(name.prefix(200))` is required and not known")
                }
            }
        }
        return vocabulary
    }
}
