/// Reads the members of one object of a body, and knows, at the end, which nobody asked for.
struct RequestFields {
    let value: JSONValue
    let path: JSONPath
    private var known: Set<String> = []

    init(_ value: JSONValue, at path: JSONPath, _ what: String = "an object") throws(DialectRefusal) {
        guard value.kind == .object else { throw value.refusal(at: path, "expected \(what), found \(value.kind.name)") }
        self.value = value
        self.path = path
    }

    /// A member, or nil where it is absent or null.
    mutating func take(_ name: String) -> JSONValue? {
        known.insert(name)
        guard let value = value[name], !value.isNull else { return nil }
        return value
    }

    mutating func need(_ name: String) throws(DialectRefusal) -> JSONValue {
        guard let value = take(name) else {
            throw DialectRefusal(
                rule: "missing_field",
                path: path.appending(name).text,
                range: value.range,
                message: "`\(name)` is missing"
            )
        }
        return value
    }

    mutating func string(_ name: String) throws(DialectRefusal) -> String? {
        guard let value = take(name) else { return nil }
        guard let text = value.string else {
            throw value.refusal(at: path.appending(name), "expected a string, found \(value.kind.name)")
        }
        return text
    }

    mutating func bool(_ name: String) throws(DialectRefusal) -> Bool {
        guard let value = take(name) else { return false }
        guard let flag = value.bool else {
            throw value.refusal(at: path.appending(name), "expected a boolean, found \(value.kind.name)")
        }
        return flag
    }

    mutating func count(_ name: String, from least: Int = 0) throws(DialectRefusal) -> Int? {
        guard let value = take(name) else { return nil }
        guard let number = value.integer, number >= least else {
            throw value.refusal(at: path.appending(name), "expected a whole number of at least \(least)")
        }
        return number
    }

    /// The elements of an array with their places; none where it is absent.
    mutating func list(_ name: String) throws(DialectRefusal) -> [(value: JSONValue, path: JSONPath)] {
        guard let value = take(name) else { return [] }
        return try value.list(at: path.appending(name))
    }

    /// Members that need no reading, numbers and the like; texts in them are taken in all the same.
    mutating func expect(_ names: String...) {
        known.formUnion(names)
        passed.formUnion(names)
    }

    private var passed: Set<String> = []

    /// A name as a reader takes it that looks at no case; to some the long s (U+017F) is an s.
    private static func folded(_ name: String) -> String {
        name.lowercased().replacing("\u{17F}", with: "s")
    }

    /// Ends the reading: what nobody asked for is looked through for texts, which count as the user's.
    ///
    /// A name that another reader could take for one of ours, since it looks at no case, is refused.
    func finish(_ request: inout RequestReading, as channel: TextChannel = .user) throws(DialectRefusal) {
        for (key, member) in value.members {
            guard let name = key.string else { continue }
            if known.contains(name) {
                if passed.contains(name) { request.takeAll(member, as: channel) }
                continue
            }
            let folded = Self.folded(name)
            if let twin = known.first(where: { Self.folded($0) == folded }) {
                throw DialectRefusal(
                    rule: "ambiguous_field",
                    path: path.appending(name).text,
                    range: key.range,
                    message: "a field differs from `\(twin)` in case alone"
                )
            }
            request.takeKey(key, as: channel)
            request.takeAll(member, as: channel)
        }
    }
}

extension JSONValue {
    /// A refusal at this value.
    func refusal(_ rule: String = "invalid_field", at path: JSONPath, _ message: String) -> DialectRefusal {
        DialectRefusal(rule: rule, path: path.text, range: range, message: message)
    }

    /// The elements of what has to be an array, with their places.
    func list(at path: JSONPath) throws(DialectRefusal) -> [(value: JSONValue, path: JSONPath)] {
        guard kind == .array else { throw refusal(at: path, "expected an array, found \(kind.name)") }
        return elements.enumerated().map { ($0.element, path.appending($0.offset)) }
    }
}
