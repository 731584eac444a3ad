/// What the value of an expression may be.
extension JinjaChecker {
    mutating func evaluate(_ expression: JinjaExpression) throws(ScanStop) -> JinjaTraits {
        try budget(Self.evaluation)
        switch expression.kind {
        case .string(let text): return literal(text, expression.offset)
        case .integer(let number): return number > 2 ? .large : []
        case .constant: return []
        case .name(let name): return variable(name, expression.offset)
        case .attribute(let base, let name):
            attribute(name, at: expression.offset)
            if case .name(let variable) = base.kind, namespaces.contains(variable) {
                return known(variable, attribute: name)
            }
            if case .name("loop") = base.kind { return loopAttribute(name, expression.offset) }
            return member(name, of: try evaluate(base))
        case .element(let base, let index): return try element(base, index, expression.offset)
        case .slice(let base, let parts):
            var result = try evaluate(base)
            for part in parts { result.formUnion(try cut(at: part, of: result)) }
            if result.contains(.content) || result.contains(.prose) { result.insert(.transformed) }
            if result.isSuperset(of: [.prose, .content]) { result.insert(.inspected) }
            return result.union([.built, .unnumbered])
        case .call(let callee, let arguments): return try call(callee, arguments, expression.offset)
        case .filter(let base, let name, let arguments): return try filter(base, name, arguments, expression.offset)
        case .test(let base, let name, let arguments): return try test(base, name, arguments, expression.offset)
        case .unary(let sign, let operand):
            let value = try evaluate(operand)
            return sign == "not" ? value.intersection([.inspected, .content, .transformed, .time, .large]) : value
        case .binary(let sign, let left, let right): return try binary(sign, left, right, expression.offset)
        case .comparison(let first, let rest):
            var left = (first, try evaluate(first))
            var decided = false
            for next in rest {
                let right = (next.operand, try evaluate(next.operand))
                decided = comparison(left, next.sign, right) || decided
                left = right
            }
            return decided ? .inspected : []
        case .conditional(let then, let test, let otherwise):
            let decided = try condition(test)
            var result = try evaluate(then, under: decided)
            if let otherwise { result.formUnion(try evaluate(otherwise, under: decided)) }
            return decided ? result.union(.inspected) : result
        case .list(let elements):
            var result: JinjaTraits = .unnumbered
            for element in elements { result.formUnion(try evaluate(element)) }
            return result
        case .dictionary(let pairs):
            var result: JinjaTraits = .unnumbered
            for pair in pairs { result.formUnion(try entry(pair.key, pair.value)) }
            return pairs.isEmpty ? result : result.union(.composite)
        }
    }

    /// What is evaluated only if a condition holds.
    private mutating func evaluate(
        _ expression: JinjaExpression,
        under condition: Bool
    ) throws(ScanStop) -> JinjaTraits {
        let before = inspecting
        inspecting = before || condition
        defer { inspecting = before }
        return try evaluate(expression)
    }

    /// What an entry of a dictionary adds to it: under a key that messages have for their structure, and under one that
    /// is not written out, content would be taken for structure.
    private mutating func entry(_ key: JinjaExpression, _ value: JinjaExpression) throws(ScanStop) -> JinjaTraits {
        let name = try evaluate(key)
        let held = try evaluate(value)
        var result = name.union(held)
        if !name.isDisjoint(with: .foreign) { result.formUnion([.disguised, .transformed]) }
        guard held.contains(.content) || held.contains(.conversation) else { return result }
        if case .string(let text) = key.kind {
            let isStructure = JinjaNames.structure.contains(text)
            if isStructure, held.contains(.content) || !JinjaNames.conversationKeys.contains(text) {
                result.insert(.disguised)
            }
        } else {
            result.insert(.disguised)
        }
        return result
    }

    /// Where a value is cut.
    private mutating func cut(at part: JinjaExpression, of base: JinjaTraits) throws(ScanStop) -> JinjaTraits {
        let value = try evaluate(part)
        if value.contains(.large), base.contains(.conversation) { return .inspected }
        return value.intersection([.inspected, .content]).union(value.contains(.time) ? .inspected : [])
    }

    private mutating func literal(_ text: String, _ offset: Int) -> JinjaTraits {
        if text.contains("__") {
            fault(
                "template-attribute",
                .unsafe,
                offset,
                String(text.prefix(60)),
                "a string names what belongs to Python itself"
            )
        }
        if JinjaProse.isActive(text) {
            fault("template-active", offset, nil, "the template puts out markup that a browser would run")
        }
        // What could be a message that is written out.
        let kind: JinjaTraits = text.contains("{") ? [.composite, .unnumbered] : .unnumbered
        return JinjaProse.holds(text) ? kind.union(.prose) : kind
    }

    /// All that a value may be, of which nothing is known.
    static let everything = JinjaTraits([.conversation, .content, .transformed, .prose, .built, .unnumbered])
        .union([.inspected, .time, .disguised])

    mutating func variable(_ name: String, _ offset: Int) -> JinjaTraits {
        if name == "loop" || namespaces.contains(name) {
            fault("template-namespace", offset, name, "it is used as a value, so that it has another name from then on")
            return Self.everything
        }
        if JinjaNames.conversations.contains(name) {
            return JinjaTraits([.conversation, .unnumbered]).union(known(name))
        }
        if locals.contains(name) {
            return known(name).union(name == "date_string" || name == "today" ? .time : [])
        }
        if name == "date_string" || name == "today" { return [.time, .unnumbered] }
        if JinjaNames.variables.contains(name) || macros[name] != nil { return known(name).union(.unnumbered) }
        if JinjaNames.hostile.contains(name) || name.hasPrefix("_") {
            fault(
                "template-name",
                .unsafe,
                offset,
                name,
                "the name leads out of the template into the program that fills it"
            )
        } else if JinjaNames.functions.contains(name) {
            fault("template-name", offset, name, "a function stands where a value is expected")
        } else if !optional.contains(name), !isTesting {
            fault("template-name", offset, name, "the name is not one that chat templates are given")
        }
        return .unnumbered
    }

    mutating func attribute(_ name: String, at offset: Int, called: Bool = false) {
        if JinjaNames.hostileAttributes.contains(name) || called && JinjaNames.hostileMethods.contains(name) {
            fault("template-attribute", .unsafe, offset, name, "the attribute leads into Python itself")
        }
    }

    private mutating func loopAttribute(_ name: String, _ offset: Int) -> JinjaTraits {
        let values = loops.last?.values ?? .conversation
        switch name {
        case "previtem", "nextitem": return values.union([.conversation, .unnumbered])
        case "first", "last": return []
        // Of content, it says how long that is.
        case "index", "index0", "revindex", "revindex0", "length":
            return values.contains(.content) ? [.content, .transformed] : []
        default: return []
        }
    }

    /// A member of a value, under a key that is written out.
    func member(_ name: String, of base: JinjaTraits) -> JinjaTraits {
        guard !base.isDisjoint(with: [.conversation, .content]) else { return base.union(.unnumbered) }
        if base.contains(.disguised) { return base.union([.content, .unnumbered]) }
        let kept = base.intersection([.inspected, .prose, .transformed, .time, .composite])
        if JinjaNames.structure.contains(name) {
            return kept.union(
                JinjaNames.conversationKeys.contains(name) ? [.conversation] : []
            )
            .union(.unnumbered)
        }
        return kept.union([.content, .unnumbered])
    }

    private mutating func element(
        _ base: JinjaExpression,
        _ index: JinjaExpression,
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        if case .string(let name) = index.kind, case .name(let variable) = base.kind,
            variable == "loop" || namespaces.contains(variable)
        {
            // The same as an attribute of that name.
            _ = literal(name, offset)
            attribute(name, at: offset)
            return variable == "loop" ? loopAttribute(name, offset) : known(variable, attribute: name)
        }
        let value = try evaluate(base)
        let key = try evaluate(index)
        if case .string(let name) = index.kind {
            if name.hasPrefix("_") {
                fault(
                    "template-attribute",
                    .unsafe,
                    offset,
                    name,
                    "a key that begins with an underscore reaches into Python itself"
                )
            }
            attribute(name, at: offset)
            return member(name, of: value)
        }
        // A key that is put together can be any attribute's name.
        if key.contains(.built), key.contains(.unnumbered) {
            fault("template-key", offset, nil, "a key is put together where it is used: it could name anything")
        }
        if case .binary(let sign, _, _) = index.kind, key.contains(.unnumbered), sign == "~" || sign == "%" {
            fault("template-key", offset, nil, "a key is put together where it is used: it could name anything")
        }
        return selected(by: index, key, from: value)
    }

    /// What a key or an index selects.
    func selected(by index: JinjaExpression, _ key: JinjaTraits, from value: JinjaTraits) -> JinjaTraits {
        if case .string(let name) = index.kind { return member(name, of: value) }
        var result = value.union(.unnumbered)
        // What a message has under a key that is not written out may be its content.
        if value.contains(.conversation), key.contains(.unnumbered) { result.insert(.content) }
        if !key.isDisjoint(with: .foreign) { result.insert(.inspected) }
        // Behind its beginning: whether it is that long.
        if value.contains(.content), !key.contains(.unnumbered), !index.isEmptyLiteral { result.insert(.transformed) }
        // The third message and later ones.
        if value.contains(.conversation), index.isCount || key.contains(.large) { result.insert(.inspected) }
        return result
    }

    private mutating func binary(
        _ sign: String,
        _ left: JinjaExpression,
        _ right: JinjaExpression,
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        switch sign {
        case "and", "or":
            // Once: a chain of these is as deep as it is long.
            let first = try evaluate(left)
            let decided = Self.isDecided(by: first)
            let value = first.union(try evaluate(right, under: decided))
            return decided ? value.union(.inspected) : value
        case "**":
            fault(
                "template-power",
                offset,
                nil,
                "a power is taken, which no template needs and which can take for ever"
            )
        case "*":
            for side in [left, right] {
                if case .integer(let count) = side.kind, count > 1_000 {
                    fault("template-size", offset, nil, "something is repeated more often than a template needs")
                }
            }
        default: break
        }
        var result = try evaluate(left)
        let other = try evaluate(right)
        // One number makes a number of a sum; anything else may be a string that is put together.
        let isNumber: Bool
        switch sign {
        case "-", "/", "//": isNumber = true
        case "+", "%": isNumber = !result.contains(.unnumbered) || !other.contains(.unnumbered)
        case "*": isNumber = !result.contains(.unnumbered) && !other.contains(.unnumbered)
        default: isNumber = false
        }
        result.formUnion(other)
        if left.isNumberAlone, right.isNumberAlone { result.insert(.large) }
        if sign == "*", result.contains(.prose), !result.isDisjoint(with: .foreign) { result.insert(.inspected) }
        // A text of the template's own says with `%s` only where something stands; others look it up or cut it.
        if sign == "%", !isNumber, !left.isPlainPattern, !result.isDisjoint(with: .foreign) {
            result.insert(.inspected)
        }
        // A number that is computed of content's length says more than whether there is any.
        if isNumber, result.contains(.content) { result.insert(.transformed) }
        return isNumber && sign != "+"
            ? result.subtracting([.built, .unnumbered, .prose])
            : isNumber ? result.subtracting([.built, .unnumbered]) : result.union([.built, .unnumbered])
    }

    mutating func test(
        _ base: JinjaExpression,
        _ name: String,
        _ arguments: [JinjaArgument],
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        if !JinjaNames.tests.contains(name) {
            fault("template-test", offset, name, "the test is not one that chat templates need")
        }
        // A test of whether a name is there does not use what it holds.
        if case .name(let variable) = base.kind, name == "defined" || name == "undefined",
            !JinjaNames.hostile.contains(variable)
        {
            return Self.isDecided(by: known(variable).subtracting([.time, .large])) ? .inspected : []
        }
        let value = try evaluate(base)
        var decided = false
        for argument in arguments {
            let other = try evaluate(argument.value)
            decided = comparison((base, value), name == "in" ? "in" : "==", (argument.value, other)) || decided
        }
        if JinjaNames.typeTests.contains(name) {
            return decided || Self.isDecided(by: value.subtracting([.time, .large])) ? .inspected : []
        }
        return decided || !value.isDisjoint(with: .foreign) ? .inspected : []
    }
}
