import Testing

@testable import ModelTrust

/// Objects of scikit-learn as pickles that nobody's pickler wrote.
@Suite struct EstimatorScannerTests {
    private static let ridge = ("sklearn.linear_model._ridge", "Ridge")

    private static func made(_ class: (String, String) = ridge) -> PickleBuilder {
        PickleBuilder().global(`class`.0, `class`.1).op(.emptyTuple, .newObj)
    }

    private static func with(_ name: String, _ value: PickleBuilder, of class: (String, String) = ridge) -> [UInt8] {
        made(`class`).op(.emptyDict).text(name).raw(value.bytes).op(.setItem, .build).done
    }

    private static var bare: PickleBuilder { PickleBuilder(protocol: nil) }

    @Test func `attributes that are plain values are proven`() {
        #expect(ScanProbe.verdict(Self.with("alpha", Self.bare.small(1))) == .proven)
        #expect(ScanProbe.verdict(Self.with("solver", Self.bare.text("auto"))) == .proven)
        #expect(ScanProbe.verdict(Self.with("n_jobs", Self.bare.op(.none))) == .proven)
    }

    /// An instance's attribute stands in the place of its class's method.
    @Test(arguments: ["predict", "fit", "__class__", "__setstate__", "_validate_data", "nobody_knows"])
    func `an attribute that no version sets is not proven`(_ name: String) {
        let kernel = Self.bare.global("sklearn.gaussian_process.kernels", "RBF").op(.emptyTuple, .newObj)
        #expect(ScanProbe.verdict(Self.with(name, kernel)) != .proven)
        #expect(ScanProbe.verdict(Self.with(name, Self.bare.small(1))) != .proven)
    }

    @Test func `a function or class as an attribute is not proven, wherever it lies`() {
        let type = Self.bare.global("sklearn.svm._classes", "SVC")
        let function = Self.bare.global("sklearn.metrics._dist_metrics", "newObj")
        for held in [type, function] {
            #expect(ScanProbe.verdict(Self.with("alpha", held)) != .proven)
            #expect(ScanProbe.verdict(Self.with("alpha", held.op(.tuple1, .tuple1))) != .proven)
            #expect(
                ScanProbe.verdict(Self.with("alpha", Self.bare.op(.emptyList).raw(held.bytes).op(.append))) != .proven
            )
            let inner = Self.bare.op(.emptyDict).text("a").raw(held.op(.tuple1).bytes).op(.setItem)
            #expect(ScanProbe.verdict(Self.with("alpha", inner)) != .proven)
            let set = Self.bare.global("builtins", "set").op(.emptyList).raw(held.bytes).op(.append, .tuple1, .reduce)
            #expect(ScanProbe.verdict(Self.with("alpha", set)) != .proven)
            let frozen = Self.bare.op(.mark).raw(held.bytes).op(.frozenSet)
            #expect(ScanProbe.verdict(Self.with("alpha", frozen)) != .proven)
        }
        #expect(ScanProbe.verdict(Self.with("func", Self.bare.global("posix", "system"))) == .unsafe)
        #expect(ScanProbe.verdict(Self.with("func", Self.bare.global("numpy", "load"))) != .proven)
        #expect(ScanProbe.verdict(Self.with("func", Self.bare.global("numpy", "log1p"))) == .proven)
    }

    @Test func `what was checked cannot be set once more`() {
        let state = Self.bare.op(.emptyDict).text("alpha").small(1).op(.setItem)
        #expect(ScanProbe.verdict(Self.made().raw(state.bytes).op(.build).done) == .proven)
        #expect(ScanProbe.verdict(Self.made().raw(state.bytes).op(.build).raw(state.bytes).op(.build).done) != .proven)
    }

    @Test func `what lies in an object cannot be changed afterwards`() {
        // A list in the memo, an attribute by then, to which something is added.
        let list = Self.bare.op(.emptyList, .memoize)
        let built = Self.made().op(.emptyDict).text("alpha").raw(list.bytes).op(.setItem, .build)
        #expect(ScanProbe.verdict(built.done) == .proven)
        #expect(ScanProbe.verdict(built.raw([0x68, 0]).small(1).op(.append, .tuple2).done) != .proven)
        // The same before the object is made.
        let early = PickleBuilder().op(.emptyList, .memoize).op(.tuple1).raw([0x68, 0]).small(1).op(.append, .tuple2)
        #expect(ScanProbe.verdict(early.done) == .proven)
        let late = early.raw(Array(Self.made().bytes.dropFirst(2))).op(.tuple2)
        #expect(ScanProbe.verdict(late.done) != .proven)
    }

    @Test(
        arguments: [
            ("sklearn.ensemble", "os.system"), ("sklearn.utils", "Memory"), ("sklearn.datasets", "load_files"),
            ("sklearn.utils._joblib", "load"), ("sklearn.externals.joblib", "load"), ("sklearn.tree._tree", "os"),
            ("sklearn.base", "clone"), ("sklearn.utils.fixes", "parse"), ("_loss", "os"), ("scipy.sparse", "load_npz"),
            ("sklearn.metrics._dist_metrics", "PyFuncDistance"), ("sklearn.svm._classes", "SVC.fit"),
            ("numpy", "fromfile"), ("numpy", "frompyfunc"), ("scipy.stats._distn_infrastructure", "rv_continuous"),
        ]
    )
    func `other names of the same modules are on no list`(_ name: (String, String)) {
        #expect(ScanProbe.verdict(PickleBuilder().global(name.0, name.1).op(.emptyTuple, .reduce).done) != .proven)
    }

    @Test func `compiled parts are made by their own functions, of their own kind`() {
        func call(_ module: String, _ name: String, _ argument: (String, String)) -> [UInt8] {
            PickleBuilder().global(module, name).global(argument.0, argument.1).op(.tuple1, .reduce).done
        }
        let distances = "sklearn.metrics._dist_metrics"
        #expect(ScanProbe.verdict(call(distances, "newObj", (distances, "EuclideanDistance64"))) == .proven)
        #expect(ScanProbe.verdict(call(distances, "newObj", Self.ridge)) != .proven)
        #expect(ScanProbe.verdict(call(distances, "newObj", (distances, "MahalanobisDistance64"))) != .proven)
        #expect(
            ScanProbe.verdict(call("sklearn.neighbors._kd_tree", "newObj", (distances, "EuclideanDistance64")))
                != .proven
        )
        func loss(_ name: String, _ type: String) -> [UInt8] {
            PickleBuilder().global("sklearn._loss._loss", "__pyx_unpickle_" + name).global("sklearn._loss._loss", type)
                .small(1).op(.none, .tuple3, .reduce).done
        }
        #expect(ScanProbe.verdict(loss("CyHuberLoss", "CyHuberLoss")) == .proven)
        #expect(ScanProbe.verdict(loss("CyHuberLoss", "CyPinballLoss")) != .proven)
    }

    @Test(
        arguments: [
            ("(?u)\\b\\w\\w+\\b", true), ("[a-z]+", true), ("\\S{2,}", true), ("(a+)+$", false), ("a*a*a*b", false),
            ("(?:x|x)*", false), ("\\w+\\1", false),
        ]
    )
    func `an expression that may take for ever is not proven`(_ item: (String, Bool)) {
        let bytes = Self.with(
            "token_pattern",
            Self.bare.text(item.0),
            of: ("sklearn.feature_extraction.text", "CountVectorizer")
        )
        #expect((ScanProbe.verdict(bytes) == .proven) == item.1)
    }

    @Test func `whatever is changed, a model is looked through to an end`() {
        let sample = Self.with("alpha", Self.bare.op(.emptyList).small(3).op(.append))
        ScanProbe.mutate(sample, seed: 27_112_026) { _ = ScanProbe.verdict($0) }
    }
}
