/// Judges an object of a Keras configuration: `{"module": …, "class_name": …, "config": …, "registered_name": …}`.
///
/// Keras imports the module and takes the class of it, so that every name has to be on a list.
enum KerasObject {
    /// Judges an object if it is Keras'; what lies within is walked by the caller.
    static func check(_ node: JSONNode, _ walk: ConfigurationWalk, _ trail: String) throws(ScanStop) {
        guard let type = node["class_name"],
            node["config"] != nil || node["module"] != nil || node["inbound_nodes"] != nil
        else { return }
        guard let name = type.text else {
            return try walk.find("keras-class", .notProven, type, trail, "a class is not named by a string")
        }
        let short = name.split(separator: ">").last.map(String.init) ?? name
        if KerasNames.hostile.contains(short) {
            return try walk.find("keras-lambda", .unsafe, type, place(trail, name), KerasNames.reason(short))
        }
        if let module = node["module"], !isNull(module) { try check(module: module, name, walk, trail) }
        if let registered = node["registered_name"]?.text, registered != name, registered.contains(">") {
            try walk.find(
                "keras-custom",
                .notProven,
                type,
                place(trail, registered),
                "a class of its own is registered"
            )
        }
        if name.contains(">") {
            try walk.find("keras-custom", .notProven, type, place(trail, name), "a class of its own is registered")
        } else if !KerasNames.classes.contains(name), !KerasNames.operations.contains(name) {
            try walk.find(
                "keras-class",
                .notProven,
                type,
                place(trail, name),
                "the class is not one of Keras that is known"
            )
        }
        if let config = node["config"] { try check(config: config, name, walk, trail) }
    }

    private static func place(_ trail: String, _ name: String) -> String { trail.isEmpty ? name : "\(trail): \(name)" }

    private static func isNull(_ node: JSONNode) -> Bool {
        if case .null = node.value { true } else { false }
    }

    private static func check(
        module: JSONNode,
        _ name: String,
        _ walk: ConfigurationWalk,
        _ trail: String
    ) throws(ScanStop) {
        let text = module.text ?? ""
        guard KerasNames.isKeras(module: text) else {
            let element = place(trail, "\(text).\(name)")
            return try walk.find("keras-module", .unsafe, module, element, "the class is imported from outside Keras")
        }
    }

    /// What is dangerous in the settings of a class that is on the list.
    private static func check(
        config: JSONNode,
        _ name: String,
        _ walk: ConfigurationWalk,
        _ trail: String
    ) throws(ScanStop) {
        guard let members = config.members else { return }
        for member in members {
            let key = member.name
            switch key {
            case "vocabulary", "idf_weights":
                // A string is a file that is read, or a URL that is fetched.
                if member.value.text != nil {
                    try walk.find(
                        "keras-file",
                        .unsafe,
                        member.value,
                        place(trail, name),
                        "a file is read whose name the model gives"
                    )
                }
            case "standardize", "split":
                if let text = member.value.text, !KerasNames.textSteps.contains(text) {
                    try walk.find(
                        "keras-class",
                        .notProven,
                        member.value,
                        place(trail, text),
                        "a function that is not Keras' own"
                    )
                }
            case "filepath", "saved_model_path", "cache_dir", "untar":
                try walk.find(
                    "keras-file",
                    .unsafe,
                    member.value,
                    place(trail, name),
                    "a file is read whose name the model gives"
                )
            case "fn", "call_fn", "init_fn", "function", "mask", "output_shape_fn", "build_fn":
                if member.value.members != nil {
                    try walk.find(
                        "keras-lambda",
                        .unsafe,
                        member.value,
                        place(trail, name),
                        "a function is brought along"
                    )
                }
            default: break
            }
        }
    }
}
