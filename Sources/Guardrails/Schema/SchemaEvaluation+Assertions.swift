/// What a schema asks of one value alone (JSON Schema 2020-12, Validation §6).
extension SchemaEvaluation {
    mutating func checkAssertion(
        _ keyword: SchemaKeyword,
        of node: SchemaNode,
        _ value: JSONValue
    ) throws(Stop) -> Bool {
        switch keyword {
        case .never: return fail(node, "", value, "nothing is allowed here")
        case .type(let types):
            return types.contains(value)
                || fail(
                    node,
                    "type",
                    value,
                    "expected \(types.names.joined(separator: " or ")), found \(value.kind.name)"
                )
        case .enumeration(let values, let shown):
            try spend(value.range.count / 16)
            return values.contains(value.canonical)
                || fail(node, "enum", value, "expected one of \(shown), found another \(value.kind.name)")
        case .constant(let bytes, let shown):
            try spend(value.range.count / 16)
            return value.canonical == bytes
                || fail(node, "const", value, "expected \(shown), found another \(value.kind.name)")
        case .multipleOf(let divisor):
            guard let number = value.number else { return true }
            return number.isMultiple(of: divisor) == true
                || fail(node, "multipleOf", value, "expected a multiple of \(divisor), found \(number)")
        case .maximum(let limit, let isExclusive):
            guard let number = value.number else { return true }
            return number < limit || !isExclusive && number == limit
                || fail(
                    node,
                    isExclusive ? "exclusiveMaximum" : "maximum",
                    value,
                    "expected a number \(isExclusive ? "below" : "of at most") \(limit), found \(number)"
                )
        case .minimum(let limit, let isExclusive):
            guard let number = value.number else { return true }
            return limit < number || !isExclusive && number == limit
                || fail(
                    node,
                    isExclusive ? "exclusiveMinimum" : "minimum",
                    value,
                    "expected a number \(isExclusive ? "above" : "of at least") \(limit), found \(number)"
                )
        case .maxLength(let limit):
            guard let length = try length(of: value) else { return true }
            return length <= limit
                || fail(node, "maxLength", value, "expected at most \(limit) characters, found \(length)")
        case .minLength(let limit):
            guard let length = try length(of: value) else { return true }
            return length >= limit
                || fail(node, "minLength", value, "expected at least \(limit) characters, found \(length)")
        case .pattern(let expression):
            guard value.kind == .string else { return true }
            try spend(value.range.count / 16)
            guard let text = value.string else { return true }
            return try matches(expression, text.unicodeScalars.map(\.value))
                || fail(node, "pattern", value, "expected a text that matches `\(expression.pattern)`")
        case .format(let format):
            guard let text = value.string else { return true }
            try spend(text.utf8.count)
            return format.holds(of: text)
                || fail(node, "format", value, "expected a text of the format `\(format.rawValue)`")
        case .maxItems(let limit):
            guard value.kind == .array else { return true }
            return value.count <= limit
                || fail(node, "maxItems", value, "expected at most \(limit) elements, found \(value.count)")
        case .minItems(let limit):
            guard value.kind == .array else { return true }
            return value.count >= limit
                || fail(node, "minItems", value, "expected at least \(limit) elements, found \(value.count)")
        case .uniqueItems: return try checkUnique(node, value)
        case .maxProperties(let limit):
            guard value.kind == .object else { return true }
            return value.count <= limit
                || fail(node, "maxProperties", value, "expected at most \(limit) members, found \(value.count)")
        case .minProperties(let limit):
            guard value.kind == .object else { return true }
            return value.count >= limit
                || fail(node, "minProperties", value, "expected at least \(limit) members, found \(value.count)")
        case .required(let names):
            guard value.kind == .object else { return true }
            guard let missing = try firstMissing(names, in: value) else { return true }
            return fail(node, "required", value, "expected a member `\(String(decoding: missing, as: UTF8.self))`")
        case .dependentRequired(let keyword, let dependencies):
            return try checkDependencies(keyword, dependencies, node, value)
        default: return true
        }
    }

    /// The characters of a string, as Unicode counts them.
    private mutating func length(of value: JSONValue) throws(Stop) -> Int? {
        guard value.kind == .string else { return nil }
        try spend(value.range.count / 16)
        guard value.isEscaped else {
            return value.document.bytes[value.range].reduce(-2) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        }
        return value.string?.unicodeScalars.count
    }

    private mutating func checkUnique(_ node: SchemaNode, _ value: JSONValue) throws(Stop) -> Bool {
        guard value.kind == .array, value.count > 1 else { return true }
        try spend(value.range.count / 16)
        var seen = Set<[UInt8]>(minimumCapacity: value.count)
        for (place, element) in value.elements.enumerated() where !seen.insert(element.canonical).inserted {
            return fail(
                node,
                "uniqueItems",
                value,
                "expected no two elements that are equal, found one more at \(place)"
            )
        }
        return true
    }

    private mutating func firstMissing(_ names: [[UInt8]], in value: JSONValue) throws(Stop) -> [UInt8]? {
        try spend(names.count + value.count)
        if names.count <= 4 || value.count <= 4 {
            return names.first { name in !value.members.contains { $0.key.isBytes(name) } }
        }
        let present = Set(value.members.map { $0.key.utf8 ?? [] })
        return names.first { !present.contains($0) }
    }

    private mutating func checkDependencies(
        _ keyword: String,
        _ dependencies: [[UInt8]: [[UInt8]]],
        _ node: SchemaNode,
        _ value: JSONValue
    ) throws(Stop) -> Bool {
        for (key, _) in value.members {
            try spend(1)
            guard let names = dependencies[key.utf8 ?? []], let missing = try firstMissing(names, in: value) else {
                continue
            }
            return fail(
                node,
                keyword,
                value,
                "expected a member `\(String(decoding: missing, as: UTF8.self))` beside `\(key.string ?? "")`"
            )
        }
        return true
    }
}
