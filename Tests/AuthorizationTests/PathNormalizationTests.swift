import Authorization
import Testing

@Suite struct PathNormalizationTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let sent: String
        /// What policy sees under NONE, BASE, MERGE_SLASHES and DECODE_AND_MERGE_SLASHES; nil for 400.
        let seen: [String?]

        init(_ sent: String, _ none: String?, _ base: String?, _ merge: String?, _ decode: String?) {
            self.sent = sent
            self.seen = [none, base, merge, decode]
        }

        /// A form that no degree changes.
        init(same sent: String) { self.init(sent, sent, sent, sent, sent) }

        var testDescription: String { sent.debugDescription }
    }

    static let rows = [
        Row(same: "/"), Row(same: "/v1/predict"), Row(same: "/v1/predict/"), Row(same: "/V1/PREDICT"),
        Row(same: "/v1/predict?"), Row(same: "/v1/predict?x=/../..//%2e"), Row(same: "/v1/predict.json"),
        Row(same: "/v1/predict;x=1"), Row(same: "/v1;x/predict"), Row(same: "/v1/%2570redict"),
        Row(same: "/v1/predict%23x"), Row(same: "/v1/predict%3Fx"), Row(same: "/v1/predict%20"),
        Row(same: "/v1/%c0%ae%c0%ae/x"), Row(same: "/v1/%u002e"), Row(same: "/v1/%"), Row(same: "/v1/%2"),
        Row(same: "/a...b/..c/.d/e.."), Row(same: "/[x]/*"),
        Row("/v1//predict", "/v1//predict", "/v1//predict", "/v1/predict", "/v1/predict"),
        Row("//v1/predict", "//v1/predict", "//v1/predict", "/v1/predict", "/v1/predict"),
        Row("/v1/predict//", "/v1/predict//", "/v1/predict//", "/v1/predict/", "/v1/predict/"),
        Row("/v1/./predict", "/v1/./predict", "/v1/predict", "/v1/predict", "/v1/predict"),
        Row("/v1/x/../predict", "/v1/x/../predict", "/v1/predict", "/v1/predict", "/v1/predict"),
        Row("/v1/x/%2e%2E/predict", "/v1/x/%2e%2E/predict", "/v1/predict", "/v1/predict", "/v1/predict"),
        Row("/v1/.%2e/predict", "/v1/.%2e/predict", "/predict", "/predict", "/predict"),
        Row("/../../v1", "/../../v1", "/v1", "/v1", "/v1"),
        Row("/v1/predict/..", "/v1/predict/..", "/v1/", "/v1/", "/v1/"),
        Row("/v1/predict/.", "/v1/predict/.", "/v1/predict/", "/v1/predict/", "/v1/predict/"),
        Row("/v1\\predict", "/v1\\predict", "/v1/predict", "/v1/predict", "/v1/predict"),
        Row("/v1/..\\admin", "/v1/..\\admin", "/admin", "/admin", "/admin"),
        Row("/v1/%70redict", "/v1/%70redict", "/v1/predict", "/v1/predict", "/v1/predict"),
        Row("/v1%2fpredict", "/v1%2fpredict", "/v1%2fpredict", "/v1%2fpredict", "/v1/predict"),
        Row("/v1%5Cpredict", "/v1%5Cpredict", "/v1%5Cpredict", "/v1%5Cpredict", "/v1/predict"),
        Row("/a/..%2f..%2fb", "/a/..%2f..%2fb", "/a/..%2f..%2fb", "/a/..%2f..%2fb", "/b"),
        Row("/v1/..;/admin", "/v1/..;/admin", "/admin", "/admin", "/admin"),
        Row("/v1/..;x=1/admin", "/v1/..;x=1/admin", "/admin", "/admin", "/admin"),
        Row("/v1/.;x/admin", "/v1/.;x/admin", "/v1/admin", "/v1/admin", "/v1/admin"),
        Row("//", "//", "//", "//", "//"), Row("///", "///", "///", "//", "//"),
        Row("///?a=//", "///?a=//", "///?a=//", "//?a=//", "//?a=//"), Row("/.//", "/.//", "//", "//", "//"),
        Row("//..", "//..", "/", "/", "/"), Row("//;", "//;", "//;", "/;", "/;"),
        Row("/\\", "/\\", "//", "//", "//"), Row("/%2f", "/%2f", "/%2f", "/%2f", "//"),
        Row("//a/..", "//a/..", "//", "//", "//"), Row("/a//..", "/a//..", "/a/", "/a/", "/a/"),
        Row("/v1/predict%2e", "/v1/predict%2e", "/v1/predict.", "/v1/predict.", "/v1/predict."),
        Row(
            "/{x}|^`\"<>",
            "/{x}|^`\"<>",
            "/%7Bx%7D%7C%5E%60%22%3C%3E",
            "/%7Bx%7D%7C%5E%60%22%3C%3E",
            "/%7Bx%7D%7C%5E%60%22%3C%3E"
        ),
        // What decoding would complete to another escape stays apart from it.
        Row("/%%32F", "/%%32F", "/%252F", "/%252F", "/%252F"),
        Row("/%2%46", "/%2%46", "/%252F", "/%252F", "/%252F"),
        Row("/v1%00", "/v1%00", nil, nil, nil),
        Row("/v1#x", nil, nil, nil, nil), Row("/v1?a#x", nil, nil, nil, nil),
        Row("/v1é", nil, nil, nil, nil), Row("/v1 x", nil, nil, nil, nil), Row("/v1\u{7f}", nil, nil, nil, nil),
        Row("v1/predict", nil, nil, nil, nil), Row("*", nil, nil, nil, nil), Row("", nil, nil, nil, nil),
    ]

    @Test(arguments: rows)
    func `a path is seen as Envoy sees it`(_ row: Row) {
        for (degree, seen) in zip(PathNormalization.allCases, row.seen) {
            var path: String?
            if case .path(let text) = degree.normalize(row.sent) { path = text }
            #expect(path == seen, "\(degree.rawValue)")
        }
    }

    @Test(arguments: ["/v1/%2e.;", "/v1/%2e%2E;x=1/", "/v1/.%2e;/"])
    func `dots with parameters are resolved, escaped or not, where Envoy resolves only those that are not`(
        _ sent: String
    ) {
        for degree in PathNormalization.allCases where degree != .none { #expect(degree.normalize(sent) == .path("/")) }
    }

    @Test func `each refusal says why`() {
        #expect(PathNormalization.none.normalize("") == .badRequest(.emptyTarget))
        #expect(PathNormalization.none.normalize("x") == .badRequest(.notAbsolutePath))
        #expect(PathNormalization.none.normalize("/#") == .badRequest(.fragment))
        #expect(PathNormalization.none.normalize("/\t") == .badRequest(.badTargetByte))
        #expect(PathNormalization.base.normalize("/%00") == .badRequest(.encodedNUL))
    }

    @Test func `any bytes give a canonical path or a refusal`() {
        var random = SplitMix64(seed: 1)
        let pieces = [
            "/", "//", ".", "..", "%", "%2e", "%2E", "%2f", "%5c", "%00", "%25", "%32", "\\", ";", ";x", "a", "F", "0",
            "?",
            "#", "{", "é", "\u{1}", "%zz", "~", "%7e", "%3B",
        ]
        for _ in 0..<20_000 {
            let count = Int(random.next() % 12)
            let target =
                "/" + (0..<count).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            for degree in PathNormalization.allCases {
                guard case .path(let path) = degree.normalize(target) else { continue }
                expectCanonical(path, of: target, degree)
            }
        }
    }

    /// What holds for every path that is handed to the policies.
    private func expectCanonical(_ path: String, of target: String, _ degree: PathNormalization) {
        guard degree != .none else {
            #expect(path == target)
            return
        }
        // Twice is as good as once, so that no two readers see different paths.
        let again = degree == .decodeAndMergeSlashes ? PathNormalization.mergeSlashes : degree
        #expect(again.normalize(path) == .path(path), "\(degree.rawValue) of \(target.debugDescription)")
        let segments = path.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        let names = segments.map { $0.prefix { $0 != ";" }.replacing("%2e", with: ".").replacing("%2E", with: ".") }
        #expect(path.hasPrefix("/") && !names.contains(".") && !names.contains(".."), "\(target.debugDescription)")
        #expect(path.utf8.count <= target.utf8.count * 3)
        let plain = path.prefix { $0 != "?" }
        if degree != .base { #expect(plain == "//" || !plain.contains("//"), "\(target.debugDescription)") }
    }
}
