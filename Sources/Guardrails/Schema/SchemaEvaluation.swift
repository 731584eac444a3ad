/// Holds one value against one program.
struct SchemaEvaluation {
    /// Why nothing can be said.
    struct Stop: Error {
        let message: String
    }

    /// Which elements or members of a value were looked at, by place; kept only where a schema asks for it.
    struct Evaluated {
        var places: [Bool]

        init(_ value: JSONValue) {
            places = Array(repeating: false, count: value.count)
        }

        mutating func merge(_ other: Evaluated) {
            for place in places.indices where other.places[place] { places[place] = true }
        }
    }

    private let program: SchemaProgram
    private let bounds: JSONSchema.Bounds
    private var steps: Int
    private var depth = 0
    /// The resources that were entered, outermost first.
    private var scope: [Int] = []
    private var path: [String] = []
    private var violations: [SchemaViolation] = []
    /// Whether violations are of no interest: another branch may hold.
    private var isQuiet = 0

    init(_ program: SchemaProgram, _ bounds: JSONSchema.Bounds) {
        self.program = program
        self.bounds = bounds
        self.steps = bounds.steps
    }

    mutating func run(_ value: JSONValue) -> SchemaVerdict {
        do throws(Stop) {
            var unneeded: Evaluated?
            if try holds(0, value, &unneeded) { return .valid }
            return .invalid(violations)
        } catch {
            return .undecided(error.message)
        }
    }

    // MARK: One schema

    private mutating func holds(_ index: Int, _ value: JSONValue, _ evaluated: inout Evaluated?) throws(Stop) -> Bool {
        try spend(1)
        depth += 1
        defer { depth -= 1 }
        guard depth <= bounds.depth else {
            throw Stop(message: "schemas refer to one another more than \(bounds.depth) deep")
        }
        let node = program.nodes[index]
        let entersResource = scope.last != node.resource
        if entersResource { scope.append(node.resource) }
        defer { if entersResource { scope.removeLast() } }
        let needsOwn =
            evaluated == nil
            && node.keywords.contains {
                switch $0 {
                case .unevaluatedItems: value.kind == .array
                case .unevaluatedProperties: value.kind == .object
                default: false
                }
            }
        var own = needsOwn ? Evaluated(value) : nil
        if needsOwn { return try holds(node, value, &own) }
        return try holds(node, value, &evaluated)
    }

    private mutating func holds(
        _ node: SchemaNode,
        _ value: JSONValue,
        _ evaluated: inout Evaluated?
    ) throws(Stop) -> Bool {
        var isValid = true
        for keyword in node.keywords {
            guard try check(keyword, of: node, value, &evaluated) else {
                isValid = false
                if isQuiet > 0 || violations.count >= bounds.violations { return false }
                continue
            }
        }
        return isValid
    }

    private mutating func check(
        _ keyword: SchemaKeyword,
        of node: SchemaNode,
        _ value: JSONValue,
        _ evaluated: inout Evaluated?
    ) throws(Stop) -> Bool {
        switch keyword {
        case .never, .type, .enumeration, .constant, .multipleOf, .maximum, .minimum, .maxLength, .minLength, .pattern,
            .format, .maxItems, .minItems, .uniqueItems, .maxProperties, .minProperties, .required, .dependentRequired:
            return try checkAssertion(keyword, of: node, value)
        case .reference(let target): return try holds(target, value, &evaluated)
        case .dynamicReference(let target, let anchor):
            var target = target
            for resource in scope {
                guard let found = program.dynamicAnchors[resource][anchor] else { continue }
                target = found
                break
            }
            return try holds(target, value, &evaluated)
        case .allOf(let parts):
            var isValid = true
            for part in parts where try !holds(part, value, &evaluated) {
                isValid = false
                if isQuiet > 0 { return false }
            }
            return isValid
        case .anyOf(let parts):
            var count = 0
            for part in parts where try quietly(part, value, &evaluated) {
                count += 1
                // Where nobody asks what was looked at, one is enough.
                if evaluated == nil { break }
            }
            return count > 0
                || fail(node, "anyOf", value, "expected one of \(parts.count) alternatives, and none holds")
        case .oneOf(let parts):
            var count = 0
            let before = evaluated
            for part in parts where try quietly(part, value, &evaluated) {
                count += 1
                if count > 1 { break }
            }
            if count != 1 { evaluated = before }
            return count == 1
                || fail(
                    node,
                    "oneOf",
                    value,
                    "expected exactly one of \(parts.count) alternatives, and \(count == 0 ? "none" : "more than one") holds"
                )
        case .not(let part):
            var unneeded: Evaluated?
            return try !quietly(part, value, &unneeded)
                || fail(node, "not", value, "the value is what the schema does not want")
        case .conditional(let condition, let then, let otherwise):
            if try quietly(condition, value, &evaluated) {
                return try then.map { (part) throws(Stop) in try holds(part, value, &evaluated) } ?? true
            }
            return try otherwise.map { (part) throws(Stop) in try holds(part, value, &evaluated) } ?? true
        case .dependentSchemas(_, let parts):
            var isValid = true
            for (key, _) in value.members {
                try spend(1)
                guard let part = parts[key.utf8 ?? []] else { continue }
                if try !holds(part, value, &evaluated) { isValid = false }
            }
            return isValid
        case .items(let prefix, let rest): return try checkItems(prefix, rest, value, &evaluated)
        case .contains(let part, let least, let most):
            return try checkContains(part, least, most, of: node, value, &evaluated)
        case .properties(let properties, let patterns, let additional):
            return try checkProperties(properties, patterns, additional, value, &evaluated)
        case .propertyNames(let part):
            var isValid = true
            for (key, _) in value.members {
                var unneeded: Evaluated?
                path.append(key.string ?? "")
                if try !holds(part, key, &unneeded) { isValid = false }
                path.removeLast()
            }
            return isValid
        case .unevaluatedItems(let part):
            guard value.kind == .array else { return true }
            return try checkRest(part, value.elements.enumerated().map { ("\($0.offset)", $0.element) }, &evaluated)
        case .unevaluatedProperties(let part):
            guard value.kind == .object else { return true }
            return try checkRest(part, value.members.map { ($0.key.string ?? "", $0.value) }, &evaluated)
        }
    }

    /// Tries a schema whose violations are nobody's business; what it looked at counts where it holds.
    private mutating func quietly(_ part: Int, _ value: JSONValue, _ evaluated: inout Evaluated?) throws(Stop) -> Bool {
        isQuiet += 1
        defer { isQuiet -= 1 }
        guard evaluated != nil else { return try holds(part, value, &evaluated) }
        try spend(value.count)
        var own: Evaluated? = Evaluated(value)
        guard try holds(part, value, &own) else { return false }
        if let own { evaluated?.merge(own) }
        return true
    }

    // MARK: What is in a value

    private mutating func inner(_ part: Int, _ value: JSONValue, at step: String) throws(Stop) -> Bool {
        path.append(step)
        defer { path.removeLast() }
        var unneeded: Evaluated?
        return try holds(part, value, &unneeded)
    }

    private mutating func checkItems(
        _ prefix: [Int],
        _ rest: Int?,
        _ value: JSONValue,
        _ evaluated: inout Evaluated?
    ) throws(Stop) -> Bool {
        guard value.kind == .array else { return true }
        var isValid = true
        var place = 0
        for element in value.elements {
            guard let part = place < prefix.count ? prefix[place] : rest else { break }
            if try !inner(part, element, at: "\(place)") {
                isValid = false
                if isQuiet > 0 { return false }
            }
            evaluated?.places[place] = true
            place += 1
        }
        return isValid
    }

    private mutating func checkContains(
        _ part: Int,
        _ least: Int,
        _ most: Int?,
        of node: SchemaNode,
        _ value: JSONValue,
        _ evaluated: inout Evaluated?
    ) throws(Stop) -> Bool {
        guard value.kind == .array else { return true }
        var count = 0
        isQuiet += 1
        defer { isQuiet -= 1 }
        for (place, element) in value.elements.enumerated() {
            guard try inner(part, element, at: "\(place)") else { continue }
            count += 1
            evaluated?.places[place] = true
        }
        isQuiet -= 1
        defer { isQuiet += 1 }
        if count < least {
            return fail(node, "contains", value, "expected at least \(least) matching elements, found \(count)")
        }
        if let most, count > most {
            return fail(node, "maxContains", value, "expected at most \(most) matching elements, found \(count)")
        }
        return true
    }

    private mutating func checkProperties(
        _ properties: [[UInt8]: Int],
        _ patterns: [(LinearExpression, Int)],
        _ additional: Int?,
        _ value: JSONValue,
        _ evaluated: inout Evaluated?
    ) throws(Stop) -> Bool {
        guard value.kind == .object else { return true }
        var isValid = true
        for (place, member) in value.members.enumerated() {
            let (key, value) = member
            try spend(1)
            var wasLookedAt = false
            let name = key.utf8 ?? []
            if let part = properties[name] {
                wasLookedAt = true
                if try !inner(part, value, at: key.string ?? "") { isValid = false }
            }
            if !patterns.isEmpty {
                let scalars = (key.string ?? "").unicodeScalars.map(\.value)
                for (pattern, part) in patterns where try matches(pattern, scalars) {
                    wasLookedAt = true
                    if try !inner(part, value, at: key.string ?? "") { isValid = false }
                }
            }
            if !wasLookedAt, let additional {
                wasLookedAt = true
                if try !inner(additional, value, at: key.string ?? "") { isValid = false }
            }
            if wasLookedAt { evaluated?.places[place] = true }
            if !isValid, isQuiet > 0 { return false }
        }
        return isValid
    }

    /// What nobody has looked at.
    private mutating func checkRest(
        _ part: Int,
        _ values: [(String, JSONValue)],
        _ evaluated: inout Evaluated?
    ) throws(Stop) -> Bool {
        var isValid = true
        for (place, (step, element)) in values.enumerated() where evaluated?.places[place] != true {
            if try !inner(part, element, at: step) { isValid = false }
            evaluated?.places[place] = true
        }
        return isValid
    }

    // MARK: Steps, and what does not hold

    mutating func spend(_ count: Int) throws(Stop) {
        steps -= count
        guard steps >= 0 else { throw Stop(message: "the schema asks for more than \(bounds.steps) steps") }
    }

    mutating func matches(_ expression: LinearExpression, _ text: [UInt32]) throws(Stop) -> Bool {
        try spend(text.count)
        guard let matches = expression.matches(text, steps: &steps) else {
            throw Stop(message: "the schema asks for more than \(bounds.steps) steps")
        }
        return matches
    }

    mutating func fail(
        _ node: SchemaNode,
        _ keyword: String,
        _ value: JSONValue,
        _ message: @autoclosure () -> String
    ) -> Bool {
        guard isQuiet == 0, violations.count < bounds.violations else { return false }
        violations.append(
            SchemaViolation(
                instance: path.map { "/" + JSONPointer.escaped($0) }.joined(),
                range: value.range,
                schema: keyword.isEmpty ? node.location : "\(node.location)/\(keyword)",
                message: message()
            )
        )
        return false
    }
}
