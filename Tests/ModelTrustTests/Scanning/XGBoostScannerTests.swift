import Testing

@testable import ModelTrust

/// XGBoost's models as Universal Binary JSON: what it writes, and what would send it beside its memory.
@Suite struct XGBoostScannerTests {
    /// A value as XGBoost writes it.
    indirect enum Value {
        case text(String)
        case number(Int8)
        case array([Value])
        case numbers(Character, [Int])
        case object([(String, Value)])

        var bytes: [UInt8] {
            switch self {
            case .text(let text): [0x53] + Self.lengthed(text)
            case .number(let number): [0x69, UInt8(bitPattern: number)]
            case .array(let values): [0x5B, 0x23] + Self.length(values.count) + values.flatMap(\.bytes)
            case .numbers(let type, let numbers):
                [0x5B, 0x24, type.asciiValue ?? 0, 0x23] + Self.length(numbers.count)
                    + numbers.flatMap { number in
                        switch type {
                        case "U": [UInt8(truncatingIfNeeded: number)]
                        case "L": Self.big(number, 8)
                        default: Self.big(number, 4)
                        }
                    }
            case .object(let members):
                [0x7B] + members.flatMap { Self.lengthed($0.0) + $0.1.bytes } + [0x7D]
            }
        }

        static func big(_ number: Int, _ width: Int) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        static func length(_ count: Int) -> [UInt8] { [0x4C] + big(count, 8) }
        static func lengthed(_ text: String) -> [UInt8] { length(text.utf8.count) + Array(text.utf8) }
    }

    /// A model of one tree with three nodes and two features, each part of which can be another.
    struct Model {
        var nodes = "3"
        var left = [1, -1, -1]
        var right = [2, -1, -1]
        var parents = [Int(Int32.max), 0, 0]
        var features = [1, 0, 0]
        var directions = [0, 0, 0]
        var kinds = [0, 0, 0]
        var weights = 3
        var leafSize = "1"
        var categories: [Int] = []
        var categoryNodes: [Int] = []
        var categoryStarts: [Int] = []
        var categorySizes: [Int] = []
        var trees = "1"
        var groups = [0]
        var rounds = [0, 1]
        var featureCount = "2"
        var classes = "0"
        var booster = "gbtree"
        var cats = Value.object([
            ("enc", .array([])), ("feature_segments", .numbers("l", [])), ("sorted_idx", .numbers("l", [])),
        ])
        var more: [(String, Value)] = []

        var tree: Value {
            let floats = Value.numbers("d", [Int](repeating: 0, count: weights))
            return .object(
                [
                    ("base_weights", floats), ("categories", .numbers("l", categories)),
                    ("categories_nodes", .numbers("l", categoryNodes)),
                    ("categories_segments", .numbers("L", categoryStarts)),
                    ("categories_sizes", .numbers("L", categorySizes)), ("default_left", .numbers("U", directions)),
                    ("id", .number(0)), ("left_children", .numbers("l", left)), ("loss_changes", floats),
                    ("parents", .numbers("l", parents)), ("right_children", .numbers("l", right)),
                    ("split_conditions", floats), ("split_indices", .numbers("l", features)),
                    ("split_type", .numbers("U", kinds)), ("sum_hessian", floats),
                    (
                        "tree_param",
                        .object([
                            ("num_feature", .text(featureCount)), ("num_nodes", .text(nodes)),
                            ("size_leaf_vector", .text(leafSize)),
                        ])
                    ),
                ] + more
            )
        }

        var bytes: [UInt8] {
            Value.object([
                (
                    "learner",
                    .object([
                        ("attributes", .object([])), ("feature_names", .array([])),
                        (
                            "gradient_booster",
                            .object([
                                (
                                    "model",
                                    .object([
                                        ("cats", cats),
                                        ("gbtree_model_param", .object([("num_trees", .text(trees))])),
                                        ("iteration_indptr", .array(rounds.map { .number(Int8($0)) })),
                                        ("tree_info", .array(groups.map { .number(Int8($0)) })),
                                        ("trees", .array([tree])),
                                    ])
                                ), ("name", .text(booster)),
                            ])
                        ),
                        (
                            "learner_model_param",
                            .object([("num_class", .text(classes)), ("num_feature", .text(featureCount))])
                        ),
                    ])
                ), ("version", .array([.number(3), .number(2), .number(0)])),
            ]).bytes
        }
    }

    @Test func `a model is proven`() {
        let context = ScanProbe.scan(Model().bytes)
        #expect(context.findings == [])
        #expect(context.formats.map(\.format) == ["xgboost"])
        var split = Model()
        (split.kinds, split.categories, split.categoryNodes) = ([1, 0, 0], [0, 2], [0])
        (split.categoryStarts, split.categorySizes) = ([0], [2])
        #expect(ScanProbe.rules(split.bytes) == [])
    }

    private static let hostile: [(String, @Sendable (inout Model) -> Void)] = [
        ("a child beyond the last", { $0.left[0] = 3 }),
        ("a child before the first", { $0.right[0] = -2 }),
        ("one child alone", { $0.right[0] = -1 }),
        (
            "a node that is its own child",
            {
                $0.left[1] = 1; $0.right[1] = 2
            }
        ),
        (
            "the root as a child",
            {
                $0.left[1] = 0; $0.right[1] = 0
            }
        ),
        ("one node as both children", { $0.right[0] = 1 }),
        ("a child of another parent", { $0.parents[1] = 2 }),
        ("a feature beyond the last", { $0.features[0] = 2 }),
        ("a feature below none", { $0.features[0] = -1 }),
        ("a feature so large that it is none", { $0.features[0] = Int(Int32.max) }),
        ("more nodes than there are", { $0.nodes = "4" }),
        ("no nodes", { $0.nodes = "0" }),
        ("a number of nodes that is none", { $0.nodes = "three" }),
        ("fewer children than nodes", { $0.left.removeLast() }),
        ("fewer conditions than nodes", { $0.weights = 2 }),
        ("a direction that is none", { $0.directions[0] = 2 }),
        ("a kind of split that is none", { $0.kinds[0] = 2 }),
        ("a split by categories without any", { $0.kinds[0] = 1 }),
        (
            "categories beyond the last",
            {
                ($0.kinds[0], $0.categories, $0.categoryNodes) = (1, [0], [0])
                ($0.categoryStarts, $0.categorySizes) = ([0], [2])
            }
        ),
        (
            "a category that takes gigabytes of bits",
            {
                ($0.kinds[0], $0.categories, $0.categoryNodes) = (1, [Int(Int32.max)], [0])
                ($0.categoryStarts, $0.categorySizes) = ([0], [1])
            }
        ),
        (
            "categories from before the first",
            {
                ($0.kinds[0], $0.categories, $0.categoryNodes) = (1, [0], [0])
                ($0.categoryStarts, $0.categorySizes) = ([-1], [1])
            }
        ),
        (
            "categories of a node that is not there",
            {
                $0.categories = [0]; $0.categoryNodes = [7]
            }
        ),
        ("several values in a leaf", { $0.leafSize = "2" }),
        ("another number of trees", { $0.trees = "2" }),
        ("a tree for an output that is not there", { $0.groups = [1] }),
        ("a tree for an output below none", { $0.groups = [-1] }),
        ("rounds of more trees", { $0.rounds = [0, 2] }),
        ("rounds that go back", { $0.rounds = [0, 1, 0, 1] }),
        ("more outputs than can be", { $0.classes = "2147483647" }),
        ("more features than can be", { $0.featureCount = "2147483647" }),
        ("a booster of somebody's own", { $0.booster = "plugin" }),
        ("a booster that it is not", { $0.booster = "gblinear" }),
        ("a key that stands twice", { $0.more = [("parents", .numbers("l", [0, 0, 0]))] }),
        (
            "children that are no whole numbers",
            { $0.more = [("left_children2", .text("")), ("leaf_weights", .array([]))] }
        ),
        (
            "names of categories that are not there",
            {
                $0.cats = .object([
                    ("enc", .array([])), ("feature_segments", .numbers("l", [0, 1, 1])),
                    ("sorted_idx", .numbers("l", [5])),
                ])
            }
        ),
    ]

    @Test(arguments: hostile.indices) func `what XGBoost would follow to somewhere else is not proven`(_ index: Int) {
        var model = Model()
        Self.hostile[index].1(&model)
        let context = ScanProbe.scan(model.bytes)
        #expect(context.verdict == .notProven, "\(Self.hostile[index].0)")
        #expect(context.formats.map(\.format) == ["xgboost"])
    }

    @Test func `what is no Universal Binary JSON is not proven`() {
        let whole = Model().bytes
        #expect(ScanProbe.verdict(whole + [0]) == .notProven)
        #expect(ScanProbe.verdict(whole + whole) == .notProven)
        for count in [20, 100, whole.count - 1] { #expect(ScanProbe.verdict(Array(whole.prefix(count))) == .notProven) }
        // A no-op, which readers of other drafts pass over.
        #expect(ScanProbe.verdict(Array(whole.prefix(1)) + [0x4E] + whole.dropFirst()) == .notProven)
        var deep: [UInt8] = [0x7B] + Value.lengthed("learner")
        for _ in 0..<100_000 { deep += [0x5B] }
        #expect(ScanProbe.verdict(deep) == .notProven)
        let huge =
            [0x7B] + Value.lengthed("learner") + [0x5B, 0x24, 0x64, 0x23, 0x4C] + [UInt8](repeating: 0x7F, count: 8)
        #expect(ScanProbe.verdict(huge) == .notProven)
    }

    @Test func `a model that is changed at random ends within its limits`() {
        ScanProbe.mutate(Model().bytes, seed: 20) { bytes in
            let context = ScanProbe.scan(bytes)
            #expect(!context.formats.isEmpty || context.verdict != .proven)
        }
    }
}
