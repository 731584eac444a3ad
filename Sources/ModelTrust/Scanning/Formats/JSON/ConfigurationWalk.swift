/// Walks a configuration, of JSON or YAML, and finds every key under which some framework looks for code to run.
struct ConfigurationWalk {
    let path: String
    /// Where the document begins within its input.
    var base: UInt64 = 0
    let context: ScanContext
    private var stop: ScanStop?

    init(path: String, base: UInt64 = 0, context: ScanContext) {
        self.path = path
        self.base = base
        self.context = context
    }

    /// Throws what stopped the walk, where something did.
    func finish() throws(ScanStop) {
        if let stop { throw stop }
    }

    /// Visits a document's value and all that is in it.
    mutating func visit(_ node: JSONNode) {
        guard stop == nil else { return }
        do throws(ScanStop) {
            try walk(node, key: nil, trail: "")
        } catch {
            stop = error
        }
    }

    /// Adds a finding at a value.
    func find(
        _ rule: String,
        _ verdict: ScanVerdict,
        _ node: JSONNode,
        _ element: String,
        _ message: String
    ) throws(ScanStop) {
        try context.find(rule, verdict, in: path, at: base + UInt64(node.offset), element, message)
    }

    private mutating func walk(_ node: JSONNode, key: String?, trail: String) throws(ScanStop) {
        try context.budget.step()
        switch node.value {
        case .null, .bool, .number, .numbers, .string: break
        case .array(let elements):
            for element in elements {
                try expression(element, trail)
                try walk(element, key: key, trail: trail)
            }
        case .words(let list):
            // Other texts of a list are not looked at.
            guard list.mayHoldExpressions else { return }
            try list.visit(context) { (element) throws(ScanStop) in
                try expression(element, trail)
                for text in element.elements ?? [] { try expression(text, trail) }
            }
        case .object(let members):
            try KerasObject.check(node, self, trail)
            try ExportedProgram.check(node, self, trail)
            try module(node, trail)
            let isPipeline = node["_class_name"]?.text?.contains("Pipeline") == true
            for member in members {
                // In a vocabulary the keys are tokens: a number asks for nothing, but under Python's own names.
                if case .number = member.value.value, member.key.first != UInt8(ascii: "_") {
                    try context.budget.step()
                    continue
                }
                // Vocabularies have a hundred thousand keys; only text that can be a key of ours is made a string.
                let name = member.key.count <= 64 ? member.name : ""
                let place = trail.isEmpty ? name : trail.count < 160 ? "\(trail).\(name)" : trail
                try check(name, member.value, place)
                try pair(name, member.value, place, isPipeline: isPipeline)
                try named(member.value, place)
                try walk(member.value, key: name, trail: place)
            }
        }
    }

    /// Judges one key with its value.
    private func check(_ name: String, _ value: JSONNode, _ place: String) throws(ScanStop) {
        switch name {
        case "auto_map", "custom_pipelines", "custom_generate", "custom_code": try remoteCode(value, place)
        case "trust_remote_code", "allow_pickle", "weights_only_false":
            var isTrue = ["true", "1", "yes"].contains(value.text?.lowercased())
            if case .bool(true) = value.value { isTrue = true }
            if isTrue {
                try find("remote-code", .notProven, value, place, "it asks for code from elsewhere to be trusted")
            }
        case "chat_template", "chat_templates", "default_chat_template", "response_template":
            try templates(value, place)
        case "_target_", "_partial_target_", "_factory_", "target_class", "class_path":
            if let target = value.text {
                try find(
                    "instantiate",
                    HydraTargets.verdict(target),
                    value,
                    "\(place): \(target)",
                    "the framework imports and calls what this key names"
                )
            }
        case "custom_imports":
            if !Self.texts(value).isEmpty {
                try find("instantiate", .notProven, value, place, "MMEngine imports the modules named here")
            }
        case "py/object", "py/reduce", "py/type", "py/function", "py/newargs", "py/repr", "py/module", "__reduce__":
            // In a vocabulary the key is a token, and the number its own.
            if case .number = value.value { break }
            try find("jsonpickle", .unsafe, value, place, "jsonpickle makes the object that this key names")
        case "__loader__", "__module__":
            try find("skops", .notProven, value, place, "skops loads the type that this key names")
        case "function_type":
            if value.text == "lambda" {
                try find("keras-lambda", .unsafe, value, place, "a Lambda layer brings Python bytecode")
            }
        case "loader_module", "python_function":
            if let module = value.text, !Self.flavours.contains(module) {
                try find(
                    "loader-module",
                    .notProven,
                    value,
                    "\(place): \(module)",
                    "MLflow imports the module named here"
                )
            }
        case "activation_function", "activation_fn", "sbert_ce_default_activation_function":
            if let text = value.text, Self.looksImported(text), !Self.activations.contains(where: text.hasPrefix) {
                try find(
                    "instantiate",
                    .notProven,
                    value,
                    "\(place): \(text)",
                    "Sentence Transformers imports and calls what this key names"
                )
            }
        case "attn_implementation", "_attn_implementation", "experts_implementation", "_attn_implementation_internal",
            "_experts_implementation":
            if let text = value.text, text.contains("/") {
                try find("remote-code", .notProven, value, place, "the attention kernel is fetched as native code")
            }
        case "parent_library":
            if let library = value.text, !library.hasPrefix("transformers."), !library.hasPrefix("diffusers."),
                library != "transformers", library != "diffusers"
            {
                try find(
                    "instantiate",
                    .notProven,
                    value,
                    "\(place): \(library)",
                    "PEFT imports the library named here"
                )
            }
        case "activation", "backbone", "head", "download":
            if let message = YOLOModel.code(under: name, value) {
                try find("expression", .notProven, value, place, message)
            }
        case "_class_name":
            if let elements = value.elements, elements.count == 2 {
                try find("remote-code", .notProven, value, place, "Diffusers loads a pipeline from a file beside it")
            }
        default: break
        }
    }

    /// The packages of which Sentence Transformers' own models take their activations.
    private static let activations = ["torch.nn.", "sentence_transformers."]

    /// A value that a framework evaluates: MONAI runs what begins with `$` as Python, and OmegaConf has `${name:…}`
    /// answered by a function that the program registered under the name, or by the environment.
    private func expression(_ value: JSONNode, _ place: String) throws(ScanStop) {
        guard case .string(let bytes) = value.value, bytes.contains(UInt8(ascii: "$")), bytes.count < 4096,
            let text = value.text
        else { return }
        if text.hasPrefix("$import ") || text.hasPrefix("$__") || Self.isCall(text) {
            try find("expression", .notProven, value, place, "MONAI runs a text that begins with `$` as Python")
        }
        for part in text.split(separator: "${", omittingEmptySubsequences: false).dropFirst() {
            let name = part.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
            let rest = part.dropFirst(name.count)
            // `${NAME:-default}` is a shell's.
            guard !name.isEmpty, rest.first == ":", let next = rest.dropFirst().first, !"-?+=:".contains(next),
                !Self.resolvers.contains(String(name))
            else { continue }
            try find(
                "expression",
                .notProven,
                value,
                "\(place): ${\(name):…}",
                "OmegaConf has this answered by a function of the program, or by its environment"
            )
        }
    }

    /// Resolvers of OmegaConf and Hydra that answer from the configuration itself, or with the time.
    private static let resolvers: Set<String> = [
        "now", "hydra", "oc.select", "oc.deprecated", "oc.decode", "oc.dict.keys", "oc.dict.values",
    ]

    /// Python's modules whose names, with another behind a dot, stand in data for nothing else.
    private static let dangers: Set<String> = [
        "os", "posix", "nt", "subprocess", "sys", "builtins", "__builtin__", "importlib", "runpy", "pty", "ctypes",
        "shutil", "socket", "pickle", "_pickle", "marshal", "webbrowser", "multiprocessing", "pip", "eval", "exec",
    ]
    /// How files' names end that begin like a module's.
    private static let endings: Set<String> = [
        "txt", "json", "yaml", "yml", "md", "py", "bin", "pt", "pkl", "png", "jpg", "csv", "html", "log", "zip", "gz",
    ]

    /// A value that names something of Python's with which code can be run, whatever its key.
    private func named(_ value: JSONNode, _ place: String) throws(ScanStop) {
        guard case .string(let bytes) = value.value else { return }
        try expression(value, place)
        guard bytes.count <= 200, let dot = bytes.lastIndex(of: UInt8(ascii: ".")), let text = value.text,
            Self.looksImported(text)
        else { return }
        let module = String(decoding: bytes[..<dot], as: UTF8.self)
        guard Self.dangers.contains(String(module.prefix { $0 != "." })),
            !Self.endings.contains(String(decoding: bytes[(dot + 1)...], as: UTF8.self).lowercased())
        else { return }
        try find(
            "instantiate",
            .notProven,
            value,
            "\(place): \(text)",
            "it names something with which code can be run"
        )
    }

    /// Whether a text is `$`, a name, and something in parentheses.
    private static func isCall(_ text: String) -> Bool {
        guard text.first == "$", text.contains(")") else { return false }
        let name = text.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "@" }
        // `$.get()` is JavaScript, and stands in tokenizers' merges.
        return name.first.map { !$0.isNumber && $0 != "." } ?? false && text.dropFirst(1 + name.count).first == "("
    }

    private static let flavours: Set<String> = [
        "mlflow.sklearn", "mlflow.xgboost", "mlflow.lightgbm", "mlflow.tensorflow", "mlflow.pytorch", "mlflow.onnx",
        "mlflow.transformers", "mlflow.keras", "mlflow.catboost", "mlflow.spacy", "mlflow.statsmodels",
        "mlflow.prophet",
        "mlflow.h2o", "mlflow.paddle", "mlflow.spark", "mlflow.sentence_transformers",
    ]

    /// Whether a text is a dotted path to a Python class, as modules.json of Sentence Transformers has under `type`.
    private static func looksImported(_ text: String) -> Bool {
        guard text.utf8.count < 200 else { return false }
        if let isPlain = isPlainPath(text.utf8) { return isPlain }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.count <= 8 else { return false }
        for part in parts {
            guard let first = part.unicodeScalars.first, first.properties.isXIDStart || first == "_" else {
                return false
            }
            guard part.unicodeScalars.allSatisfy(\.properties.isXIDContinue) else { return false }
        }
        return true
    }

    /// The same of a text of ASCII, as most are; nil of others.
    private static func isPlainPath(_ text: String.UTF8View) -> Bool? {
        var (parts, isFirst, isPath) = (1, true, true)
        for byte in text {
            switch byte {
            case UInt8(ascii: "."):
                isPath = isPath && !isFirst
                parts += 1
                isFirst = true
                continue
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9"): isPath = isPath && !isFirst
            case 0x80...: return nil
            default: isPath = false
            }
            isFirst = false
        }
        return isPath && !isFirst && 2...8 ~= parts
    }

    /// Objects whose type is imported: of Stable Diffusion's configurations, of Sentence Transformers' modules.json, of Haystack's pipelines, and of LangChain,
    /// whose objects name their class by its path, or a variable of the environment.
    private func module(_ node: JSONNode, _ place: String) throws(ScanStop) {
        if let target = node["target"], let text = target.text, node["params"] != nil, Self.looksImported(text) {
            try find(
                "instantiate",
                .notProven,
                target,
                "\(place) target: \(text)",
                "configurations of Stable Diffusion import and call what this key names"
            )
        }
        if node["structure"]?.members != nil || node["structure"]?.elements != nil {
            // The modules that Sentence Transformers' router chooses between.
            for member in node["types"]?.members ?? [] {
                guard let text = member.value.text, Self.looksImported(text),
                    !text.hasPrefix("sentence_transformers.")
                else { continue }
                let element = "\(place) types: \(text)"
                try find("instantiate", .notProven, member.value, element, "a module is imported by its name")
            }
        }
        guard let type = node["type"], let text = type.text else { return }
        if node["lc"] != nil, node["id"] != nil, ["constructor", "secret", "not_implemented"].contains(text) {
            return try find("instantiate", .notProven, node, place, "LangChain makes the object that is named here")
        }
        let isHaystack = node["init_parameters"] != nil
        guard isHaystack || node["path"] != nil, !text.hasPrefix(isHaystack ? "haystack." : "sentence_transformers."),
            Self.looksImported(text)
        else { return }
        try find("instantiate", .notProven, type, "\(place) type: \(text)", "a module is imported by its name")
    }

    /// `auto_map` and its like: code beside the model is not proven; code of another repository is unsafe.
    private func remoteCode(_ value: JSONNode, _ place: String) throws(ScanStop) {
        switch value.value {
        // In a vocabulary the key is a token, and the number its own.
        case .null, .bool(false), .number: return
        case .object(let members) where members.isEmpty: return
        default: break
        }
        let isElsewhere = Self.texts(value).contains { $0.contains("--") || $0.contains("/") || $0.contains(":") }
        try find(
            "remote-code",
            isElsewhere ? .unsafe : .notProven,
            value,
            place,
            isElsewhere
                ? "its classes are taken from another repository, whose code would run"
                : "its classes are Python code that is not part of any library"
        )
    }

    private static func texts(_ node: JSONNode, _ depth: Int = 0) -> [String] {
        switch node.value {
        case .string: [node.text ?? ""]
        case .array, .words:
            depth < 4 ? (node.elements ?? []).flatMap { texts($0, depth + 1) } : []
        case .object(let members) where depth < 4: members.flatMap { texts($0.value, depth + 1) }
        default: []
        }
    }

    /// A template, or several: a list of `{name, template}`, or an object of them.
    private func templates(_ value: JSONNode, _ place: String) throws(ScanStop) {
        switch value.value {
        case .string:
            try ChatTemplate.check(value.text ?? "", element: place, path: path, offset: nil, context)
        case .array(let elements):
            for element in elements {
                if let template = element["template"] {
                    try templates(template, place)
                } else if element.text != nil {
                    try templates(element, place)
                } else {
                    try find("template-form", .notProven, element, place, "a template of a form that is not known")
                }
            }
        case .object(let members):
            for member in members { try templates(member.value, "\(place).\(member.name.prefix(40))") }
        case .null, .bool(false), .number: break
        default: try find("template-form", .notProven, value, place, "a template of a form that is not known")
        }
    }

    /// `"unet": ["library", "Class"]` of Diffusers' model_index.json; its modular pipelines say a third thing, where the
    /// component comes from.
    private func pair(_ name: String, _ value: JSONNode, _ place: String, isPipeline: Bool) throws(ScanStop) {
        guard case .array(let elements) = value.value, 2...3 ~= elements.count, let library = elements[0].text,
            let type = elements[1].text, !type.isEmpty,
            isPipeline && name != "_class_name" || DiffusersLibraries.components.contains(name)
        else { return }
        guard !DiffusersLibraries.known.contains(library) else { return }
        try find("instantiate", .notProven, value, "\(place): \(library).\(type)", "a library is imported by its name")
    }
}
