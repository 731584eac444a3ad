/// Proves of a chat template that it does nothing but put a conversation into words.
///
/// Two things have to hold. It reaches nothing but its variables: no name that is not known, no attribute that begins
/// with an underscore, no call but of known functions, macros and methods of data, so that it is harmless in an
/// environment without a sandbox too. And it says the same whatever is said to it: no sentence of its own depends on what
/// a message's content says, or on the date, so that no instruction waits for a word that sets it free. A template that
/// does may be honest, but nobody can tell by looking at it.
///
/// The values of variables are followed without regard to order: what a name may hold anywhere, it may hold everywhere.
struct JinjaChecker {
    /// The longest template that is looked through, in bytes.
    static let longest = 1 << 20

    private let budget: (Int) throws(ScanStop) -> Void
    private var traits: [String: JinjaTraits] = [:]
    private var macros: [String: (parameters: [String], offset: Int)] = [:]
    private var namespaces: Set<String> = []
    private var locals: Set<String> = []
    private var optional: Set<String> = []
    /// Macros that are called where content decides.
    private var inspectedMacros: Set<String> = []
    private var inspectedLoops: Set<Int> = []
    private var faults: [JinjaFault] = []
    private var changed = false
    /// Whether what is looked at now runs only if content says something.
    private var inspecting = false
    private var loops: [Int] = []
    private var loopCounter = 0

    private init(budget: @escaping (Int) throws(ScanStop) -> Void) { self.budget = budget }

    /// What is wrong with a template; nothing where it is proven.
    static func faults(
        in template: String,
        budget: @escaping (Int) throws(ScanStop) -> Void
    ) throws(ScanStop) -> [JinjaFault] {
        guard template.utf8.count <= longest else {
            return [
                JinjaFault(rule: "template-length", offset: 0, message: "the template is longer than \(longest) bytes")
            ]
        }
        let statements: [JinjaStatement]
        do throws(JinjaFault) {
            statements = try JinjaParser.statements(of: template)
        } catch {
            return [error]
        }
        var checker = JinjaChecker(budget: budget)
        checker.declare(statements)
        // What a name may hold grows from pass to pass until it stands still.
        for _ in 0..<24 {
            checker.changed = false
            checker.faults = []
            checker.loopCounter = 0
            try checker.check(statements)
            if !checker.changed { return checker.faults }
        }
        return [JinjaFault(rule: "template-flow", offset: 0, message: "its variables depend on one another too deeply")]
    }

    // MARK: What is known

    private mutating func fault(
        _ rule: String,
        _ verdict: ScanVerdict,
        _ offset: Int,
        _ element: String?,
        _ message: String
    ) {
        let fault = JinjaFault(rule: rule, verdict: verdict, offset: offset, element: element, message: message)
        if faults.count < 20, !faults.contains(fault) { faults.append(fault) }
    }

    private mutating func fault(_ rule: String, _ offset: Int, _ element: String?, _ message: String) {
        fault(rule, .notProven, offset, element, message)
    }

    private mutating func learn(_ key: String, _ new: JinjaTraits) {
        let known = traits[key]
        let union = (known ?? []).union(inspecting ? new.union(.inspected) : new)
        guard known != union else { return }
        traits[key] = union
        changed = true
    }

    /// Collects the names that the template itself gives: macros, variables, loops, and optional variables that it asks
    /// for with `is defined` or `default`.
    private mutating func declare(_ statements: [JinjaStatement]) {
        for statement in statements {
            switch statement {
            case .text, .jump: break
            case .output(let value): optionals(in: value)
            case .choice(let branches, let otherwise):
                for branch in branches {
                    optionals(in: branch.test)
                    declare(branch.body)
                }
                declare(otherwise)
            case .loop(let loop):
                locals.formUnion(loop.names)
                optionals(in: loop.values)
                if let condition = loop.condition { optionals(in: condition) }
                declare(loop.body)
                declare(loop.otherwise)
            case .set(let targets, let value):
                for target in targets where target.attribute == nil { locals.insert(target.name) }
                if case .call(let callee, _) = value.kind, case .name("namespace") = callee.kind {
                    for target in targets { namespaces.insert(target.name) }
                }
                optionals(in: value)
            case .capture(let target, _, let body):
                locals.insert(target.name)
                declare(body)
            case .macro(let name, let parameters, let body):
                macros[name] = (parameters.map(\.name), 0)
                locals.formUnion(parameters.map(\.name))
                declare(body)
            case .call(_, let parameters, let body):
                locals.formUnion(parameters.map(\.name))
                declare(body)
            case .with(let values, let body):
                locals.formUnion(values.map(\.name))
                declare(body)
            case .around(_, let body): declare(body)
            }
        }
    }

    private mutating func optionals(in expression: JinjaExpression) {
        switch expression.kind {
        case .test(let base, let name, _):
            if case .name(let variable) = base.kind, name == "defined" || name == "undefined" {
                optional.insert(variable)
            }
        case .filter(let base, let name, _):
            if case .name(let variable) = base.kind, name == "default" || name == "d" { optional.insert(variable) }
        default: break
        }
        for part in expression.parts { optionals(in: part) }
    }

    // MARK: Statements

    private mutating func check(_ statements: [JinjaStatement]) throws(ScanStop) {
        for statement in statements { try check(statement) }
    }

    /// Checks statements that run only if a condition holds.
    private mutating func check(_ statements: [JinjaStatement], under condition: Bool) throws(ScanStop) {
        let before = inspecting
        inspecting = before || condition
        try check(statements)
        inspecting = before
    }

    private mutating func check(_ statement: JinjaStatement) throws(ScanStop) {
        try budget(1)
        switch statement {
        case .text(let text, let offset):
            emit(text, at: offset)
        case .output(let value):
            emit(try evaluate(value), at: value.offset)
        case .choice(let branches, let otherwise):
            var decided = false
            for branch in branches {
                decided = try condition(branch.test) || decided
                try check(branch.body, under: decided)
            }
            try check(otherwise, under: decided)
        case .loop(let loop): try check(loop)
        case .set(let targets, let value):
            let known = try evaluate(value)
            for target in targets {
                if target.attribute != nil, !namespaces.contains(target.name) {
                    fault("template-set", target.offset, target.key, "an attribute is set of something but a namespace")
                }
                learn(target.key, known)
                guard case .call(_, let given) = value.kind, namespaces.contains(target.key) else { continue }
                for argument in given {
                    if let name = argument.name { learn("\(target.key).\(name)", try evaluate(argument.value)) }
                }
            }
        case .capture(let target, let filters, let body):
            var value = try captured(body)
            for filter in filters {
                let added = try evaluate(filter)
                if added.contains(.prose), value.contains(.content) { value.insert(.inspected) }
                value.formUnion(added)
            }
            try check(body)
            learn(target.key, value.union([.built, .unnumbered]))
        case .macro(let name, let parameters, let body):
            for parameter in parameters {
                learn(parameter.name, try parameter.value.map { (value) throws(ScanStop) in try evaluate(value) } ?? [])
            }
            try check(body, under: inspectedMacros.contains(name))
            learn("\(name)()", try captured(body).union(.unnumbered))
        case .call(let call, let parameters, let body):
            for parameter in parameters { learn(parameter.name, .content) }
            learn("caller()", try captured(body))
            emit(try evaluate(call), at: call.offset)
            try check(body)
        case .with(let values, let body):
            for value in values { learn(value.name, try evaluate(value.value)) }
            try check(body)
        case .around(let filters, let body):
            if let filters, try evaluate(filters).contains(.prose), try captured(body).contains(.content) {
                emit([.prose, .inspected], at: filters.offset)
            }
            try check(body)
        case .jump:
            if inspecting, let loop = loops.last, inspectedLoops.insert(loop).inserted { changed = true }
        }
    }

    private mutating func check(_ loop: JinjaLoop) throws(ScanStop) {
        loopCounter += 1
        let identity = loopCounter
        let values = try evaluate(loop.values)
        for name in loop.names {
            // The keys and texts that `items` gives are content.
            learn(name, values.subtracting(.inspected))
        }
        var decided = values.contains(.inspected) || values.isSuperset(of: [.content, .transformed])
        if let condition = loop.condition { decided = try self.condition(condition) || decided }
        loops.append(identity)
        try check(loop.body, under: decided || inspectedLoops.contains(identity))
        loops.removeLast()
        try check(loop.otherwise, under: decided)
    }

    /// What the text that statements put out may be.
    private mutating func captured(_ statements: [JinjaStatement]) throws(ScanStop) -> JinjaTraits {
        var result: JinjaTraits = []
        for statement in statements {
            switch statement {
            case .text(let text, _): if JinjaProse.holds(text) { result.insert(.prose) }
            case .output(let value): result.formUnion(try evaluate(value))
            case .choice(let branches, let otherwise):
                for branch in branches { result.formUnion(try captured(branch.body)) }
                result.formUnion(try captured(otherwise))
            case .loop(let loop): result.formUnion(try captured(loop.body + loop.otherwise))
            case .call(let call, _, let body): result.formUnion(try evaluate(call).union(try captured(body)))
            case .with(_, let body), .around(_, let body): result.formUnion(try captured(body))
            case .set, .capture, .macro, .jump: break
            }
        }
        return result
    }

    private mutating func emit(_ text: String, at offset: Int) {
        if JinjaProse.isActive(text) {
            fault("template-active", offset, nil, "the template puts out markup that a browser would run")
        }
        emit(JinjaProse.holds(text) ? .prose : [], at: offset)
    }

    private mutating func emit(_ value: JinjaTraits, at offset: Int) {
        guard value.contains(.prose), inspecting || value.contains(.inspected) else { return }
        fault(
            "template-hidden",
            offset,
            nil,
            "a sentence of the template's own depends on what a message says, or on the date"
        )
    }

    // MARK: Conditions

    /// Checks a condition, and says whether it depends on what content says.
    private mutating func condition(_ expression: JinjaExpression) throws(ScanStop) -> Bool {
        let value = try evaluate(expression)
        return value.contains(.inspected) || value.contains(.time) || value.isSuperset(of: [.content, .transformed])
    }

    private mutating func comparison(
        _ left: (JinjaExpression, JinjaTraits),
        _ sign: String,
        _ right: (JinjaExpression, JinjaTraits)
    ) -> Bool {
        let both = left.1.union(right.1)
        if both.contains(.inspected) || both.contains(.time) { return true }
        if both.contains(.content) {
            let isPlain = !both.contains(.transformed)
            return !(isPlain && sign != "in" && sign != "not in" && (left.0.isEmptyLiteral || right.0.isEmptyLiteral))
        }
        // The third message and later ones: a count that waits.
        return left.0.isCount || right.0.isCount
    }

    // MARK: Expressions

    private mutating func evaluate(_ expression: JinjaExpression) throws(ScanStop) -> JinjaTraits {
        try budget(1)
        switch expression.kind {
        case .string(let text): return literal(text, expression.offset)
        case .integer: return []
        case .constant: return []
        case .name(let name): return variable(name, expression.offset)
        case .attribute(let base, let name):
            attribute(name, at: expression.offset)
            if case .name(let variable) = base.kind, namespaces.contains(variable) {
                return traits["\(variable).\(name)"] ?? []
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

    private mutating func variable(_ name: String, _ offset: Int) -> JinjaTraits {
        if JinjaNames.conversations.contains(name) {
            return JinjaTraits([.conversation, .unnumbered]).union(traits[name] ?? [])
        }
        if locals.contains(name) || namespaces.contains(name) {
            return (traits[name] ?? []).union(name == "date_string" || name == "today" ? .time : [])
        }
        if name == "date_string" || name == "today" { return [.time, .unnumbered] }
        if JinjaNames.variables.contains(name) || macros[name] != nil { return .unnumbered }
        if JinjaNames.hostile.contains(name) {
            fault(
                "template-name",
                .unsafe,
                offset,
                name,
                "the name leads out of the template into the program that fills it"
            )
        } else if JinjaNames.functions.contains(name) {
            fault("template-name", offset, name, "a function stands where a value is expected")
        } else if !optional.contains(name) {
            fault("template-name", offset, name, "the name is not one that chat templates are given")
        }
        return .unnumbered
    }

    private mutating func attribute(_ name: String, at offset: Int) {
        if JinjaNames.hostileAttributes.contains(name) {
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
    private func member(_ name: String, of base: JinjaTraits) -> JinjaTraits {
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
            let decided = try condition(left)
            let value = try evaluate(left).union(try evaluate(right))
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
        if sign == "*", result.isSuperset(of: [.prose, .content]) { result.insert(.inspected) }
        return isNumber && sign != "+"
            ? result.subtracting([.built, .unnumbered, .prose])
            : isNumber ? result.subtracting([.built, .unnumbered]) : result.union([.built, .unnumbered])
    }

    private mutating func test(
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
            return (traits[variable] ?? []).intersection(.inspected)
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

    private mutating func arguments(_ arguments: [JinjaArgument]) throws(ScanStop) -> JinjaTraits {
        var result: JinjaTraits = []
        for argument in arguments { result.formUnion(try evaluate(argument.value)) }
        return result
    }

    private mutating func call(
        _ callee: JinjaExpression,
        _ given: [JinjaArgument],
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        switch callee.kind {
        case .name(let name) where macros[name] != nil: return try macro(name, given)
        case .name(let name): return try function(name, given, offset)
        case .attribute(let base, let method):
            attribute(method, at: offset)
            if !JinjaNames.methods.contains(method), !JinjaNames.hostileAttributes.contains(method) {
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

    private mutating func macro(_ name: String, _ given: [JinjaArgument]) throws(ScanStop) -> JinjaTraits {
        let parameters = macros[name]?.parameters ?? []
        for (position, argument) in given.enumerated() {
            let value = try evaluate(argument.value)
            if let parameter = argument.name ?? (position < parameters.count ? parameters[position] : nil) {
                learn(parameter, value)
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
            if case .name(let variable) = base.kind { learn(variable, other.union(value)) }
            if case .attribute(let owner, let attribute) = base.kind, case .name(let variable) = owner.kind {
                learn("\(variable).\(attribute)", other.union(value))
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

    private mutating func filter(
        _ base: JinjaExpression,
        _ name: String,
        _ given: [JinjaArgument],
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        if name == "attr" || name == "format" || name == "xmlattr" {
            fault(
                "template-filter",
                name == "attr" ? .unsafe : .notProven,
                offset,
                name,
                "the filter looks names up that are put together"
            )
        } else if !JinjaNames.filters.contains(name) {
            fault("template-filter", offset, name, "the filter is not one that chat templates need")
        }
        try attributeArguments(name, given, offset)
        var value: JinjaTraits
        if case .name(let variable) = base.kind, name == "default" || name == "d", optional.contains(variable),
            !JinjaNames.hostile.contains(variable), !locals.contains(variable)
        {
            value = JinjaNames.conversations.contains(variable) ? .conversation : .unnumbered
        } else {
            value = try evaluate(base)
        }
        let other = try arguments(given)
        switch name {
        case "length", "count", "wordcount", "int", "float", "abs", "round":
            return value.intersection([.inspected, .content, .transformed, .time])
        case "selectattr", "rejectattr", "select", "reject": return try selection(value, name, given)
        case "groupby": return value.union([.content, .transformed, .unnumbered])
        case "first", "last", "list", "reverse", "sort", "unique", "map", "batch", "slice":
            if name == "map", let key = given.first(where: { $0.name == "attribute" })?.value,
                case .string(let path) = key.kind
            {
                return member(path, of: value)
            }
            return value.union(.unnumbered)
        default: break
        }
        if value.contains(.conversation) { value = value.subtracting(.conversation).union(.content) }
        let isDefault = name == "default" || name == "d"
        // A sentence that is put in only where content is of some form.
        if value.contains(.content), other.contains(.prose), !isDefault || value.contains(.transformed) {
            value.insert(.inspected)
        }
        if value.contains(.content), !JinjaNames.plainFilters.contains(name) { value.insert(.transformed) }
        return value.union(other.intersection([.prose, .inspected, .content])).union(.unnumbered)
            .union(["default", "d", "tojson", "string", "trim", "items"].contains(name) ? [] : .built)
    }

    /// `selectattr('content', 'equalto', 'x')` is a condition on content.
    private mutating func selection(
        _ value: JinjaTraits,
        _ name: String,
        _ given: [JinjaArgument]
    ) throws(ScanStop) -> JinjaTraits {
        var tested = value
        var rest = given[...]
        if name.hasSuffix("attr"), case .string(let path) = rest.popFirst()?.value.kind {
            tested = member(path, of: value)
        }
        guard case .string(let test) = rest.first?.value.kind else { return value.union(.unnumbered) }
        if !JinjaNames.tests.contains(test) {
            fault("template-test", rest.first?.value.offset ?? 0, test, "the test is not one that chat templates need")
        }
        let looks = tested.contains(.content) && !JinjaNames.typeTests.contains(test)
        return looks ? value.union([.inspected, .unnumbered]) : value.union(.unnumbered)
    }

    /// Filters that take an attribute's or a filter's name take it written out, and without an underscore before it.
    private mutating func attributeArguments(_ name: String, _ given: [JinjaArgument], _ offset: Int) throws(ScanStop) {
        guard
            [
                "map", "selectattr", "rejectattr", "groupby", "sort", "sum", "join", "min", "max", "unique", "select",
                "reject",
            ]
            .contains(name)
        else { return }
        let takesAttribute = name == "selectattr" || name == "rejectattr" || name == "groupby"
        for (position, argument) in given.enumerated() {
            let isAttribute = argument.name == "attribute" || (takesAttribute && position == 0)
            let isFilter = name == "map" && argument.name == nil && position == 0
            guard isAttribute || isFilter else { continue }
            guard case .string(let text) = argument.value.kind else {
                if case .integer = argument.value.kind { continue }
                fault("template-filter", offset, name, "a name that is looked up is put together, or is a variable's")
                continue
            }
            for part in text.split(separator: ".") {
                if part.hasPrefix("_") || JinjaNames.hostileAttributes.contains(String(part)) {
                    fault("template-attribute", .unsafe, offset, text, "the attribute leads into Python itself")
                }
            }
            if isFilter, !JinjaNames.filters.contains(text) {
                fault(
                    "template-filter",
                    text == "attr" ? .unsafe : .notProven,
                    offset,
                    text,
                    "the filter is not one that chat templates need"
                )
            }
        }
    }
}
