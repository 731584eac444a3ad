/// The schemas that describe schemas (JSON Schema 2020-12, Core §8, written from the tables of keywords).
enum MetaSchemas {
    private static let documents: [String: JSONDocument] = {
        var documents: [String: JSONDocument] = [:]
        for (name, text) in texts {
            // Of our own making; a test compiles each.
            documents[SchemaVocabulary.draft + name] = try? JSONDocument(text)
        }
        return documents
    }()

    /// The URIs of all of them.
    static var uris: [String] { texts.keys.map { SchemaVocabulary.draft + $0 }.sorted() }

    static func document(_ uri: String) -> JSONDocument? { documents[uri] }

    private static func vocabulary(_ name: String, _ properties: String, _ definitions: String = "") -> String {
        """
        {"$schema": "https://json-schema.org/draft/2020-12/schema",
         "$id": "https://json-schema.org/draft/2020-12/meta/\(name)",
         "$dynamicAnchor": "meta", "type": ["object", "boolean"],
         "properties": {\(properties)}\(definitions.isEmpty ? "" : ", \"$defs\": {\(definitions)}")}
        """
    }

    private static let schema = ##"{"$dynamicRef": "#meta"}"##
    private static let schemas = ##"{"type": "array", "minItems": 1, "items": {"$dynamicRef": "#meta"}}"##
    private static let schemaMap =
        ##"{"type": "object", "additionalProperties": {"$dynamicRef": "#meta"}, "default": {}}"##
    private static let count = ##"{"type": "integer", "minimum": 0}"##
    private static let text = ##"{"type": "string"}"##
    private static let flag = ##"{"type": "boolean", "default": false}"##
    private static let names = ##"{"type": "array", "items": {"type": "string"}, "uniqueItems": true}"##

    private static func all(_ keywords: [String], _ value: String) -> String {
        keywords.map { "\"\($0)\": \(value)" }.joined(separator: ", ")
    }

    private static let texts: [String: String] = [
        "schema": """
        {"$schema": "https://json-schema.org/draft/2020-12/schema",
         "$id": "https://json-schema.org/draft/2020-12/schema",
         "$vocabulary": {\(all(
            ["core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content"].map {
                "https://json-schema.org/draft/2020-12/vocab/\($0)"
            },
            "true"
        ))},
         "$dynamicAnchor": "meta",
         "allOf": [{"$ref": "meta/core"}, {"$ref": "meta/applicator"}, {"$ref": "meta/unevaluated"},
                   {"$ref": "meta/validation"}, {"$ref": "meta/meta-data"}, {"$ref": "meta/format-annotation"},
                   {"$ref": "meta/content"}],
         "type": ["object", "boolean"],
         "properties": {"definitions": \(schemaMap),
                        "dependencies": {"type": "object", "default": {},
                            "additionalProperties": {"anyOf": [\(schema), \(names)]}},
                        "$recursiveAnchor": {"type": "string"}, "$recursiveRef": {"type": "string"}}}
        """,
        "meta/core": vocabulary(
            "core",
            """
            "$id": {"type": "string", "format": "uri-reference", "pattern": "^[^#]*#?$"},
            "$schema": {"type": "string", "format": "uri"},
            "$ref": {"type": "string", "format": "uri-reference"},
            "$dynamicRef": {"type": "string", "format": "uri-reference"},
            "$anchor": {"type": "string", "pattern": "^[A-Za-z_][-A-Za-z0-9._]*$"},
            "$dynamicAnchor": {"type": "string", "pattern": "^[A-Za-z_][-A-Za-z0-9._]*$"},
            "$vocabulary": {"type": "object", "propertyNames": {"type": "string", "format": "uri"},
                            "additionalProperties": {"type": "boolean"}},
            "$comment": \(text), "$defs": {"type": "object", "additionalProperties": \(schema)}
            """
        ),
        "meta/applicator": vocabulary(
            "applicator",
            """
            \(all(["allOf", "anyOf", "oneOf", "prefixItems"], schemas)),
            \(all(
                ["not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"],
                schema
            )),
            "properties": \(schemaMap), "dependentSchemas": \(schemaMap),
            "patternProperties": {"type": "object", "additionalProperties": \(schema),
                                  "propertyNames": {"format": "regex"}, "default": {}}
            """
        ),
        "meta/unevaluated": vocabulary(
            "unevaluated",
            all(["unevaluatedItems", "unevaluatedProperties"], schema)
        ),
        "meta/validation": vocabulary(
            "validation",
            """
            "type": {"anyOf": [{"$ref": "#/$defs/type"},
                {"type": "array", "items": {"$ref": "#/$defs/type"}, "minItems": 1, "uniqueItems": true}]},
            "const": true, "enum": {"type": "array", "items": true},
            "multipleOf": {"type": "number", "exclusiveMinimum": 0},
            \(all(["maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"], ##"{"type": "number"}"##)),
            \(all(
                [
                    "maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains", "maxProperties",
                    "minProperties",
                ],
                count
            )),
            "pattern": {"type": "string", "format": "regex"}, "uniqueItems": \(flag), "required": \(names),
            "dependentRequired": {"type": "object", "additionalProperties": \(names)}
            """,
            """
            "type": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
            """
        ),
        "meta/meta-data": vocabulary(
            "meta-data",
            """
            "title": \(text), "description": \(text), "default": true,
            \(all(["deprecated", "readOnly", "writeOnly"], flag)), "examples": {"type": "array", "items": true}
            """
        ),
        "meta/format-annotation": vocabulary("format-annotation", "\"format\": \(text)"),
        "meta/format-assertion": vocabulary("format-assertion", "\"format\": \(text)"),
        "meta/content": vocabulary(
            "content",
            "\"contentEncoding\": \(text), \"contentMediaType\": \(text), \"contentSchema\": \(schema)"
        ),
    ]
}
