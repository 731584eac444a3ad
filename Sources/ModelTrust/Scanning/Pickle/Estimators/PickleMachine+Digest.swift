/// Looks through arrays that compiled code takes as they are: nodes of trees, and whole numbers that are indices.
extension PickleMachine {
    /// The layout of scikit-learn's `NODE_DTYPE`; 1.3 and later have one field more.
    private static let treeLayout = [
        "left_child 0 i8", "right_child 8 i8", "feature 16 i8", "threshold 24 f8", "impurity 32 f8",
        "n_node_samples 40 i8", "weighted_n_node_samples 48 f8", "missing_go_to_left 56 u1",
    ]
    /// The layout of `NodeData` in `_binary_tree.pxi`.
    private static let neighbourLayout = ["idx_start 0 i8", "idx_end 8 i8", "is_leaf 16 i8", "radius 24 f8"]
    /// More nodes than a tree that anybody trained has.
    private static let mostNodes = 1 << 22
    /// What is read of whole numbers before anybody asks for them.
    private static let unasked: UInt64 = 1 << 24

    private static func layout(_ type: NumpyType) -> [String] {
        type.fields.map { "\($0.name) \($0.offset) \($0.type.kind.map(String.init) ?? "?")\($0.type.size)" }
    }

    /// Notes in an array what its bytes hold.
    mutating func digest(_ array: PickleArray, isNeeded: Bool = true) throws(ScanStop) {
        guard array.digest == nil, let place = array.place, !array.type.holdsObjects,
            let count = array.type.bytes(shape: array.shape), !array.type.isSwapped,
            array.type.fields.allSatisfy({ !$0.type.isSwapped })
        else { return }
        let isNumbers = array.type.kind.map { "iub".contains($0) } ?? false
        guard isNumbers || !array.type.fields.isEmpty else { return }
        guard isNeeded || !isNumbers || count <= Self.unasked, count <= context.budget.contents else { return }
        let names = Self.layout(array.type)
        let records = ArrayRecords(place.input, at: place.offset, size: Int(array.type.size), count: Int(count))
        switch true {
        case isNumbers: array.digest = try Self.numbers(records, isSigned: array.type.kind == "i")
        case array.shape.count == 1 && Self.isTree(names, array.type.size): array.digest = try Self.nodes(records)
        case array.shape.count == 1 && names == Self.neighbourLayout && array.type.size == 32:
            array.digest = try Self.neighbours(records)
        case array.shape.count == 1 && names.contains { $0.hasPrefix("feature_idx ") }:
            array.digest = try Self.boosted(records, array.type)
        default: return
        }
        context.budget.contents -= count
    }

    private static func isTree(_ names: [String], _ size: UInt64) -> Bool {
        size == 64 && names == treeLayout || size == 56 && names == treeLayout.dropLast()
    }

    private static func numbers(_ records: ArrayRecords, isSigned: Bool) throws(ScanStop) -> ArrayDigest {
        var summary = IndexSummary()
        try records.each { summary.add($0.integer(at: 0, bytes: records.size, isSigned: isSigned)) }
        return summary.count == 0 ? .none : .numbers(summary)
    }

    /// Each node but the first lies behind the one that leads to it, and only one does: so nothing goes in circles.
    private static func nodes(_ records: ArrayRecords) throws(ScanStop) -> ArrayDigest {
        guard 1...mostNodes ~= records.number else { return .unsound("has no nodes, or too many") }
        var levels = TreeLevels(records.number)
        var features = 0
        try records.each { record in
            let left = record.integer(at: 0, bytes: 8, isSigned: true)
            if left != -1 {
                let feature = record.integer(at: 16, bytes: 8, isSigned: true)
                levels.lead(to: left, record.integer(at: 8, bytes: 8, isSigned: true), from: record.index)
                if feature < 0 || feature >= Int(Int32.max) { levels.isSound = false }
                features = max(features, feature &+ 1)
            }
        }
        guard levels.isSound else { return .unsound("leads to nodes that are not there, or reads no feature") }
        return .nodes(features: features, depth: levels.depth)
    }

    private static func boosted(_ records: ArrayRecords, _ type: NumpyType) throws(ScanStop) -> ArrayDigest {
        func field(_ name: String, _ kind: Character, _ sizes: [UInt64]) -> (Int, Int)? {
            guard let field = type.fields.first(where: { $0.name == name }), field.type.kind == kind,
                sizes.contains(field.type.size)
            else { return nil }
            return (field.offset, Int(field.type.size))
        }
        guard let feature = field("feature_idx", "i", [8]) ?? field("feature_idx", "u", [4]),
            let left = field("left", "u", [4]), let right = field("right", "u", [4]),
            let leaf = field("is_leaf", "u", [1]), 1...mostNodes ~= records.number
        else { return .unsound("has nodes of a form that is not known") }
        let category = field("is_categorical", "u", [1])
        if category == nil, type.fields.contains(where: { $0.name == "is_categorical" }) {
            return .unsound("has nodes of a form that is not known")
        }
        var levels = TreeLevels(records.number)
        var (features, hasCategories) = (0, false)
        try records.each { record in
            guard record.integer(at: leaf.0, bytes: 1, isSigned: false) == 0 else { return }
            let read = record.integer(at: feature.0, bytes: feature.1, isSigned: true)
            levels.lead(
                to: record.integer(at: left.0, bytes: 4, isSigned: false),
                record.integer(at: right.0, bytes: 4, isSigned: false),
                from: record.index
            )
            if read < 0 || read >= Int(Int32.max) { levels.isSound = false }
            features = max(features, read &+ 1)
            if let category, record.integer(at: category.0, bytes: 1, isSigned: false) != 0 { hasCategories = true }
        }
        guard levels.isSound else { return .unsound("leads to nodes that are not there, or reads no feature") }
        guard !hasCategories else { return .unsound("tells categories apart by sets of bits that nobody has checked") }
        return .nodes(features: features, depth: levels.depth)
    }

    /// Node `i` has the children `2 i + 1` and `2 i + 2`, and is a leaf where they are not there.
    private static func neighbours(_ records: ArrayRecords) throws(ScanStop) -> ArrayDigest {
        guard 1...mostNodes ~= records.number else { return .unsound("has no nodes, or too many") }
        var (isSound, points) = (true, 0)
        try records.each { record in
            let start = record.integer(at: 0, bytes: 8, isSigned: true)
            let end = record.integer(at: 8, bytes: 8, isSigned: true)
            let isLeaf = record.integer(at: 16, bytes: 8, isSigned: true) != 0
            if start < 0 || end < start { isSound = false }
            if !isLeaf, 2 * record.index + 2 >= records.number { isSound = false }
            points = max(points, end)
        }
        return isSound ? .neighbours(points: points) : .unsound("leads to nodes or points that are not there")
    }
}

/// How deep each node of a tree lies.
private struct TreeLevels {
    var isSound = true
    private(set) var depth = 0
    private var levels: [Int32]

    init(_ count: Int) { levels = Array(repeating: 0, count: count) }

    mutating func lead(to left: Int, _ right: Int, from node: Int) {
        guard isSound else { return }
        guard left > node, right > node, left != right, left < levels.count, right < levels.count, levels[left] == 0,
            levels[right] == 0
        else { return isSound = false }
        let level = levels[node] + 1
        (levels[left], levels[right]) = (level, level)
        depth = max(depth, Int(level))
    }
}

/// The elements of an array, one after the other.
private struct ArrayRecords {
    let input: ScanInput
    let start: UInt64
    let size: Int
    let number: Int

    init(_ input: ScanInput, at start: UInt64, size: Int, count: Int) {
        self.input = input
        self.start = start
        self.size = max(1, size)
        self.number = count / max(1, size)
    }

    struct Record {
        let bytes: [UInt8]
        let start: Int
        let index: Int

        func integer(at offset: Int, bytes count: Int, isSigned: Bool) -> Int {
            var value: UInt64 = 0
            for place in 0..<min(count, 8) { value |= UInt64(bytes[start + offset + place]) << UInt64(8 * place) }
            guard isSigned, count < 8 else { return isSigned ? Int(Int64(bitPattern: value)) : Int(clamping: value) }
            let shift = UInt64(64 - 8 * count)
            return Int(Int64(bitPattern: value << shift) >> Int64(shift))
        }
    }

    func each(_ body: (Record) -> Void) throws(ScanStop) {
        let step = max(1, (1 << 16) / size)
        var index = 0
        while index < number {
            let count = min(step, number - index)
            let bytes = try input.read(at: start + UInt64(index * size), count: count * size)
            for place in 0..<count { body(Record(bytes: bytes, start: place * size, index: index + place)) }
            index += count
        }
    }
}
