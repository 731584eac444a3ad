/// Objects of scikit-learn, whose state is their attributes.
///
/// Making one runs nothing but what sets them; what they do when they are used depends on them, so that each is looked
/// at: none may be a function that somebody brings, name a file or a cache, or tell compiled code to go elsewhere.
extension PickleMachine {
    /// Notes that the pickle makes such an object, and reports what changed before.
    mutating func noteEstimator() throws(ScanStop) {
        makesEstimators = true
        guard hasChangedHeld else { return }
        hasChangedHeld = false
        try reportChange()
    }

    /// Notes a change of something that lies in something else: an object may have been checked by it already.
    mutating func noteChange(isHeld: Bool, _ items: [PickleValue]) throws(ScanStop) {
        if items.contains(where: \.holdsClass) { try reportHeldClass() }
        for (index, item) in items.enumerated() {
            // A tree is part of an estimator that compares its input with it, and of nothing else.
            guard case .tree? = item.object?.nature else { continue }
            let isAttribute = (opcode == .setItem || opcode == .setItems) && !index.isMultiple(of: 2)
            if isAttribute, items[index - 1].text == "tree_", case .container = try top() { continue }
            try reportHeldClass()
        }
        guard isHeld else { return }
        if makesEstimators { try reportChange() } else { hasChangedHeld = true }
    }

    private func reportChange() throws(ScanStop) {
        try report("pickle-state", .notProven, "changes something that lies in something else already")
    }

    func reportHeldClass() throws(ScanStop) {
        try report("pickle-state", .notProven, "holds a class or function that is only to be called while it is loaded")
    }

    /// BUILD of an object of scikit-learn.
    mutating func estimator(_ object: PickleObject, _ state: PickleValue) throws(ScanStop) {
        let maker = PickleText.clean(object.maker, limit: 160)
        guard case .container(let attributes) = state, attributes.kind == .dictionary, let all = attributes.allItems
        else {
            if case .none = state { return }
            return try report("pickle-state", .notProven, "the state of `\(maker)` is not its attributes")
        }
        for index in stride(from: 0, to: all.count, by: 2) {
            guard let name = all[index].text, EstimatorNames.contains(name, of: object.className) else {
                let shown = PickleText.show(all[index], limit: 60)
                try report("pickle-state", .notProven, "sets \(shown) of `\(maker)`, an attribute that is not known")
                continue
            }
            let value = all[index + 1]
            if case .tree? = value.object?.nature, !(name == "tree_" && Self.trees.contains(object.className)) {
                try reportHeldClass()
            }
            if isHarmless(value), Self.isHarmless(name, value, of: object.className) { continue }
            let shown = PickleText.show(value, limit: 60)
            try report("pickle-state", .notProven, "sets `\(name)` of `\(maker)` to \(shown), \(Self.why(name))")
        }
        try check(object, attributes)
    }

    private func isHarmless(_ value: PickleValue) -> Bool {
        guard case .global(let global) = value, case .listed(.number) = global.standing else { return isPlain(value) }
        // `dtype=float`.
        return true
    }

    /// Threads and processes that an attribute may ask for.
    private static let workers = 256
    /// How often something may be repeated until it is good enough.
    private static let repetitions = 10_000_000

    private static func isHarmless(_ name: String, _ value: PickleValue, of type: String) -> Bool {
        switch name {
        case "input": return value.text == "content"
        case "analyzer": return value.text.map { ["word", "char", "char_wb"].contains($0) } ?? false
        case "memory", "_cached_dict", "pattern", "preprocessor", "tokenizer", "_preprocessor", "_infrequent_indices":
            return value.isNone
        case "token_pattern": return value.isNone || value.text.map(isSimple) == true
        case "n_jobs", "_n_threads", "n_threads":
            return value.isNone || value.text == "deprecated" || value.number.map { abs($0.clamped) <= workers } == true
        case "kernel" where type.hasSuffix("SVC") || type.hasSuffix("SVR") || type.hasSuffix("SVM"):
            return value.text.map { ["linear", "poly", "rbf", "sigmoid"].contains($0) } ?? false
        case "n_features" where ["HashingVectorizer", "FeatureHasher"].contains(type):
            return value.number.map { 1...Int(Int32.max) ~= $0 } ?? false
        case "degree":
            if let pair = value.tuple { return pair.allSatisfy { isHarmless(name, $0, of: type) } }
            return value.isNone || (value.number.map { 0...32 ~= $0 } ?? isNumber(value))
        case _ where name.hasSuffix("max_iter") || name == "max_doc_update_iter":
            return value.isNone || value.number.map { $0 <= repetitions } == true
        default: return true
        }
    }

    private static func isNumber(_ value: PickleValue) -> Bool {
        if case .float = value { true } else { false }
    }

    private static func why(_ name: String) -> String {
        switch name {
        case "input": "with which it takes texts for names of files, or for files"
        case "memory": "a cache whose pickles it would load"
        case "token_pattern", "pattern": "an expression that may take for ever on some text"
        case "n_jobs", "_n_threads", "n_threads", "n_features", "degree": "more than a machine has"
        case _ where name.hasSuffix("iter"): "repetitions that may not end"
        default: "which is not known to be harmless"
        }
    }

    /// An expression that takes no more than the square of a text's length: one repetition without a bound, no groups.
    private static func isSimple(_ pattern: String) -> Bool {
        var text = Substring(pattern)
        if text.hasPrefix("(?u)") { text = text.dropFirst(4) }
        guard text.utf8.count <= 200, !text.contains("("), !text.contains(")") else { return false }
        var unbounded = 0
        var isEscaped = false
        for letter in text {
            if isEscaped {
                // A group that is referred to, in whatever way.
                if letter.isNumber { return false }
                isEscaped = false
            } else if letter == "\\" {
                isEscaped = true
            } else if letter == "*" || letter == "+" || letter == "," || letter == "{" {
                unbounded += letter == "{" ? 0 : 1
            }
        }
        return unbounded <= 1 && !isEscaped
    }
}

// MARK: What depends on one another

extension PickleMachine {
    private mutating func check(_ object: PickleObject, _ attributes: PickleContainer) throws(ScanStop) {
        object.attributes = attributes
        switch object.className {
        case "TreePredictor": try predictor(object, attributes)
        case _ where Self.trees.contains(object.className): try decisionTree(object, attributes)
        case "GradientBoostingClassifier", "GradientBoostingRegressor": try gradientBoosting(object, attributes)
        case "HistGradientBoostingClassifier", "HistGradientBoostingRegressor": try boosting(object, attributes)
        case "KMeans", "MiniBatchKMeans":
            guard let centres = attributes.set("cluster_centers_") else { return }
            guard let shape = centres.object?.array?.shape, shape.count == 2, shape[1] == features(attributes) else {
                return try unsound("`cluster_centers_`", Self.others)
            }
        case "SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM": try vectors(attributes, object.className)
        case "CountVectorizer", "TfidfVectorizer", "DictVectorizer":
            guard let words = attributes.set("vocabulary_") else { return }
            guard case .container(let dictionary) = words, dictionary.kind == .dictionary,
                dictionary.vocabulary.isVocabulary
            else { return try unsound("`vocabulary_`", "has numbers that are not below the number of its words") }
        case "OneHotEncoder": try oneHot(attributes)
        case "KNeighborsClassifier", "RadiusNeighborsClassifier":
            try neighbours(attributes)
            try labels(attributes)
        case "KNeighborsRegressor", "RadiusNeighborsRegressor", "NearestNeighbors", "KNeighborsTransformer",
            "RadiusNeighborsTransformer", "LocalOutlierFactor":
            try neighbours(attributes)
        case "KernelDensity":
            guard let tree = attributes.set("tree_") else { return }
            guard case .neighbours? = tree.object?.estimator else { return try unsound("`tree_`", "is no tree") }
        default: break
        }
    }

    private static let trees: Set = [
        "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    ]

    /// Links, which give as many columns as they are given.
    private static let links: Set = ["MultinomialLogit", "LogitLink", "HalfLogitLink", "IdentityLink", "LogLink"]

    private static let others = "has another number of features than `n_features_in_`"

    /// What every version since 0.24 compares with what it is given to predict.
    private func features(_ attributes: PickleContainer) -> Int? { attributes.value("n_features_in_")?.number }

    private mutating func decisionTree(_ object: PickleObject, _ attributes: PickleContainer) throws(ScanStop) {
        guard let tree = attributes.set("tree_") else { return }
        guard case .tree(let facts)? = tree.object?.estimator else {
            // Where the tree has been refused, that was said.
            if case .tree? = tree.object?.nature, tree.object?.isBuilt == true { return }
            return try unsound("`tree_`", "is no tree")
        }
        guard features(attributes) == facts.features else { return try unsound("`tree_`", Self.others) }
        object.estimator = .treeEstimator(facts)
    }

    /// `predict_stages` reads the features of each tree and writes one column for each tree of a stage.
    private mutating func gradientBoosting(_ object: PickleObject, _ attributes: PickleContainer) throws(ScanStop) {
        guard let estimators = attributes.set("estimators_") else { return }
        guard let array = estimators.object?.array, array.shape.count == 2, let trees = array.objects,
            !trees.holdsOthers, let own = features(attributes)
        else { return try unsound("`estimators_`", "is not trees by stages") }
        guard trees.count > 0, let contents = trees.contents else {
            return try unsound("`estimators_`", "is not trees by stages")
        }
        guard contents.predictors.features == nil, contents.trees.areSingle, contents.trees.features == own...own else {
            return try unsound("`estimators_`", Self.others)
        }
        let columns = array.shape[1]
        let isClassifier = object.className.hasSuffix("Classifier")
        let losses = ["_loss", "loss_"].compactMap { attributes.set($0)?.object }
        guard !losses.isEmpty,
            losses.allSatisfy({
                if let link = $0.attributes?.value("link"), !Self.links.contains(link.object?.className ?? "") {
                    return false
                }
                let isMultiple = $0.className == "HalfMultinomialLoss" || $0.className == "MultinomialDeviance"
                return isMultiple == (columns > 1)
            })
        else { return try unsound("`estimators_`", "has more or fewer columns than its loss") }
        guard let first = attributes.set("init_") else { return try unsound("`init_`", "is not there") }
        if first.text == "zero" {
            guard attributes.value("n_trees_per_iteration_")?.number == columns else {
                return try unsound("`estimators_`", "has other columns than `n_trees_per_iteration_`")
            }
            return
        }
        guard let dummy = first.object?.attributes, dummy.value("n_outputs_")?.number == 1 else {
            return try unsound("`init_`", "is an estimator whose columns are not known")
        }
        if isClassifier {
            let strategies = ["strategy", "_strategy"].compactMap { dummy.value($0) }
            guard first.object?.className == "DummyClassifier", strategies.allSatisfy({ $0.text == "prior" }),
                !strategies.isEmpty,
                dummy.value("class_prior_")?.object?.array?.shape == [max(columns, 2)]
            else { return try unsound("`init_`", "is an estimator whose columns are not known") }
        } else {
            guard columns == 1, first.object?.className == "DummyRegressor",
                dummy.value("constant_")?.object?.array?.shape == [1, 1]
            else { return try unsound("`init_`", "is an estimator whose columns are not known") }
        }
    }

    private mutating func boosting(_ object: PickleObject, _ attributes: PickleContainer) throws(ScanStop) {
        guard let predictors = attributes.set("_predictors") else { return }
        guard case .container(let list) = predictors, list.kind == .list, !list.holdsOthers else {
            return try unsound("`_predictors`", "is not trees by stages")
        }
        guard let contents = list.contents else { return }
        guard contents.trees.features == nil, let own = features(attributes),
            let read = contents.predictors.features, read.upperBound <= own
        else { return try unsound("`_predictors`", "reads more features than `n_features_in_`") }
    }

    /// libsvm copies as much as the number of classes and of vectors says (CVE-2020-28975).
    private mutating func vectors(_ attributes: PickleContainer, _ type: String) throws(ScanStop) {
        guard let support = attributes.set("support_") else { return }
        let what = "a support vector machine"
        guard attributes.value("_sparse")?.integer == 0 else {
            return try unsound(what, "has sparse vectors, which nobody has checked")
        }
        guard let vectors = attributes.value("support_vectors_")?.object?.array, vectors.shape.count == 2,
            let counts = attributes.value("_n_support")?.object?.array, counts.shape.count == 1,
            let number = support.object?.array?.shape, number == [vectors.shape[0]],
            vectors.shape[1] == features(attributes)
        else { return try unsound(what, "has parts of other sizes than one another") }
        let classes = counts.shape[0]
        let pairs = classes * (classes - 1) / 2
        guard 2...4096 ~= classes, counts.type.kind == "i", counts.type.size == 4 else {
            return try unsound(what, "has no classes, or too many")
        }
        for name in ["_dual_coef_", "dual_coef_"] {
            guard attributes.value(name)?.object?.array?.shape == [classes - 1, number[0]] else {
                return try unsound(what, "has other coefficients than vectors")
            }
        }
        for name in ["_intercept_", "intercept_", "_probA", "_probB", "probA_", "probB_"] {
            guard let values = attributes.set(name) else {
                if name == "_intercept_" { return try unsound(what, "has no intercepts") }
                continue
            }
            let shape = values.object?.array?.shape
            guard shape == [pairs] || shape == [0] && name.contains("prob") else {
                return try unsound(what, "has other intercepts than classes")
            }
        }
        guard type.hasSuffix("SVC") else { return }
        try digest(counts)
        guard case .numbers(let counted)? = counts.digest else { return try unreadable(what) }
        guard counted.least >= 0, counted.most <= number[0], counted.sum == number[0] else {
            return try unsound(what, "counts other vectors than it has")
        }
    }

    private mutating func neighbours(_ attributes: PickleContainer) throws(ScanStop) {
        guard let points = attributes.set("_fit_X")?.object else { return }
        let what = "`_fit_X`"
        let shape: [Int]
        if let array = points.array {
            shape = array.shape
        } else if case .sparse(let rows, let columns)? = points.estimator {
            shape = [rows, columns]
        } else {
            return try unsound(what, "is no matrix")
        }
        guard shape.count == 2, shape[1] == features(attributes) else { return try unsound(what, Self.others) }
        if let count = attributes.set("n_samples_fit_"), count.number != shape[0] {
            return try unsound(what, "has another number of points than `n_samples_fit_`")
        }
        guard let tree = attributes.set("_tree") else { return }
        guard case .neighbours(let points, let features)? = tree.object?.estimator else {
            if case .neighbours? = tree.object?.nature, tree.object?.isBuilt == true { return }
            return try unsound("`_tree`", "is no tree")
        }
        guard shape == [points, features] else { return try unsound("`_tree`", "is one of other points") }
    }

    /// Where the classes are counted, compiled code adds to the count that a label says.
    private mutating func labels(_ attributes: PickleContainer) throws(ScanStop) {
        guard let labels = attributes.set("_y") else { return }
        guard let array = labels.object?.array, array.shape.count == 1,
            let classes = attributes.value("classes_")?.object?.array, classes.shape.count == 1
        else { return try unsound("`_y`", "is not one class for each point") }
        let points = attributes.value("_fit_X")?.object
        var rows = points?.array?.shape.first
        if case .sparse(let number, _)? = points?.estimator { rows = number }
        guard rows == array.shape[0] else { return try unsound("`_y`", "is not one class for each point") }
        try digest(array)
        guard case .numbers(let named)? = array.digest else { return try unreadable("`_y`") }
        guard named.areIndices(of: classes.shape[0]) else {
            return try unsound("`_y`", "names classes that are not there")
        }
    }

    /// A matrix is made of as many columns as `_n_features_outs` says, with an entry for each category.
    private mutating func oneHot(_ attributes: PickleContainer) throws(ScanStop) {
        guard let outs = attributes.set("_n_features_outs") else { return }
        let what = "`_n_features_outs`"
        if let enabled = attributes.value("_infrequent_enabled"), enabled.integer != 0 {
            return try unsound(what, "puts categories together, which nobody has checked")
        }
        guard case .container(let counts) = outs, let all = counts.allItems?.map(\.number),
            case .container(let lists)? = attributes.value("categories_"), let categories = lists.allItems,
            categories.count == all.count
        else { return try unsound(what, "is not as long as `categories_`") }
        for (index, list) in categories.enumerated() {
            guard let shape = list.object?.array?.shape, shape.count == 1 else {
                return try unsound("`categories_`", "is not lists")
            }
            var columns = shape[0]
            var isDropped = true
            for name in ["drop_idx_", "_drop_idx_after_grouping"] {
                guard let dropped = attributes.set(name)?.object?.array else {
                    isDropped = false
                    continue
                }
                if let items = dropped.objects?.allItems, items.indices.contains(index) {
                    isDropped = isDropped && items[index].number != nil
                } else {
                    isDropped = false
                }
            }
            if isDropped { columns -= 1 }
            guard let count = all[index], count >= columns else {
                return try unsound(what, "has fewer columns than there are categories")
            }
        }
    }
}

extension PickleContainer {
    /// The value under a key, where it is there and not None.
    fileprivate func set(_ key: String) -> PickleValue? {
        guard let value = value(key), !value.isNone else { return nil }
        return value
    }
}

extension PickleValue {
    fileprivate var isNone: Bool { if case .none = self { true } else { false } }
}

extension Int {
    /// A number that has an opposite.
    fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
