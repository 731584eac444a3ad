/// What the value of an expression may be.
extension JinjaChecker {
    mutating func evaluate(_ expression: JinjaExpression) throws(ScanStop) -> JinjaTraits {
        try budget(Self.evaluation)
        switch expression.kind {
        case .string(let text): return literal(text, expression.offset)
        case .integer: return []
        case .constant: return []
        case .name(let name): return variable(name, expression.offset)
        case .attribute(let base, let name):
            attribute(name, at: expression.offset)
            if case .name(let variable) = base.kind, namespaces.contains(variable) {
                return known(variable, attribute: name)
            }
            if case .name("loop") = base.kind { return loopAttribute(name) }
            return member(name, of: try evaluate(base))
        case .element(let base, let index): return try element(base, index, expression.offset)
        case .slice(let base, let parts):
            var result = try evaluate(base)
            for part in parts { result.formUnion(try evaluate(part).intersection([.inspected, .content])) }
            if result.contains(.content) || result.contains(.prose) { result.insert(.transformed) }
            if result.isSuperset(of: [.prose, .content]) { result.insert(.inspected) }
            return result.union([.built, .unnumbered])
        case .call(let callee, let arguments): return try call(callee, arguments, expression.offset)
        case .filter(let base, let name, let arguments): return try filter(base, name, arguments, expression.offset)
        case .test(let base, let name, let arguments): return try test(base, name, arguments, expression.offset)
        case .unary(let sign, let operand):
            let value = try evaluate(operand)
            return sign == "not" ? value.intersection([.inspected, .content, .transformed, .time]) : value
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
            var result = try evaluate(then)
            if let otherwise { result.formUnion(try evaluate(otherwise)) }
            return decided ? result.union(.inspected) : result
        case .list(let elements):
            var result: JinjaTraits = .unnumbered
            for element in elements { result.formUnion(try evaluate(element)) }
            return result
        case .dictionary(let pairs):
            var result: JinjaTraits = .unnumbered
            for pair in pairs {
                result.formUnion(try evaluate(pair.key))
                result.formUnion(try evaluate(pair.value))
            }
            return result
        }
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
        return JinjaProse.holds(text) ? [.prose, .unnumbered] : .unnumbered
    }

    mutating func variable(_ name: String, _ offset: Int) -> JinjaTraits {
        if JinjaNames.conversations.contains(name) {
            return JinjaTraits([.conversation, .unnumbered]).union(known(name))
        }
        if locals.contains(name) || namespaces.contains(name) {
            return known(name).union(name == "date_string" || name == "today" ? .time : [])
        }
        if name == "date_string" || name == "today" { return [.time, .unnumbered] }
        if JinjaNames.variables.contains(name) || macros[name] != nil { return .unnumbered }
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

    private func loopAttribute(_ name: String) -> JinjaTraits {
        switch name {
        case "previtem", "nextitem": [.conversation, .unnumbered]
        default: []
        }
    }

    /// A member of a value, under a key that is written out.
    func member(_ name: String, of base: JinjaTraits) -> JinjaTraits {
        guard !base.isDisjoint(with: [.conversation, .content]) else { return base.union(.unnumbered) }
        let kept = base.intersection([.inspected, .prose, .transformed])
        if JinjaNames.structure.contains(name) {
            return kept.union(
                ["tool_calls", "function", "parameters", "properties", "items"].contains(name) ? [.conversation] : []
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
        // What a message has under a key that is not written out may be its content.
        let content: JinjaTraits = value.contains(.conversation) && key.contains(.unnumbered) ? .content : []
        if key.isDisjoint(with: [.content, .inspected, .time]) { return value.union(content).union(.unnumbered) }
        return value.union(content).union([.inspected, .unnumbered])
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
            let value = first.union(try evaluate(right))
            return Self.isDecided(by: first) ? value.union(.inspected) : value
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
        if sign == "*", result.isSuperset(of: [.prose, .content]) { result.insert(.inspected) }
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
            return known(variable).intersection(.inspected)
        }
        let value = try evaluate(base)
        var decided = false
        for argument in arguments {
            let other = try evaluate(argument.value)
            decided = comparison((base, value), name == "in" ? "in" : "==", (argument.value, other)) || decided
        }
        if JinjaNames.typeTests.contains(name) {
            return decided || value.contains(.inspected) ? .inspected : []
        }
        return decided || !value.isDisjoint(with: [.content, .inspected, .time]) ? .inspected : []
    }
}
