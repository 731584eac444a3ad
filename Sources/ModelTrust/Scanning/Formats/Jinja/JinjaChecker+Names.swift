/// The names that a template gives, and that each is given to one thing.
extension JinjaChecker {
    /// Collects the names that the template itself gives: macros, variables, loops, and optional variables that it asks
    /// for with `is defined` or `default`.
    mutating func declare(_ statements: [JinjaStatement]) {
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
                if targets.count == 1, targets[0].attribute == nil, value.namespaceArguments != nil {
                    namespaces.insert(targets[0].name)
                }
                optionals(in: value)
            case .capture(let target, _, let body):
                locals.insert(target.name)
                declare(body)
            case .macro(let name, let parameters, let body):
                macros[name] = parameters.map(\.name)
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

    mutating func optionals(in expression: JinjaExpression) {
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

    /// Finds names of macros and of namespaces that are also something else's.
    ///
    /// What stands behind such a name depends on when it is used. So it is with functions' names, and that of the loop.
    mutating func findAmbiguities(in statements: [JinjaStatement]) {
        var names = JinjaGivenNames()
        names.collect(statements)
        func add(_ name: String, _ offset: Int, _ message: String) {
            ambiguities.append(JinjaFault(rule: "template-name", offset: offset, element: name, message: message))
        }
        for name in names.repeated.sorted() { add(name, 0, "two macros are of this name") }
        for name in names.macros.sorted()
        where names.values.contains(name) || names.namespaces.contains(name) || JinjaNames.hostile.contains(name) {
            add(name, 0, "a macro is of this name, and something else too")
        }
        for name in names.namespaces.intersection(names.values.union(JinjaNames.variables)).sorted() {
            add(name, 0, "a namespace is of this name, and something else too")
        }
        let own = names.macros.union(names.values).union(names.namespaces)
        for name in own.intersection(JinjaNames.functions.union(["loop"])).sorted() {
            add(name, 0, "what Jinja itself gives this name to is given another meaning")
        }
    }
}

/// What a template gives names to.
private struct JinjaGivenNames {
    private(set) var macros: Set<String> = []
    /// Macros that are defined more than once.
    private(set) var repeated: Set<String> = []
    private(set) var namespaces: Set<String> = []
    /// Variables that hold anything else, parameters among them.
    private(set) var values: Set<String> = []

    mutating func collect(_ statements: [JinjaStatement]) {
        for statement in statements {
            switch statement {
            case .text, .jump, .output: break
            case .choice(let branches, let otherwise):
                for branch in branches { collect(branch.body) }
                collect(otherwise)
            case .loop(let loop):
                values.formUnion(loop.names)
                collect(loop.body)
                collect(loop.otherwise)
            case .set(let targets, let value):
                let names = targets.filter { $0.attribute == nil }.map(\.name)
                if names.count == 1, targets.count == 1, value.namespaceArguments != nil {
                    namespaces.insert(names[0])
                } else {
                    values.formUnion(names)
                }
            case .capture(let target, _, let body):
                if target.attribute == nil { values.insert(target.name) }
                collect(body)
            case .macro(let name, let parameters, let body):
                if !macros.insert(name).inserted { repeated.insert(name) }
                values.formUnion(parameters.map(\.name))
                collect(body)
            case .call(_, let parameters, let body):
                values.formUnion(parameters.map(\.name))
                collect(body)
            case .with(let given, let body):
                values.formUnion(given.map(\.name))
                collect(body)
            case .around(_, let body): collect(body)
            }
        }
    }
}
