/// The variables of a macro: those of the same names outside, or of another macro, are others.
struct JinjaScope {
    /// What stands before their names where it is kept what they may hold.
    let prefix: String
    let parameters: Set<String>
    /// The parameters, and what the macro sets itself.
    private(set) var names: Set<String>

    init(macro name: String, parameters: [String], body: [JinjaStatement]) {
        prefix = Self.prefix(of: name)
        self.parameters = Set(parameters)
        names = self.parameters
        collect(body)
    }

    /// What stands before the names of a macro's variables; no name has such a character in it.
    static func prefix(of macro: String) -> String { "\(macro)/" }

    private mutating func collect(_ statements: [JinjaStatement]) {
        for statement in statements {
            switch statement {
            case .text, .jump, .output: break
            case .choice(let branches, let otherwise):
                for branch in branches { collect(branch.body) }
                collect(otherwise)
            case .loop(let loop):
                names.formUnion(loop.names)
                collect(loop.body)
                collect(loop.otherwise)
            case .set(let targets, _): names.formUnion(targets.filter { $0.attribute == nil }.map(\.name))
            case .capture(let target, _, let body):
                if target.attribute == nil { names.insert(target.name) }
                collect(body)
            // What a macro within sets is its own.
            case .macro: break
            case .call(_, let parameters, let body):
                names.formUnion(parameters.map(\.name))
                collect(body)
            case .with(let values, let body):
                names.formUnion(values.map(\.name))
                collect(body)
            case .around(_, let body): collect(body)
            }
        }
    }
}
