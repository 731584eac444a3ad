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
    /// The parameters of macros.
    var macros: [String: [String]] = [:]
    var namespaces: Set<String> = []
    /// Names that the template gives to several things, of which one is a macro or a namespace.
    var ambiguities: [JinjaFault] = []
    var locals: Set<String> = []
    var optional: Set<String> = []
    /// Macros that are called where content decides.
    var inspectedMacros: Set<String> = []
    var inspectedLoops: Set<Int> = []
    /// Macros that are called once for each part of content.
    var countedMacros: Set<String> = []
    var faults: [JinjaFault] = []
    var changed = false
    /// Attributes of namespaces that are set once for each part of content.
    var counted: Set<String> = []
    /// Whether what is looked at now runs only if content says something.
    var inspecting = false
    /// Whether what is looked at now runs once for each part of content: what adds up there says how long that is.
    var isCounting = false
    /// Whether what is looked at now is asked for and not put out: a name that nobody gives is no more than untrue there.
    var isTesting = false
    var loops: [(identity: Int, values: JinjaTraits)] = []
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
        checker.findAmbiguities(in: statements)
        // What a name may hold grows from pass to pass until it stands still.
        for _ in 0..<24 {
            checker.changed = false
            checker.faults = checker.ambiguities
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
    ///
    /// A namespace's attribute is the same everywhere: a macro that makes a namespace of that name sets those of the one
    /// outside until then.
    func known(_ name: String, attribute: String? = nil) -> JinjaTraits {
        if let attribute {
            let key = "\(name).\(attribute)"
            // Where a namespace is made, it loses what it had.
            let value = (traits[key] ?? []).union(known(name).intersection(.inspected))
            // What was set for the part before says how many there were.
            return isCounting && counted.contains(key) ? value.union(.content) : value
        }
        var result: JinjaTraits = []
        for scope in scopes.reversed() {
            guard scope.names.contains(name) else { continue }
            result.formUnion(traits[scope.prefix + name] ?? [])
            // A name that the macro sets is the one outside until then.
            if scope.parameters.contains(name) { return result }
        }
        return result.union(traits[name] ?? [])
    }

    /// Notes what a variable may hold, of the innermost macro that has one of that name.
    mutating func learn(variable name: String, attribute: String? = nil, _ new: JinjaTraits) {
        if let attribute {
            let key = "\(name).\(attribute)"
            if isCounting, counted.insert(key).inserted { changed = true }
            return learn(key, new)
        }
        let prefix = scopes.last { $0.names.contains(name) }?.prefix ?? ""
        learn(prefix + name, new)
    }

    mutating func learn(_ key: String, _ new: JinjaTraits) {
        let known = traits[key]
        let union = (known ?? []).union(inspecting ? new.union(.inspected) : new)
        guard known != union else { return }
        traits[key] = union
        changed = true
    }
}
