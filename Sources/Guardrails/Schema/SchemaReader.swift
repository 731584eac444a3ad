/// Reads the values of a schema's keywords.
struct SchemaReader {
    let value: JSONValue
    private let location: String

    init(_ value: JSONValue, _ location: String) {
        self.value = value
        self.location = location
    }

    func failure(_ keyword: String, _ value: JSONValue, _ message: String) -> JSONSchemaError {
        JSONSchemaError(
            code: .invalidKeyword,
            location: "\(location)/\(keyword)",
            message: message,
            offset: value.range.lowerBound
        )
    }

    /// The assertions of the validation vocabulary (Validation §6), without what is asked of `contains`.
    func assertions() throws(JSONSchemaError) -> [SchemaKeyword] {
        var keywords: [SchemaKeyword] = []
        if let types = try types() { keywords.append(.type(types)) }
        if let values = value["enum"] {
            guard values.kind == .array else { throw failure("enum", values, "expected an array") }
            let shown = values.elements.prefix(8).map(Self.shown).joined(separator: ", ")
            keywords.append(
                .enumeration(Set(values.elements.map(\.canonical)), shown: shown + (values.count > 8 ? ", …" : ""))
            )
        }
        if let constant = value["const"] { keywords.append(.constant(constant.canonical, shown: Self.shown(constant))) }
        if let number = try number("multipleOf") {
            guard JSONNumber.zero < number, number.digits.count <= 38 else {
                throw failure("multipleOf", value, "expected a number above zero, of at most 38 digits")
            }
            keywords.append(.multipleOf(number))
        }
        for (name, isExclusive) in [("maximum", false), ("exclusiveMaximum", true)] {
            if let number = try number(name) { keywords.append(.maximum(number, isExclusive: isExclusive)) }
        }
        for (name, isExclusive) in [("minimum", false), ("exclusiveMinimum", true)] {
            if let number = try number(name) { keywords.append(.minimum(number, isExclusive: isExclusive)) }
        }
        let counts: [(String, (Int) -> SchemaKeyword)] = [
            ("maxLength", SchemaKeyword.maxLength), ("minLength", SchemaKeyword.minLength),
            ("maxItems", SchemaKeyword.maxItems), ("minItems", SchemaKeyword.minItems),
            ("maxProperties", SchemaKeyword.maxProperties), ("minProperties", SchemaKeyword.minProperties),
        ]
        for (name, make) in counts {
            if let count = try count(name) { keywords.append(make(count)) }
        }
        if let pattern = value["pattern"] { keywords.append(.pattern(try expression(pattern, "pattern"))) }
        if let isUnique = value["uniqueItems"] {
            guard let isUnique = isUnique.bool else { throw failure("uniqueItems", isUnique, "expected a boolean") }
            if isUnique { keywords.append(.uniqueItems) }
        }
        if let required = value["required"] { keywords.append(.required(try names(required, "required"))) }
        var dependencies: [[UInt8]: [[UInt8]]] = [:]
        for (key, names) in try object("dependentRequired") {
            dependencies[key.utf8 ?? []] = try self.names(names, "dependentRequired")
        }
        if !dependencies.isEmpty { keywords.append(.dependentRequired("dependentRequired", dependencies)) }
        return keywords
    }

    private func types() throws(JSONSchemaError) -> TypeSet? {
        guard let type = value["type"] else { return nil }
        var types = TypeSet()
        for name in type.kind == .array ? Array(type.elements) : [type] {
            guard let text = name.string, types.insert(text) else {
                throw failure("type", name, "expected the name of a type")
            }
        }
        return types
    }

    private func number(_ name: String) throws(JSONSchemaError) -> JSONNumber? {
        guard let number = value[name] else { return nil }
        guard let read = number.number else { throw failure(name, number, "expected a number") }
        return read
    }

    /// A whole number of zero or more; what is larger than any length counts as the largest.
    func count(_ name: String) throws(JSONSchemaError) -> Int? {
        guard let number = try number(name) else { return nil }
        guard number.isInteger, !number.isNegative else {
            throw failure(name, value, "expected a whole number of zero or more")
        }
        return number.integer ?? .max
    }

    func list(_ name: String) throws(JSONSchemaError) -> [JSONValue]? {
        guard let list = value[name] else { return nil }
        guard list.kind == .array, list.count > 0 else { throw failure(name, list, "expected an array of schemas") }
        return Array(list.elements)
    }

    func object(_ name: String) throws(JSONSchemaError) -> [(key: JSONValue, value: JSONValue)] {
        guard let object = value[name] else { return [] }
        guard object.kind == .object else { throw failure(name, object, "expected an object") }
        return Array(object.members)
    }

    func names(_ value: JSONValue, _ keyword: String) throws(JSONSchemaError) -> [[UInt8]] {
        guard value.kind == .array else { throw failure(keyword, value, "expected an array of names") }
        var names: [[UInt8]] = []
        for element in value.elements {
            guard let name = element.utf8 else { throw failure(keyword, element, "expected a name") }
            names.append(name)
        }
        return names
    }

    func expression(_ value: JSONValue, _ keyword: String) throws(JSONSchemaError) -> LinearExpression {
        guard let text = value.string else { throw failure(keyword, value, "expected a string") }
        do {
            return try LinearExpression(text)
        } catch {
            throw JSONSchemaError(
                code: .invalidExpression,
                location: "\(location)/\(keyword)",
                message: "\(error)",
                offset: value.range.lowerBound
            )
        }
    }

    /// A value of a schema as messages show it.
    private static func shown(_ value: JSONValue) -> String {
        let bytes = value.document.bytes[value.range]
        return bytes.count <= 60
            ? "`\(String(decoding: bytes, as: UTF8.self))`" : "a certain \(value.kind.name) of \(bytes.count) bytes"
    }
}
