/// Calls: of macros, of known functions, and of methods of data.
extension JinjaChecker {
    mutating func arguments(_ arguments: [JinjaArgument]) throws(ScanStop) -> JinjaTraits {
        JinjaTraits.all(of: try evaluated(arguments))
    }

    /// What each argument may be.
    mutating func evaluated(_ arguments: [JinjaArgument]) throws(ScanStop) -> [JinjaTraits] {
        var result: [JinjaTraits] = []
        for argument in arguments { result.append(try evaluate(argument.value)) }
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

    /// Notes where a macro, or the body of a `call`, is called.
    private mutating func noteCall(of macro: String) {
        if inspecting, inspectedMacros.insert(macro).inserted { changed = true }
        if isCounting, countedMacros.insert(macro).inserted { changed = true }
    }

    mutating func macro(_ name: String, _ given: [JinjaArgument]) throws(ScanStop) -> JinjaTraits {
        let parameters = macros[name] ?? []
        for (position, argument) in given.enumerated() {
            let value = try evaluate(argument.value)
            if let parameter = argument.name ?? (position < parameters.count ? parameters[position] : nil) {
                learn(JinjaScope.prefix(of: name) + parameter, value)
            }
        }
        noteCall(of: name)
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
            // How long content is.
            return value.subtracting([.prose, .unnumbered]).union(value.contains(.content) ? .transformed : [])
        case "namespace":
            fault("template-namespace", offset, name, "a namespace is made, and no variable is set to it")
            return value.union(.unnumbered)
        case "caller":
            noteCall(of: "caller()")
            return JinjaTraits([.content, .unnumbered]).union(traits["caller()"] ?? [])
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

    /// A list is changed under all of its names at once, so that what is put in must be nothing that needs following,
    /// and be put in whatever is said.
    private mutating func change(by name: String, of added: JinjaTraits, _ offset: Int) {
        guard inspecting || isCounting || !added.isSubset(of: [.built, .unnumbered]) else { return }
        fault("template-call", offset, name, "a list is changed by what a message says, or is given parts of one")
    }

    private mutating func method(
        _ name: String,
        of base: JinjaExpression,
        _ given: [JinjaArgument]
    ) throws(ScanStop) -> JinjaTraits {
        let value = try evaluate(base)
        // Each once: a chain of calls is as deep as it is long.
        let each = try evaluated(given)
        let other = JinjaTraits.all(of: each)
        var result = value
        switch name {
        case "append", "pop":
            change(by: name, of: other, base.offset)
            guard name == "pop" else { return [] }
            guard let key = given.first?.value else { return result.union(.unnumbered) }
            return selected(by: key, each[0], from: value).union(other).union(.unnumbered)
        case "get":
            guard let key = given.first?.value else { return result.union(.unnumbered) }
            return selected(by: key, each[0], from: value).union(each.count > 1 ? each[1] : []).union(.unnumbered)
        case "keys":
            let isOwn = value.contains(.disguised)
            return (isOwn ? value : value.subtracting([.conversation, .content])).union(.unnumbered)
        case "items", "values":
            if value.contains(.conversation) { result.insert(.content) }
            return result.subtracting(.conversation).union(.unnumbered)
        case "startswith", "endswith", "find", "rfind", "count", "index", "isdigit", "isalpha", "isupper", "islower":
            let isCompared = value.contains(.conversation) && other.contains(.composite)
            return !isCompared && value.union(other).isDisjoint(with: .foreign) ? [] : .inspected
        case "join", "replace": result.formUnion(other)
        default: break
        }
        if !JinjaNames.plainMethods.contains(name), value.contains(.content) {
            result.insert(.transformed)
        }
        let mixed = value.union(other)
        // What a text is cut at, or what is looked for in it.
        if name == "join" {
            if mixed.isSuperset(of: [.prose, .content]) { result.insert(.inspected) }
        } else if !other.isDisjoint(with: .foreign)
            || mixed.isSuperset(of: [.prose, .content])
                && (other.contains(.prose) || !JinjaNames.plainMethods.contains(name))
        {
            result.insert(.inspected)
        }
        return result.union([.built, .unnumbered])
    }
}
