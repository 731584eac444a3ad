/// A condition of a row-level security policy, as PostgreSQL writes it, decided for one session and one row.
///
/// What is not understood is unknown, and so is whatever hangs on it.
struct RowExpression {
    /// A value, as far as it is known.
    enum Value: Hashable {
        case bool(Bool)
        case text(String)
        case list([String])
        case null
        case unknown
    }

    /// What a name stands for: a column, or who asks.
    var names: [String: Value] = [:]
    /// What a function without arguments answers.
    var functions: [String: Value] = [:]

    /// Whether a condition holds; nil where that is not known.
    func holds(_ text: String) -> Bool? {
        var parser = RowExpressionParser(SQLTokens(text).tokens)
        guard let node = parser.expression(), parser.isAtEnd else { return nil }
        switch value(node) {
        case .bool(let flag): return flag
        case .unknown: return nil
        case .null, .text, .list: return false
        }
    }

    private func value(_ node: RowExpressionParser.Node) -> Value {
        switch node {
        case .constant(let value): value
        case .name(let name): names[name] ?? .unknown
        case .call(let name, let arguments): call(name, arguments.map(value))
        case .and(let nodes): Self.all(nodes.map(value))
        case .or(let nodes): Self.negated(Self.all(nodes.map { Self.negated(value($0)) }))
        case .not(let node): Self.negated(value(node))
        case .comparison(let operation, let left, let right, let isAny):
            Self.compare(operation, value(left), value(right), isAny: isAny)
        case .list(let nodes): Self.list(nodes.map(value))
        case .array(let node): if case .text(let text) = value(node) { .list(Self.elements(text)) } else { value(node) }
        case .unknown: .unknown
        }
    }

    private func call(_ name: String, _ arguments: [Value]) -> Value {
        if arguments.isEmpty { return functions[name] ?? .unknown }
        guard name == "cardinality" || name == "array_length", case .list(let elements) = arguments[0] else {
            return .unknown
        }
        return .text("\(elements.count)")
    }

    /// What comes of several values that all have to hold: one that does not decides, then one that is not known, then NULL.
    private static func all(_ values: [Value]) -> Value {
        if values.contains(.bool(false)) { return .bool(false) }
        // NULL is neither: what is not known may decide beside it.
        guard values.allSatisfy({ $0 == .bool(true) || $0 == .null }) else { return .unknown }
        return values.contains(.null) ? .null : .bool(true)
    }

    private static func negated(_ value: Value) -> Value {
        switch value {
        case .bool(let flag): .bool(!flag)
        case .null: .null
        case .text, .list, .unknown: .unknown
        }
    }

    private static func list(_ values: [Value]) -> Value {
        var texts: [String] = []
        for value in values {
            guard case .text(let text) = value else { return .unknown }
            texts.append(text)
        }
        return .list(texts)
    }

    private static func compare(_ operation: String, _ left: Value, _ right: Value, isAny: Bool) -> Value {
        if left == .null || right == .null { return .null }
        switch (left, right) {
        case (.text(let text), .list(let elements)) where isAny && operation == "=":
            return .bool(elements.contains(text))
        case (.text(let one), .text(let other)) where !isAny:
            switch operation {
            case "=": return .bool(one == other)
            case "<>", "!=": return .bool(one != other)
            default: break
            }
            guard let one = Int(one), let other = Int(other) else { return .unknown }
            switch operation {
            case "<": return .bool(one < other)
            case "<=": return .bool(one <= other)
            case ">": return .bool(one > other)
            case ">=": return .bool(one >= other)
            default: return .unknown
            }
        case (.list(let one), .list(let other)) where !isAny:
            switch operation {
            case "=": return .bool(one == other)
            case "<@": return .bool(Set(one).isSubset(of: other))
            case "@>": return .bool(Set(one).isSuperset(of: other))
            case "&&": return .bool(!Set(one).isDisjoint(with: other))
            default: return .unknown
            }
        case (.bool(let one), .bool(let other)) where !isAny:
            switch operation {
            case "=": return .bool(one == other)
            case "<>", "!=": return .bool(one != other)
            default: return .unknown
            }
        default: return .unknown
        }
    }

    /// The elements of an array's text form.
    private static func elements(_ text: String) -> [String] {
        guard text.hasPrefix("{"), text.hasSuffix("}"), text.utf8.count > 2 else { return [] }
        var elements: [String] = []
        var element = ""
        var isQuoted = false
        var isEscaped = false
        for character in text.dropFirst().dropLast().unicodeScalars {
            switch character {
            case _ where isEscaped:
                element.unicodeScalars.append(character)
                isEscaped = false
            case "\\": isEscaped = true
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                elements.append(element)
                element = ""
            default: element.unicodeScalars.append(character)
            }
        }
        return elements + [element]
    }
}
