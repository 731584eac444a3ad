/// Calls: of macros, of known functions, and of methods of data.
extension JinjaChecker {
    mutating func arguments(_ arguments: [JinjaArgument]) throws(ScanStop) -> JinjaTraits {
        var result: JinjaTraits = []
        for argument in arguments { result.formUnion(try evaluate(argument.value)) }
        return result
    }

    mutating func call(
        _ callee: JinjaExpression,
        _ given: [JinjaArgument],
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        switch callee.kind {
        case .name(let name) where macros[name] != nil: return try macro(name, given)
        case .name(let name): return try function(name, given, offset)
        case .attribute(let base, let method):
            if method == "format", case .string(let text) = base.kind, Self.isPlainFormat(text) {
                return try formatted(base, given)
            }
            attribute(method, at: offset, called: true)
            let isHostile =
                JinjaNames.hostileAttributes.contains(method) || JinjaNames.hostileMethods.contains(method)
            if !JinjaNames.methods.contains(method), !isHostile {
                fault("template-call", offset, method, "the method is not one of data that chat templates need")
            }
            return try self.method(method, of: base, given)
        default:
            _ = try evaluate(callee)
            _ = try arguments(given)
            fault(
                "template-call",
                .unsafe,
                offset,
                nil,
                "something is called that is neither a known function nor a method"
            )
            return [.content, .unnumbered]
        }
    }

    /// Whether a text has no fields but `{}`, `{0}` and `{name}`, which look nothing up in what is put in.
    private static func isPlainFormat(_ text: String) -> Bool {
        var field: Substring?
        for index in text.indices {
            switch text[index] {
            case "{":
                guard field == nil else { return false }
                field = text[text.index(after: index)...].prefix { $0 != "}" }
                guard let name = field, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
                    return false
                }
            case "}":
                guard field != nil else { return false }
                field = nil
            default: break
            }
        }
        return field == nil
    }

    /// `'<{}>'.format(name)`: texts that are put together.
    private mutating func formatted(
        _ base: JinjaExpression,
        _ given: [JinjaArgument]
    ) throws(ScanStop) -> JinjaTraits {
        try evaluate(base).union(try arguments(given)).union([.built, .unnumbered])
    }

    mutating func macro(_ name: String, _ given: [JinjaArgument]) throws(ScanStop) -> JinjaTraits {
        let parameters = macros[name]?.parameters ?? []
        for (position, argument) in given.enumerated() {
            let value = try evaluate(argument.value)
            if let parameter = argument.name ?? (position < parameters.count ? parameters[position] : nil) {
                learn(JinjaScope.prefix(of: name) + parameter, value)
            }
        }
        if inspecting, inspectedMacros.insert(name).inserted { changed = true }
        return traits["\(name)()"] ?? .unnumbered
    }

    private mutating func function(
        _ name: String,
        _ given: [JinjaArgument],
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        let value = try arguments(given)
        // What is called has to be known, also where only its answer is asked for.
        let wasTesting = isTesting
        isTesting = false
        defer { isTesting = wasTesting }
        switch name {
        case "raise_exception": return []
        case "strftime_now": return [.time, .unnumbered]
        case "range":
            for argument in given {
                if case .integer(let count) = argument.value.kind, count > 10_000 {
                    fault("template-size", offset, name, "a loop runs more often than a template needs")
                }
            }
            return value.subtracting([.prose, .unnumbered])
        case "namespace": return value.union(.unnumbered)
        case "caller": return JinjaTraits([.content, .unnumbered]).union(traits["caller()"] ?? [])
        default:
            if locals.contains(name) {
                fault("template-call", offset, name, "a variable is called as if it were a function")
            } else {
                _ = variable(name, offset)
                if JinjaNames.variables.contains(name) || optional.contains(name) {
                    fault("template-call", offset, name, "the function is not one that chat templates are given")
                }
            }
            return [.content, .unnumbered]
        }
    }

    private mutating func method(
        _ name: String,
        of base: JinjaExpression,
        _ given: [JinjaArgument]
    ) throws(ScanStop) -> JinjaTraits {
        let value = try evaluate(base)
        let other = try arguments(given)
        var result = value
        switch name {
        case "append", "insert", "extend", "update":
            // What is put into a variable is in it from then on.
            if case .name(let variable) = base.kind {
                learn(variable: variable, other.union(value))
            }
            if case .attribute(let owner, let attribute) = base.kind, case .name(let variable) = owner.kind {
                learn(variable: variable, attribute: attribute, other.union(value))
            }
            return []
        case "get":
            if case .string(let key) = given.first?.value.kind { result = member(key, of: value) }
            return result.union(given.count > 1 ? try evaluate(given[1].value) : []).union(.unnumbered)
        case "keys": return value.intersection(.inspected).union(.unnumbered)
        case "items", "values":
            if value.contains(.conversation) { result.insert(.content) }
            return result.subtracting(.conversation).union(.unnumbered)
        case "startswith", "endswith", "find", "rfind", "count", "index", "isdigit", "isalpha", "isupper", "islower":
            return value.union(other).isDisjoint(with: [.content, .inspected, .time]) ? [] : .inspected
        case "join", "replace": result.formUnion(other)
        default: break
        }
        if !JinjaNames.plainMethods.contains(name), value.contains(.content) {
            result.insert(.transformed)
        }
        if value.contains(.content) && other.contains(.prose)
            || name == "join" && value.contains(.prose) && other.contains(.content)
        {
            result.insert(.inspected)
        }
        return result.union([.built, .unnumbered])
    }
}
