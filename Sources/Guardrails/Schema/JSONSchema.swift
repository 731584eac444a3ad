/// A JSON Schema of draft 2020-12, read and ready to hold values against.
///
/// A schema may come from anybody: reading it is bounded, no reference is ever fetched, and holding a value against it
/// takes no more steps and no more depth than are allowed. Where these do not do, the verdict is a refusal.
///
/// ```swift
/// let schema = try JSONSchema(try JSONDocument(#"{"type": "object", "required": ["model"]}"#))
/// schema.verdict(on: try JSONDocument(body).root)
/// ```
public struct JSONSchema: Sendable {
    /// How a schema is read.
    public struct Options: Sendable {
        /// The URI of the schema, to which its references are relative, where it says none itself.
        public var baseURI: String
        /// Whether `format` is asked of strings; without it `format` is a remark, as the draft has it by default.
        public var assertsFormats: Bool
        /// Other schemas that may be referred to, by URI.
        public var others: [String: JSONDocument]
        /// The schemas in all, those within others counted.
        public var maximumSchemas: Int
        /// The steps of all regular expressions, repetitions written out.
        public var maximumExpressionSteps: Int

        /// Options.
        public init(
            baseURI: String = "",
            assertsFormats: Bool = true,
            others: [String: JSONDocument] = [:],
            maximumSchemas: Int = 20_000,
            maximumExpressionSteps: Int = 200_000
        ) {
            self.baseURI = baseURI
            self.assertsFormats = assertsFormats
            self.others = others
            self.maximumSchemas = maximumSchemas
            self.maximumExpressionSteps = maximumExpressionSteps
        }
    }

    /// What holding a value against a schema may cost.
    public struct Bounds: Sendable {
        /// Steps: schemas tried, members looked at, and steps of regular expressions.
        public var steps: Int
        /// Schemas in one another, references included.
        public var depth: Int
        /// The violations that are reported.
        public var violations: Int

        /// Bounds.
        public init(steps: Int = 20_000_000, depth: Int = 384, violations: Int = 8) {
            self.steps = steps
            self.depth = depth
            self.violations = violations
        }
    }

    let program: SchemaProgram

    /// Reads a schema.
    ///
    /// - Throws: ``JSONSchemaError`` at the first place that is wrong.
    public init(_ document: JSONDocument, options: Options = Options()) throws(JSONSchemaError) {
        var compiler = SchemaCompiler(options)
        self.program = try compiler.compile(document.root)
    }

    /// Reads a schema that stands within another document, such as the parameters of a tool.
    ///
    /// - Throws: ``JSONSchemaError`` at the first place that is wrong.
    public init(_ value: JSONValue, options: Options = Options()) throws(JSONSchemaError) {
        var compiler = SchemaCompiler(options)
        self.program = try compiler.compile(value)
    }

    /// Holds a value against the schema.
    public func verdict(on value: JSONValue, bounds: Bounds = Bounds()) -> SchemaVerdict {
        var evaluation = SchemaEvaluation(program, bounds)
        return evaluation.run(value)
    }
}
