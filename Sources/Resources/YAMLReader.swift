import Yams

/// Turns YAML text into ``Value``s, within stated bounds.
enum YAMLReader {
    /// The most bytes that one file may have.
    static let maximumBytes = 4 << 20
    /// The most pieces that one file may expand to.
    static let maximumValues = 500_000
    /// The deepest nesting, in levels.
    static let maximumDepth = 64
    /// The most aliases (`*name`) in one file, so that a small file cannot expand without end.
    static let maximumAliases = 32

    /// The documents of a stream, empty ones left out.
    ///
    /// - Throws: ``ResourceError`` for text that is no YAML or exceeds a bound.
    static func read(_ text: String, file: String) throws -> [Value] {
        let start = SourceLocation(file: file, line: 1, column: 1)
        guard text.utf8.count <= maximumBytes else {
            throw ResourceError(at: start, "the file has \(text.utf8.count) bytes; at most \(maximumBytes) are read")
        }
        guard aliasCount(text) <= maximumAliases else {
            throw ResourceError(
                at: start,
                "the file uses more than \(maximumAliases) YAML aliases; write the values out"
            )
        }
        do {
            let parser = try Parser(yaml: text)
            var converter = Converter(file: file)
            var values: [Value] = []
            while let node = try parser.nextRoot() {
                let value = try converter.convert(node, depth: 0)
                if !value.isNull { values.append(value) }
            }
            return values
        } catch let error as YamlError {
            throw YAMLMistake(text: text, file: file).error(for: error)
        }
    }

    /// Counts what may be an alias: `*` at the beginning of a token, outside comment lines.
    private static func aliasCount(_ text: String) -> Int {
        // Each of these ends a line for the parser, and with it a comment.
        let breaks: Set<Unicode.Scalar> = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]
        var count = 0
        for line in text.unicodeScalars.split(whereSeparator: breaks.contains) {
            let content = line.drop { $0 == " " || $0 == "\u{feff}" }
            guard content.first != "#" else { continue }
            var before: Unicode.Scalar = " "
            var previous: Unicode.Scalar = " "
            for (index, scalar) in zip(content.indices, content) {
                defer { (before, previous) = (previous, scalar) }
                guard scalar == "*", begins(after: previous, before) else { continue }
                let next = content.index(after: index)
                // `{*}` and `{**}` in a path are no aliases.
                if next < content.endIndex, content[next] > " ", content[next] != "}", content[next] != "*" {
                    count += 1
                }
            }
        }
        return count
    }

    /// Whether a token may begin behind these two: the latter of them first.
    private static func begins(after previous: Unicode.Scalar, _ before: Unicode.Scalar) -> Bool {
        switch previous {
        case " ", "\t", "[", ",", "{": true
        // As in JSON, the value of a key in quotes needs no blank: `{"a":*b}`. `arn:aws:iam::*` is plain text.
        case ":": before == "\"" || before == "'" || before == "]" || before == "}"
        default: false
        }
    }
}

/// Copies a parsed tree, counting as it goes.
private struct Converter {
    let file: String
    var count = 0

    mutating func convert(_ node: Node, depth: Int) throws -> Value {
        let location = SourceLocation(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        count += 1
        guard count <= YAMLReader.maximumValues else {
            throw ResourceError(at: location, "the file expands to more than \(YAMLReader.maximumValues) values")
        }
        guard depth <= YAMLReader.maximumDepth else {
            throw ResourceError(at: location, "nested more than \(YAMLReader.maximumDepth) levels deep")
        }
        switch node {
        case .scalar(let scalar):
            return Value(scalar.style == .plain ? Self.resolve(scalar.string) : .string(scalar.string), at: location)
        case .sequence(let sequence):
            return Value(.list(try sequence.map { try convert($0, depth: depth + 1) }), at: location)
        case .mapping(let mapping):
            let entries = try mapping.map { key, value in
                guard case .scalar(let scalar) = key else {
                    throw ResourceError(
                        at: location,
                        "a key must be plain text; a template such as `{{ .Values.name }}` has to be rendered first"
                    )
                }
                let keyLocation = SourceLocation(
                    file: file,
                    line: key.mark?.line ?? location.line,
                    column: key.mark?.column ?? location.column
                )
                guard scalar.style != .plain || scalar.string != "<<" else {
                    throw ResourceError(
                        at: keyLocation,
                        "merging by `<<` is not read; write the fields out, or let an alias stand for a whole value"
                    )
                }
                return Value.Entry(
                    key: scalar.string,
                    keyLocation: keyLocation,
                    value: try convert(value, depth: depth + 1)
                )
            }
            return Value(.mapping(entries), at: location)
        case .alias:
            throw ResourceError(at: location, "an alias that names nothing")
        }
    }

    /// Types a plain scalar as Kubernetes does.
    private static func resolve(_ text: String) -> Value.Content {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return isNumber(text) ? .number(text) : .string(text)
        }
    }

    /// Whether a plain scalar is a decimal number, whole or not (YAML 1.2 core schema).
    private static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        guard !whole.isEmpty else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            rest = rest.drop(while: isDigit)
        }
        if let exponent = rest.first, exponent | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard let digit = rest.first, isDigit(digit) else { return false }
            rest = rest.drop(while: isDigit)
        }
        return rest.isEmpty
    }
}
