/// A program that `torch.export` has written as JSON: a graph of operators, and sizes as expressions.
///
/// It is data until it is loaded: operators are looked up by their names in PyTorch, sizes are evaluated as Python,
/// the forms of arguments may name a module to import, and of the names of values and parameters Python code is made. So
/// operators, functions and forms have to be on a list, and names have to be names.
struct ExportedProgram {
    private static let depth = 48

    private let walk: ConfigurationWalk

    /// Checks an object of a document, where it is a program; what lies within is walked by the caller as well.
    static func check(_ node: JSONNode, _ walk: ConfigurationWalk, _ trail: String) throws(ScanStop) {
        guard node["graph_module"] != nil else { return }
        try ExportedProgram(walk: walk).visit(node, trail, 0)
    }

    private func visit(
        _ node: JSONNode,
        _ trail: String,
        _ depth: Int,
        isArgument: Bool = false
    ) throws(ScanStop) {
        try walk.context.budget.step()
        guard depth < Self.depth else {
            return try find(node, trail, .notProven, "its graphs nest more than \(Self.depth) deep")
        }
        switch node.value {
        case .array(let elements): for element in elements { try visit(element, trail, depth + 1) }
        case .object(let members):
            let isNode = node["inputs"] != nil
            if isNode { try check(callOf: node) }
            for member in members {
                let name = member.key.count <= 64 ? member.name : ""
                // The name of an argument stands before its value, and is no variable.
                if !isArgument || name != "name" { try check(name, member.value, isNode, trail) }
                if isArgument, name == "name" { try check("fqn", member.value, false, trail) }
                if isNode, name == "inputs", let arguments = member.value.elements {
                    for argument in arguments { try visit(argument, trail, depth + 2, isArgument: true) }
                    continue
                }
                try visit(member.value, trail.count < 160 ? "\(trail).\(name)" : trail, depth + 1)
            }
        default: break
        }
    }

    private func check(_ name: String, _ value: JSONNode, _ isNode: Bool, _ trail: String) throws(ScanStop) {
        switch name {
        case "expr_str":
            guard let text = value.text, SymbolicExpression.isPlain(text) else {
                let text = value.text ?? ""
                let runs = ["__", "import", "lambda", "eval", "exec", "open", "."].contains { text.contains($0) }
                let what = "a size is evaluated as Python, and is not of numbers, symbols and known functions alone"
                return try find(value, text, runs ? .unsafe : .notProven, what)
            }
        case "target" where isNode, "as_operator":
            guard let target = value.text else {
                return try find(value, trail, .notProven, "what is called has no name")
            }
            switch name == "target" ? ExportedOperators.judge(target) : ExportedOperators.judge(argument: target) {
            case .proven: break
            case let verdict:
                let what =
                    verdict == .unsafe
                    ? "what is called runs code, or reads or writes files"
                    : "what is called is not on the list of operators that compute"
                try find(value, target, verdict, what)
            }
        case "in_spec", "out_spec":
            if let text = value.text, try !isForm(text) {
                let what = "the form of arguments is one by which a module may be imported"
                try find(value, text, text.contains("module") || text.contains("__enum__") ? .unsafe : .notProven, what)
            }
        case "name", "as_name":
            if let text = value.text { try check(name: text, value, isVariable: true) }
        case "range_constraints": try check(symbols: value)
        case "hint":
            let hint = value["as_int"]?.value ?? .null
            guard !Self.isNumber(hint) else { return }
            try find(value, trail, .notProven, "what a size is guessed to be is no number")
        case "class_fqn": try find(value, trail, .notProven, "it holds objects of classes that somebody wrote")
        case "fqn", "parameter_name", "buffer_name", "tensor_constant_name", "custom_obj_name",
            "user_input_name", "token_name":
            if let text = value.text { try check(name: text, value) }
        case "forward_arg_names":
            for argument in value.elements ?? [] { try check(name: argument.text ?? "?", argument) }
        case "guards_code":
            if case .array(let guards) = value.value, guards.isEmpty { return }
            if case .null = value.value { return }
            try find(value, trail, .notProven, "it brings Python that checks its arguments")
        case "as_custom_obj", "custom_obj_values", "script_object_metas":
            if case .object(let members) = value.value, members.isEmpty { return }
            try find(value, trail, .notProven, "it holds objects of classes that somebody wrote")
        default: break
        }
    }

    /// `encoder.layers.0.weight`: what stands in the code that is made of a graph as it is.
    ///
    /// A variable has no dot, since the code would give an attribute of something another value, and is none of those
    /// that the code reads.
    private func check(name: String, _ value: JSONNode, isVariable: Bool = false) throws(ScanStop) {
        let isName =
            name.utf8.allSatisfy {
                0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "_")
                    || $0 == 0x2E && !isVariable
            } && !(isVariable && Self.taken.contains(name))
        let isPythons = name.split(separator: ".").contains { $0.hasPrefix("__") && $0.hasSuffix("__") }
        guard !isName || isPythons || name.utf8.count > 1_000 else { return }
        let runs = name.contains { "()\n;:=\"'".contains($0) }
        try find(value, name, runs ? .unsafe : .notProven, "Python code is made of a name, and this is none")
    }

    /// Names that the code of a graph uses for its own.
    private static let taken: Set<String> = [
        "self", "torch", "device", "math", "operator", "_operator", "pytree", "fx_pytree", "inf", "nan", "NoneType",
    ]

    /// What calls some of its arguments gets graphs of the program for them, all in their places.
    private func check(callOf node: JSONNode) throws(ScanStop) {
        guard let target = node["target"]?.text, let called = ExportedOperators.called(by: target) else { return }
        let inputs = node["inputs"]?.elements ?? []
        let isPlaced = inputs.allSatisfy { $0["kind"]?.unsigned == 1 || $0["name"]?.text == "" }
        let areGraphs = called.allSatisfy { index in
            guard index < inputs.count, case .object(let forms)? = inputs[index]["arg"]?.value else { return false }
            return forms.count == 1 && forms[0].name == "as_graph"
        }
        guard !isPlaced || !areGraphs else { return }
        try find(node, target, .notProven, "what it calls is no graph of the program")
    }

    /// Of unbacked symbols (`u12`) a loader counts up to the largest; bounds are numbers.
    private func check(symbols: JSONNode) throws(ScanStop) {
        for symbol in symbols.members ?? [] {
            if symbol.key.count > 8, !symbol.name.hasPrefix("s") {
                try find(symbol.value, symbol.name, .notProven, "a symbol's number is larger than any program's")
            }
            for bound in symbol.value.members ?? [] where !Self.isNumber(bound.value.value) {
                try find(symbol.value, symbol.name, .notProven, "a symbol's bound is no number")
            }
        }
    }

    private static func isNumber(_ value: JSONNode.Value) -> Bool {
        switch value {
        case .null, .number: true
        case .bool, .string, .array, .numbers, .words, .object: false
        }
    }

    private func find(
        _ node: JSONNode,
        _ element: String,
        _ verdict: ScanVerdict,
        _ message: String
    ) throws(ScanStop) {
        try walk.find("torch-export", verdict, node, PickleText.clean(element, limit: 160), message)
    }

    // MARK: The form of arguments

    private static let containers: Set<String> = [
        "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict",
        "torch.fx.immutable_collections.immutable_list", "torch.fx.immutable_collections.immutable_dict",
    ]

    /// Whether a text is a tree of plain containers: `[1, {"type": …, "context": …, "children_spec": […]}]`.
    private func isForm(_ text: String) throws(ScanStop) -> Bool {
        let document: JSONNode
        do throws(ScanStop) { document = try JSONText.document(Array(text.utf8), walk.context) } catch {
            guard error.rule.hasPrefix("limit-") else { return false }
            throw error
        }
        guard case .array(let parts) = document.value, parts.count == 2, parts[0].unsigned == 1 else { return false }
        return try isForm(parts[1], 0)
    }

    private func isForm(_ node: JSONNode, _ depth: Int) throws(ScanStop) -> Bool {
        try walk.context.budget.step()
        guard depth < Self.depth, let type = node["type"], let context = node["context"],
            case .array(let children)? = node["children_spec"]?.value
        else { return false }
        if case .null = type.value { return children.isEmpty }
        guard let name = type.text, Self.containers.contains(name), try isPlain(context) else { return false }
        for child in children { guard try isForm(child, depth + 1) else { return false } }
        return true
    }

    /// A container's keys, written as JSON of their own: texts and numbers, and no object, which a loader would look up.
    ///
    /// Texts stand within quotes in the code that is made of them.
    private func isPlain(_ context: JSONNode) throws(ScanStop) -> Bool {
        var value = context
        if let text = context.text {
            do throws(ScanStop) { value = try JSONText.document(Array(text.utf8), walk.context) } catch {
                guard error.rule.hasPrefix("limit-") else { return false }
                throw error
            }
        }
        switch value.value {
        case .null, .numbers: return true
        case .array(let keys):
            return keys.allSatisfy { key in
                switch key.value {
                case .null, .bool, .number: true
                case .string(let text): text.allSatisfy(Self.isOfKey)
                case .numbers, .words, .array, .object: false
                }
            }
        case .bool, .number, .string, .words, .object: return false
        }
    }

    private static func isOfKey(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || "_.-:/ ".utf8.contains(byte)
    }
}
