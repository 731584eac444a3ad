/// Proves of a chat template that it does nothing but put a conversation into words.
///
/// Two things have to hold. It reaches nothing but its variables: no name that is not known, no attribute that begins
/// with an underscore, no call but of known functions, macros and methods of data, so that it is harmless in an
/// environment without a sandbox too. And it says the same whatever is said to it: no sentence of its own depends on what
/// a message's content says, or on the date, so that no instruction waits for a word that sets it free. A template that
/// does may be honest, but nobody can tell by looking at it.
///
/// The values of variables are followed without regard to order: what a name may hold anywhere, it may hold everywhere
/// within its macro, or outside of all.
struct JinjaChecker {
    /// The longest template that is looked through, in bytes: the longest of models have a tenth of it.
    static let longest = 1 << 18

    /// What it costs to look at an expression, in steps.
    static let evaluation = 8

    let budget: (Int) throws(ScanStop) -> Void
    var traits: [String: JinjaTraits] = [:]
    var macros: [String: (parameters: [String], offset: Int)] = [:]
    var namespaces: Set<String> = []
    var locals: Set<String> = []
    var optional: Set<String> = []
    /// Macros that are called where content decides.
    var inspectedMacros: Set<String> = []
    var inspectedLoops: Set<Int> = []
    var faults: [JinjaFault] = []
    var changed = false
    /// Whether what is looked at now runs only if content says something.
    var inspecting = false
    /// Whether what is looked at now is asked for and not put out: a name that nobody gives is no more than untrue there.
    var isTesting = false
    var loops: [Int] = []
    var loopCounter = 0
    /// The macros that what is looked at now stands in, the innermost last.
    var scopes: [JinjaScope] = []

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

    mutating func fault(
        _ rule: String,
        _ verdict: ScanVerdict,
        _ offset: Int,
        _ element: String?,
        _ message: String
    ) {
        let fault = JinjaFault(rule: rule, verdict: verdict, offset: offset, element: element, message: message)
        if faults.count < 20, !faults.contains(fault) { faults.append(fault) }
    }

    mutating func fault(_ rule: String, _ offset: Int, _ element: String?, _ message: String) {
        fault(rule, .notProven, offset, element, message)
    }

    /// What a variable may hold where it is used now.
    func known(_ name: String, attribute: String? = nil) -> JinjaTraits {
        var result: JinjaTraits = []
        for scope in scopes.reversed() {
            guard scope.names.contains(name) else { continue }
            result.formUnion(traits[Self.key(scope.prefix + name, attribute)] ?? [])
            // A name that the macro sets is the one outside until then.
            if scope.parameters.contains(name) { return result }
        }
        return result.union(traits[Self.key(name, attribute)] ?? [])
    }

    /// Notes what a variable may hold, of the innermost macro that has one of that name.
    mutating func learn(variable name: String, attribute: String? = nil, _ new: JinjaTraits) {
        let prefix = scopes.last { $0.names.contains(name) }?.prefix ?? ""
        learn(Self.key(prefix + name, attribute), new)
    }

    private static func key(_ name: String, _ attribute: String?) -> String {
        attribute.map { "\(name).\($0)" } ?? name
    }

    mutating func learn(_ key: String, _ new: JinjaTraits) {
        let known = traits[key]
        let union = (known ?? []).union(inspecting ? new.union(.inspected) : new)
        guard known != union else { return }
        traits[key] = union
        changed = true
    }

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
}
