public import Resources

/// What may go to a model, and what of its answers may come back: the resource of kind `Guardrail`.
///
/// A route of a `Gateway` names one. The body of each request is then read whole, by the rules of the dialect, before
/// the upstream is called.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: Guardrail
/// metadata: { name: chat }
/// spec:
///   dialect: openai
///   body: { maximum: 256Ki }
///   messages: { maximum: 64 }
///   tokens: { input: 8000, output: 1000 }
///   models: { allow: [gpt-4o-mini] }
///   tools: { deny: ["*"] }
///   limits:
///     - { per: [identity], requests: { count: 60, period: 1m, burst: 10 }, concurrent: 4 }
/// ```
public struct Guardrail: Hashable, Sendable {
    /// The API version of the resource.
    public static let apiVersion = "lapwing.dev/v1alpha1"
    /// The kind of the resource.
    public static let kind = "Guardrail"

    /// The name by which routes refer to it.
    public var name: String
    /// What the bodies are.
    public var dialect: Dialect
    /// The methods that are allowed.
    public var methods: [String]
    /// How large and deep a body may be, in bytes, levels and values.
    public var body: Body
    /// The messages, prompts, inputs or instances of a request.
    public var maximumMessages: Int?
    /// The answers that a request may ask for, over all its prompts.
    public var maximumChoices: Int?
    /// The tokens of the texts of a request, estimated as a quarter of their bytes.
    public var maximumInputTokens: Int?
    /// The tokens of one answer that a request may ask for; a request that says nothing is refused.
    public var maximumOutputTokens: Int?
    /// Which models may be asked for.
    public var models: NameRules
    /// Which members the body may have, outermost level.
    public var parameters: NameRules
    /// Which tools may be offered to the model, or called.
    public var tools: NameRules
    /// What the body has to be.
    public var requestSchema: GuardrailSchema?
    /// What the answer has to be.
    public var responseSchema: GuardrailSchema?
    /// What is done about instructions that do not belong where they stand.
    public var injection: InjectionSection?
    /// What of answers may come back.
    public var output: OutputSection?
    /// How much a caller may use.
    public var limits: [UsageLimit]
    /// Where the resource stands.
    public var location: SourceLocation

    /// How large and deep a body may be.
    public struct Body: Hashable, Sendable {
        /// The bytes.
        public var maximum: Int
        /// How many arrays and objects may stand in one another.
        public var depth: Int
        /// The values and keys.
        public var values: Int
        /// Whether there may be parts that hold no text that could be looked at.
        public var allowsOpaqueParts: Bool

        /// Limits.
        public init(maximum: Int = 1 << 20, depth: Int = 32, values: Int = 100_000, allowsOpaqueParts: Bool = false) {
            self.maximum = maximum
            self.depth = depth
            self.values = values
            self.allowsOpaqueParts = allowsOpaqueParts
        }
    }

    /// A guardrail that asks of bodies no more than that they are of the dialect.
    public init(name: String, dialect: Dialect) {
        self.name = name
        self.dialect = dialect
        self.methods = dialect.methods
        self.body = Body()
        self.models = NameRules()
        self.parameters = NameRules()
        self.tools = NameRules()
        self.limits = []
        self.location = SourceLocation(file: "-", line: 1, column: 1)
    }

    /// What reads its bodies.
    var reader: DialectReader {
        DialectReader(
            dialect,
            limits: JSONLimits(
                bytes: body.maximum,
                depth: body.depth,
                values: body.values,
                stringBytes: body.maximum
            ),
            allowsOpaqueParts: body.allowsOpaqueParts
        )
    }
}

/// A JSON Schema of a guardrail; two are equal where their texts are.
public struct GuardrailSchema: Hashable, Sendable {
    /// The text.
    public let text: [UInt8]
    /// The schema.
    public let schema: JSONSchema

    /// Reads a schema.
    ///
    /// - Throws: ``JSONFailure`` or ``JSONSchemaError``.
    public init(_ text: [UInt8]) throws {
        self.text = text
        self.schema = try JSONSchema(JSONDocument(text))
    }

    /// Whether the texts are equal.
    public static func == (left: Self, right: Self) -> Bool { left.text == right.text }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
