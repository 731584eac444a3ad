public import Resources

extension Guardrail {
    /// Reads the guardrails among documents; other kinds are left to their own modules.
    ///
    /// - Throws: `ResourceError` with everything that is wrong in any of them.
    public static func load(_ documents: [Document]) throws -> [Guardrail] {
        try collectingDiagnostics(documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }) {
            try Guardrail($0)
        }
    }

    /// Reads one resource.
    ///
    /// - Throws: `ResourceError` at the first place that is wrong.
    public init(_ document: Document) throws {
        guard document.apiVersion == Self.apiVersion else {
            throw ResourceError(
                at: document.location,
                "unknown version `\(document.apiVersion)` of Guardrail; expected `\(Self.apiVersion)`"
            )
        }
        guard let spec = document.spec, !spec.isNull else {
            throw ResourceError(at: document.location, "a Guardrail needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "the spec of a Guardrail")
        let dialect = try fields.required("dialect") { value in
            Dialect(rawValue: try value.oneOf(Dialect.allCases.map(\.rawValue))) ?? .json
        }
        self.init(name: document.metadata.name, dialect: dialect)
        location = document.location
        if let methods = try fields.optional("methods", { try $0.list { try $0.oneOf(Self.knownMethods) } }) {
            self.methods = methods
        }
        if let body = try fields.optional("body", { try Body($0) }) { self.body = body }
        maximumMessages = try fields.optional("messages") { try Self.maximum($0, of: "messages") }
        maximumChoices = try fields.optional("choices") { try Self.maximum($0, of: "choices") }
        if let tokens = fields.value("tokens"), !tokens.isNull {
            var fields = try FieldReader(tokens, of: "tokens")
            maximumInputTokens = try fields.optional("input") { try $0.integer(in: 1...1_000_000_000) }
            maximumOutputTokens = try fields.optional("output") { try $0.integer(in: 1...1_000_000_000) }
            try fields.finish()
        }
        if let rules = try fields.optional("models", { try NameRules($0, of: "models") }) { models = rules }
        if let rules = try fields.optional("parameters", { try NameRules($0, of: "parameters") }) { parameters = rules }
        if let rules = try fields.optional("tools", { try NameRules($0, of: "tools") }) { tools = rules }
        if let schemas = fields.value("schema"), !schemas.isNull {
            var fields = try FieldReader(schemas, of: "schema")
            requestSchema = try fields.optional("request") { try GuardrailSchema($0) }
            responseSchema = try fields.optional("response") { try GuardrailSchema($0) }
            try fields.finish()
        }
        if let limits = try fields.optional("limits", { try $0.list { try UsageLimit($0) } }) { self.limits = limits }
        try readSections(&fields)
        try fields.finish()
    }

    private static let knownMethods = ["POST", "GET", "PUT", "DELETE", "HEAD", "PATCH"]

    private static func maximum(_ value: Value, of owner: String) throws -> Int {
        var fields = try FieldReader(value, of: owner)
        let maximum = try fields.required("maximum") { try $0.integer(in: 1...1_000_000) }
        try fields.finish()
        return maximum
    }
}

extension Guardrail.Body {
    fileprivate init(_ value: Value) throws {
        self.init()
        var fields = try FieldReader(value, of: "body")
        if let bytes = try fields.optional("maximum", { try Self.bytes($0) }) { maximum = bytes }
        if let depth = try fields.optional("depth", { try $0.integer(in: 1...512) }) { self.depth = depth }
        if let values = try fields.optional("values", { try $0.integer(in: 1...10_000_000) }) { self.values = values }
        if let word = try fields.optional("opaqueParts", { try $0.oneOf(["refuse", "allow"]) }) {
            allowsOpaqueParts = word == "allow"
        }
        try fields.finish()
    }

    /// A number of bytes, or text with `Ki` or `Mi`, as Kubernetes writes quantities.
    private static func bytes(_ value: Value) throws -> Int {
        let most = 64 << 20
        if case .number = value.content { return try value.integer(in: 1...most) }
        let text = try value.string()
        for (suffix, shift) in [("Ki", 10), ("Mi", 20)] where text.hasSuffix(suffix) {
            let digits = text.dropLast(2)
            guard (1...6).contains(digits.utf8.count), digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let count = Int(digits), (1...most).contains(count << shift)
            else { break }
            return count << shift
        }
        throw value.error(
            "expected a number of bytes of at most 64Mi, such as `65536`, `512Ki` or `4Mi`, found `\(text)`"
        )
    }
}

extension NameRules {
    fileprivate init(_ value: Value, of owner: String) throws {
        let names = { (value: Value) throws -> [String] in
            try value.list { element in
                let name = try element.string()
                guard (1...256).contains(name.utf8.count) else {
                    throw element.error("expected a name of 1 to 256 bytes, in which `*` stands for any characters")
                }
                return name
            }
        }
        var fields = try FieldReader(value, of: owner)
        self.init(allow: try fields.optional("allow", names), deny: try fields.optional("deny", names) ?? [])
        try fields.finish()
        guard !isEmpty else { throw value.error("`\(owner)` needs `allow` or `deny`") }
    }
}

extension GuardrailSchema {
    /// Reads a schema that stands in the resource: as a mapping, or as a text of JSON.
    fileprivate init(_ value: Value) throws {
        let text: [UInt8]
        if case .string(let json) = value.content { text = Array(json.utf8) } else { text = Array(value.json.utf8) }
        do { try self.init(text) } catch let error as JSONFailure {
            throw value.error("the schema is no JSON: \(error)")
        } catch let error as JSONSchemaError {
            throw value.error("the schema cannot be used: \(error)")
        }
    }
}

extension Value {
    /// The piece as JSON.
    fileprivate var json: String {
        switch content {
        case .null: return "null"
        case .bool(let flag): return "\(flag)"
        case .number(let text): return text
        case .string(let text): return Self.quoted(text)
        case .list(let elements): return "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .mapping(let entries):
            return "{" + entries.map { "\(Self.quoted($0.key)):\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var writer = JSONText()
        writer.quote(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
