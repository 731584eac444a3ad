/// What is known of all values of a list, or of a dictionary's pairs, however many there are.
///
/// It only ever grows: what was once put in is counted, whatever becomes of it.
final class EstimatorContents {
    /// The trees among them, and among the values of containers among them.
    private(set) var trees = EstimatorRange()
    private(set) var predictors = EstimatorRange()
    /// The keys of a dictionary, while all of them are texts.
    private var keys: Set<String>? = []
    private var values: ClosedRange<Int>?
    private var areNumbers = true

    func add(_ object: PickleObject) {
        switch object.estimator {
        case .treeEstimator(let facts)?: trees.add(facts)
        case .predictor(let facts)?: predictors.add(facts)
        default: break
        }
    }

    func add(_ other: EstimatorContents) {
        trees.add(other.trees)
        predictors.add(other.predictors)
    }

    func add(key: PickleValue) {
        if case .text(let text) = key { keys?.insert(text) } else { keys = nil }
    }

    func add(value: PickleValue) {
        guard let number = value.number else { return areNumbers = false }
        values = values.map { min($0.lowerBound, number)...max($0.upperBound, number) } ?? number...number
    }

    /// Whether it gives each of its words a number below the number of words.
    var isVocabulary: Bool {
        guard let keys, areNumbers else { return false }
        guard let values else { return keys.isEmpty }
        return values.lowerBound >= 0 && values.upperBound < keys.count
    }
}

/// How many features several trees read, and whether all their leaves have one value.
struct EstimatorRange {
    private(set) var features: ClosedRange<Int>?
    private(set) var areSingle = true

    mutating func add(_ facts: TreeFacts) {
        let own = facts.features...facts.features
        features = features.map { min($0.lowerBound, own.lowerBound)...max($0.upperBound, own.upperBound) } ?? own
        areSingle = areSingle && facts.isSingle
    }

    mutating func add(_ other: EstimatorRange) {
        if let own = other.features {
            features = features.map { min($0.lowerBound, own.lowerBound)...max($0.upperBound, own.upperBound) } ?? own
        }
        areSingle = areSingle && other.areSingle
    }
}

/// What is known of a tree: how many features it reads, at the most, and whether a leaf has one value.
struct TreeFacts: Hashable {
    var features: Int
    var outputs = 1
    var isSingle = false
}

/// What is known of an object of scikit-learn, for the object that it is part of.
enum EstimatorFacts {
    case tree(TreeFacts)
    case treeEstimator(TreeFacts)
    case predictor(TreeFacts)
    /// A tree of neighbours, with so many points of so many features.
    case neighbours(points: Int, features: Int)
    case sparse(rows: Int, columns: Int)

    /// Whether ensembles are made of such objects.
    var isPart: Bool {
        switch self {
        case .treeEstimator, .predictor: true
        case .tree, .neighbours, .sparse: false
        }
    }
}

/// An array whose state has been set.
final class PickleArray {
    let shape: [Int]
    let type: NumpyType
    let isFortran: Bool
    /// Where its bytes lie, where they lie as they are.
    var place: (input: ScanInput, offset: UInt64)?
    /// The list of its objects.
    var objects: PickleContainer?
    /// What was found in its bytes.
    var digest: ArrayDigest?

    init(shape: [Int], type: NumpyType, isFortran: Bool) {
        self.shape = shape
        self.type = type
        self.isFortran = isFortran
    }

    var isOfDoubles: Bool { type.kind == "f" && type.size == 8 && !type.isSwapped }
}

/// What was found in an array's bytes.
enum ArrayDigest {
    /// Whole numbers.
    case numbers(IndexSummary)
    case none
    /// Nodes of a tree: one more than the highest feature that they read, and how deep they go.
    case nodes(features: Int, depth: Int)
    /// Nodes of a tree of neighbours: one more than the highest point that they name.
    case neighbours(points: Int)
    case unsound(String)
}
