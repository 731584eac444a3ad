/// The parts of scikit-learn and SciPy that are compiled: they take their state as it is, and read and write where it
/// says.
///
/// So each part of it is compared with the others here.
extension PickleMachine {
    func isNumbers(_ value: PickleValue) -> Bool {
        switch value {
        case .none, .bool, .integer, .float: true
        case .container(let container):
            container.kind == .tuple && container.allItems?.allSatisfy(isNumbers) == true
        default: value.number != nil
        }
    }

    /// `__pyx_unpickle_CyHuberLoss(CyHuberLoss, checksum, state)`.
    func isLoss(_ function: PickleGlobal, _ all: [PickleValue]) -> Bool {
        guard all.count == 3, case .global(let type) = all[0], case .listed(.loss) = type.standing else { return false }
        return function.name == "__pyx_unpickle_" + type.name && isNumbers(all[1]) && isNumbers(all[2])
    }

    /// `Tree(features, classes, outputs)`: reads as many numbers of classes as there are outputs.
    func treeFacts(_ all: [PickleValue]) -> TreeFacts? {
        guard all.count == 3, let features = all[0].number, let classes = all[1].object?.array,
            let outputs = all[2].number, 0...Int(Int32.max) ~= features, classes.shape == [outputs]
        else { return nil }
        return TreeFacts(features: features, outputs: outputs)
    }

    func neighbourNature(_ function: PickleGlobal, _ all: [PickleValue]) -> PickleObject.Nature? {
        guard all.count == 1, case .global(let type) = all[0], type.module == function.module else { return nil }
        if EstimatorList.distances.contains(type.name), type.module.hasSuffix("_dist_metrics") { return .distance }
        return ["KDTree", "BallTree"].contains(type.name) && type.module.contains(".neighbors.") ? .neighbours : nil
    }

    /// The value of a whole number of NumPy.
    func scalarNumber(_ type: PickleValue, _ value: PickleValue) -> Int? {
        guard case .dtype(let known?)? = type.object?.nature, let kind = known.kind, "iub".contains(kind),
            !known.isSwapped, case .bytes(let bytes) = value, bytes.count == known.size, known.size <= 8
        else { return nil }
        var number: UInt64 = 0
        for (place, byte) in bytes.beginning.prefix(8).enumerated() { number |= UInt64(byte) << UInt64(8 * place) }
        guard kind == "i" else { return Int(exactly: number) }
        let shift = 64 - 8 * known.size
        return Int(Int64(bitPattern: number << shift) >> Int64(shift))
    }

    /// `{'max_depth', 'node_count', 'nodes', 'values'}`.
    mutating func tree(_ object: PickleObject, _ state: PickleValue) throws(ScanStop) {
        guard case .tree(var facts)? = object.estimator else { return }
        object.estimator = nil
        guard case .container(let fields) = state, fields.kind == .dictionary, fields.count == 8,
            let depth = fields.value("max_depth")?.number, let count = fields.value("node_count")?.number,
            let nodes = fields.value("nodes")?.object?.array, let values = fields.value("values")?.object?.array
        else { return try unsound("a tree", "has other state than its nodes and their values") }
        guard nodes.shape == [count], values.shape.count == 3, values.shape[0] == count,
            values.shape[1] == facts.outputs, values.isOfDoubles
        else { return try unsound("a tree", "has other numbers of nodes and of values than it says") }
        guard count > 0 else { return try unsound("a tree", "has no nodes") }
        try digest(nodes)
        switch nodes.digest {
        case .nodes(let features, let levels)?:
            guard features <= facts.features, levels <= depth else {
                return try unsound("a tree", "reads features that it does not have, or goes deeper than it says")
            }
            facts.isSingle = values.shape == [count, 1, 1]
            object.estimator = .tree(facts)
        case .unsound(let why)?: try unsound("a tree", why)
        default: try unreadable("a tree's nodes")
        }
    }

    /// The nodes of histogram-based gradient boosting, which are an attribute like others.
    mutating func predictor(_ object: PickleObject, _ attributes: PickleContainer) throws(ScanStop) {
        guard let nodes = attributes.value("nodes")?.object?.array, nodes.shape.count == 1 else {
            return try unsound("a tree", "has no nodes")
        }
        try digest(nodes)
        switch nodes.digest {
        case .nodes(let features, _)?: object.estimator = .predictor(TreeFacts(features: features))
        case .unsound(let why)?: try unsound("a tree", why)
        default: try unreadable("a tree's nodes")
        }
    }

    /// `(data, indices, nodes, bounds, leaf size, levels, nodes, …, distance, weights)`.
    mutating func neighbours(_ object: PickleObject, _ state: PickleValue) throws(ScanStop) {
        let what = "a tree of neighbours"
        guard let parts = state.tuple, parts.count == 13, let data = parts[0].object?.array,
            let indices = parts[1].object?.array, let nodes = parts[2].object?.array,
            let bounds = parts[3].object?.array, parts[4...10].allSatisfy({ $0.number != nil }),
            case .distance? = parts[11].object?.nature, parts[11].object?.isBuilt == true
        else { return try unsound(what, "has other state than scikit-learn writes") }
        guard data.shape.count == 2, data.isOfDoubles, indices.shape == [data.shape[0]],
            indices.type.kind == "i", indices.type.size == 8, nodes.shape.count == 1, bounds.isOfDoubles,
            bounds.shape == [object.className == "KDTree" ? 2 : 1, nodes.shape[0], data.shape[1]],
            parts[6].number == nodes.shape[0]
        else { return try unsound(what, "has parts of other sizes than one another") }
        if case .none = parts[12] {
        } else {
            guard let weights = parts[12].object?.array, weights.shape == [data.shape[0]], weights.isOfDoubles else {
                return try unsound(what, "has other weights than points")
            }
        }
        try digest(indices)
        try digest(nodes)
        guard case .numbers(let named)? = indices.digest else { return try unreadable(what) }
        guard named.areIndices(of: data.shape[0]) else {
            return try unsound(what, "names points that are not there")
        }
        switch nodes.digest {
        case .neighbours(let points)? where points <= data.shape[0]:
            object.estimator = .neighbours(points: data.shape[0], features: data.shape[1])
        case .neighbours?: try unsound(what, "names points that are not there")
        case .unsound(let why)?: try unsound(what, why)
        default: try unreadable(what)
        }
    }

    /// `(p, vector, matrix)`, which the distances on the list do not use.
    mutating func distance(_ object: PickleObject, _ state: PickleValue) throws(ScanStop) {
        guard let parts = state.tuple, parts.count == 3, parts.dropFirst().allSatisfy({ $0.object?.array != nil }),
            isNumbers(parts[0]) || parts[0].object?.maker.hasSuffix("scalar") == true
        else { return try unsound("a distance", "has other state than scikit-learn writes") }
    }

    private static let sparseFields: Set = [
        "_shape", "maxprint", "_maxprint", "data", "indices", "indptr", "_has_canonical_format", "_has_sorted_indices",
        "has_canonical_format", "has_sorted_indices", "_is_array",
    ]

    /// A matrix of rows (`csr`) or columns (`csc`): SciPy's compiled code goes wherever the indices lead.
    mutating func sparse(_ object: PickleObject, _ state: PickleValue) throws(ScanStop) {
        let what = "a sparse matrix"
        guard case .container(let fields) = state, fields.kind == .dictionary, let all = fields.allItems,
            let shape = fields.value("_shape")?.tuple?.compactMap(\.number), shape.count == 2,
            let data = fields.value("data")?.object?.array, let indices = fields.value("indices")?.object?.array,
            let pointers = fields.value("indptr")?.object?.array
        else { return try unsound(what, "has other state than SciPy writes") }
        for index in stride(from: 0, to: all.count, by: 2) {
            guard let name = all[index].text, Self.sparseFields.contains(name), isPlain(all[index + 1]) else {
                return try unsound(what, "has other state than SciPy writes")
            }
        }
        let (outer, inner) = object.className.hasPrefix("csc") ? (shape[1], shape[0]) : (shape[0], shape[1])
        guard shape.allSatisfy({ $0 >= 0 }), data.shape.count == 1, data.type.kind.map({ "iubf".contains($0) }) == true,
            indices.shape == data.shape, pointers.shape.count == 1, pointers.shape[0] - 1 == outer,
            [indices, pointers].allSatisfy({ $0.type.kind == "i" && [4, 8].contains($0.type.size) }),
            indices.type.size == pointers.type.size
        else { return try unsound(what, "has parts of other sizes than one another") }
        try digest(indices)
        try digest(pointers)
        guard case .numbers(let rows)? = pointers.digest, rows.arePointers(to: data.shape[0]) else {
            return try pointers.digest == nil ? unreadable(what) : unsound(what, "has rows that are not there")
        }
        switch indices.digest {
        case .some(.none) where data.shape[0] == 0: break
        case .numbers(let columns)?:
            guard columns.areIndices(of: inner) else { return try unsound(what, "has columns that are not there") }
        default: return try unreadable(what)
        }
        object.estimator = .sparse(rows: shape[0], columns: shape[1])
    }

    func unsound(_ what: String, _ why: String) throws(ScanStop) {
        try report("pickle-contents", .notProven, "\(what) \(why): compiled code would read or write beside it")
    }

    func unreadable(_ what: String) throws(ScanStop) {
        try report(
            "pickle-contents",
            .notProven,
            "\(what) cannot be looked through: save it with protocol 3 or later, on a machine that is little-endian"
        )
    }
}
