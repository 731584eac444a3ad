/// What is known of the trees of an XGBoost model, and whether the rest of it agrees with them.
struct XGBoostModel {
    /// The largest category that XGBoost itself takes, for which it makes a row of bits.
    private static let categories = 1 << 24
    /// How many features and outputs a model may say that it has: for each, memory is taken.
    private static let (features, outputs) = (1 << 24, 1 << 16)

    private var trees = 0
    /// The largest feature that a tree reads, and the most that one says it has.
    private var largestFeature = -1

    /// Takes note of a tree.
    mutating func tree(_ tree: UBJSONValue, _ reader: UBJSONReader) throws(ScanStop) {
        let name = "tree \(trees)"
        trees += 1
        guard let count = tree["tree_param"]?["num_nodes"]?.number, count > 0,
            let left = try reader.integers(tree["left_children"]),
            let right = try reader.integers(tree["right_children"]),
            let parents = try reader.integers(tree["parents"]),
            let features = try reader.integers(tree["split_indices"]),
            let directions = try reader.integers(tree["default_left"])
        else { throw unsound(reader, "\(name) does not say what its nodes are; save the model with a newer XGBoost") }
        guard tree["tree_param"]?["size_leaf_vector"]?.number.map({ $0 <= 1 }) ?? true, tree["leaf_weights"] == nil
        else {
            throw unsound(
                reader,
                "\(name) has several values in each leaf, which no scan looks into; train one tree per output"
            )
        }
        let kinds = try tree["split_type"].map { (value) throws(ScanStop) in try reader.integers(value) ?? [-1] }
        let sizes = ["split_conditions", "base_weights", "sum_hessian", "loss_changes"].map {
            UBJSONReader.count(tree[$0])
        }
        guard [left, right, parents, features, directions].allSatisfy({ $0.count == count }),
            sizes.allSatisfy({ $0 == count }), kinds.map({ $0.count == count }) ?? true
        else { throw unsound(reader, "\(name) does not have as many of everything as it has nodes") }
        guard directions.allSatisfy({ 0...1 ~= $0 }), kinds?.allSatisfy({ 0...1 ~= $0 }) ?? true else {
            throw unsound(reader, "\(name) has a direction or a kind of split that does not exist")
        }
        try walk(name, left, right, parents, features, reader)
        try checkCategories(name, tree, kinds ?? [], reader)
    }

    /// Each node that the root leads to is there and has no other parent.
    private mutating func walk(
        _ name: String,
        _ left: [Int],
        _ right: [Int],
        _ parents: [Int],
        _ features: [Int],
        _ reader: UBJSONReader
    ) throws(ScanStop) {
        var seen = [Bool](repeating: false, count: left.count)
        var pending = [0]
        seen[0] = true
        while let node = pending.popLast() {
            guard left[node] != -1 || right[node] != -1 else { continue }
            guard features[node] >= 0, features[node] < Self.features else {
                throw unsound(reader, "node \(node) of \(name) reads a feature that cannot be")
            }
            largestFeature = max(largestFeature, features[node])
            for child in [left[node], right[node]] {
                guard child > 0, child < left.count, !seen[child], parents[child] == node else {
                    throw unsound(reader, "node \(node) of \(name) leads to a node that is not there, or is another's")
                }
                seen[child] = true
                pending.append(child)
            }
        }
    }

    private func checkCategories(
        _ name: String,
        _ tree: UBJSONValue,
        _ kinds: [Int],
        _ reader: UBJSONReader
    ) throws(ScanStop) {
        let keys = ["categories", "categories_nodes", "categories_segments", "categories_sizes"]
        let parts = try keys.map { (key) throws(ScanStop) in try reader.integers(tree[key]) }
        // Before 1.3 there were none.
        if keys.allSatisfy({ tree[$0] == nil }), !kinds.contains(1) { return }
        guard let categories = parts[0], let nodes = parts[1], let starts = parts[2], let sizes = parts[3],
            nodes.count == starts.count, nodes.count == sizes.count,
            Set(nodes) == Set(kinds.indices.filter { kinds[$0] == 1 }), Set(nodes).count == nodes.count,
            categories.allSatisfy({ 0..<Self.categories ~= $0 }),
            zip(starts, sizes).allSatisfy({ start, size in
                start >= 0 && size > 0 && start <= categories.count && size <= categories.count - start
            })
        else { throw unsound(reader, "the categories of \(name) are not those of its nodes, or too many") }
    }

    /// Checks what the model says of all of its trees.
    func check(_ whole: UBJSONValue, _ reader: UBJSONReader) throws(ScanStop) {
        guard let learner = whole["learner"], let parameters = learner["learner_model_param"],
            let features = parameters["num_feature"]?.number, 0...Self.features ~= features,
            let booster = learner["gradient_booster"], let name = booster["name"]?.text
        else {
            throw unsound(reader, "it is no model of XGBoost: a learner with its parameters and a booster is missing")
        }
        let outputs = max(1, parameters["num_class"]?.number ?? 0, parameters["num_target"]?.number ?? 0)
        guard outputs <= Self.outputs else { throw unsound(reader, "it says that it has \(outputs) outputs") }
        switch name {
        case "gbtree": try check(trees: booster["model"], outputs, features, reader)
        case "dart":
            try check(trees: booster["gbtree"]?["model"], outputs, features, reader)
            guard UBJSONReader.count(booster["weight_drop"]) == trees else {
                throw unsound(reader, "it does not have as many weights as it has trees")
            }
        case "gblinear":
            guard trees == 0, UBJSONReader.count(booster["model"]?["weights"]) == (features + 1) * outputs else {
                throw unsound(reader, "it does not have as many weights as features and outputs need")
            }
        default: throw unsound(reader, "`\(PickleText.clean(name, limit: 60))` is no booster of XGBoost's own")
        }
    }

    private func check(
        trees model: UBJSONValue?,
        _ outputs: Int,
        _ features: Int,
        _ reader: UBJSONReader
    ) throws(ScanStop) {
        guard let model, model["gbtree_model_param"]?["num_trees"]?.number == trees,
            let groups = try reader.integers(model["tree_info"]), groups.count == trees,
            groups.allSatisfy({ 0..<outputs ~= $0 })
        else {
            throw unsound(reader, "it does not have as many trees as it says, or one for an output that is not there")
        }
        guard largestFeature < features else {
            throw unsound(reader, "a tree reads feature \(largestFeature), and there are \(features)")
        }
        if model["iteration_indptr"] != nil {
            guard let ends = try reader.integers(model["iteration_indptr"]), ends.first == 0, ends.last == trees,
                zip(ends, ends.dropFirst()).allSatisfy({ $0 <= $1 })
            else { throw unsound(reader, "its rounds do not have the trees that there are") }
        }
        try checkCats(model["cats"], features, reader)
    }

    /// The names of categories that a frame of data had.
    private func checkCats(_ cats: UBJSONValue?, _ features: Int, _ reader: UBJSONReader) throws(ScanStop) {
        guard let cats else { return }
        let segments = try reader.integers(cats["feature_segments"])
        let sorted = try reader.integers(cats["sorted_idx"])
        guard case .array(let names)? = cats["enc"], let segments, let sorted else {
            throw unsound(reader, "its categories are not what XGBoost writes")
        }
        if names.isEmpty, segments.isEmpty, sorted.isEmpty { return }
        guard names.count == features, segments.count == features + 1, segments.first == 0,
            segments.last == sorted.count,
            zip(segments, segments.dropFirst()).allSatisfy({ $0 <= $1 })
        else { throw unsound(reader, "its categories are not those of its features") }
        for (index, name) in names.enumerated() {
            let count = segments[index + 1] - segments[index]
            guard sorted[segments[index]..<segments[index + 1]].allSatisfy({ 0..<count ~= $0 }) else {
                throw unsound(reader, "the order of the categories of feature \(index) names one that is not there")
            }
            guard name["offsets"] != nil else {
                // Numbers.
                guard UBJSONReader.count(name["values"]) == count else {
                    throw unsound(reader, "feature \(index) does not have as many categories as it says")
                }
                continue
            }
            let ends = try reader.integers(name["offsets"]) ?? [-1]
            if ends.isEmpty, count == 0, UBJSONReader.count(name["values"]) == 0 { continue }
            guard ends.count == count + 1, ends.first == 0, ends.last == UBJSONReader.count(name["values"]),
                zip(ends, ends.dropFirst()).allSatisfy({ $0 <= $1 })
            else { throw unsound(reader, "feature \(index) does not have as many categories as it says") }
        }
    }

    private func unsound(_ reader: UBJSONReader, _ message: String) -> ScanStop {
        ScanStop(rule: "xgboost-model", message: message)
    }
}
