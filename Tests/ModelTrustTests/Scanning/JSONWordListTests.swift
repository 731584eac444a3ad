import Testing

@testable import ModelTrust

/// Long lists of words, which are read and not kept.
@Suite struct JSONWordListTests {
    private static let count = JSONWordList.least + 10

    private static func list(_ element: String, last: String? = nil) -> String {
        "[" + ([String](repeating: element, count: count) + [last ?? element]).joined(separator: ", ") + "]"
    }

    private static func texts(_ node: JSONNode) -> [String] {
        node.text.map { [$0] } ?? (node.elements ?? []).flatMap(texts)
    }

    @Test(arguments: [#""a word""#, #"["a", "b"]"#, #"["\u0041\"", "b", "c"]"#])
    func `texts and short lists of texts are not kept, and can be read again`(element: String) throws {
        let text = #"{"a": \#(Self.list(element))}"#
        let document = try JSONText.document(Array(text.utf8), ScanContext())
        guard let node = document["a"], case .words = node.value else {
            Issue.record("the list is kept")
            return
        }
        let elements = node.elements ?? []
        #expect(elements.count == Self.count + 1)
        let alone = Self.texts(try JSONText.document(Array(element.utf8), ScanContext()))
        #expect(elements.allSatisfy { Self.texts($0) == alone })
    }

    @Test(arguments: ["1", "{}", "[]", "[1]", #"["a","b","c","d","e"]"#, "null", #"["a",["b"]]"#])
    func `what comes after many words is kept with them`(last: String) throws {
        let document = try JSONText.document(Array(Self.list(#""a""#, last: last).utf8), ScanContext())
        guard case .array(let elements) = document.value else {
            Issue.record("the list is not kept")
            return
        }
        #expect(elements.count == Self.count + 1)
    }

    @Test(arguments: ["\"a", "\"\\x\"", "[\"a\",]", "\"a\" \"b\"", "[\"a\"", "\"\u{1}\"", ""])
    func `a fault among many words is found`(last: String) {
        #expect(throws: ScanStop.self) {
            try JSONText.document(Array(Self.list(#""a""#, last: last).utf8), ScanContext())
        }
    }

    @Test func `code is found among many words and behind them`() {
        func verdict(_ text: String) -> ScanVerdict { ScanProbe.verdict(text) }
        #expect(verdict(#"{"merges": \#(Self.list(#"["a", "b"]"#))}"#) == .proven)
        for last in [#""$import os""#, ##""\u0024import os""##, #"["a", "${env:HOME}"]"#] {
            #expect(verdict(#"{"a": \#(Self.list(#""a""#, last: last))}"#) == .notProven, "\(last)")
        }
        #expect(verdict(#"{"a": \#(Self.list(#""a""#, last: #"{"_target_": "os.system"}"#))}"#) == .unsafe)
        #expect(verdict(#"{"a": \#(Self.list(#""a""#)), "_target_": "os.system"}"#) == .unsafe)
        for key in ["auto_map", "custom_imports", "chat_template"] {
            #expect(verdict(#"{"\#(key)": \#(Self.list(#""a--b""#))}"#) > .proven, "\(key)")
        }
    }

    /// A list that turns out to hold more is read twice, and what is in it once more each.
    @Test func `lists within lists cost no more than twice`() throws {
        var text = "1"
        for _ in 0..<20 { text = Self.list(#""a""#, last: text) }
        let context = ScanContext()
        let before = context.budget.steps
        _ = try JSONText.document(Array(text.utf8), context)
        #expect(before - context.budget.steps < 3 * 20 * (Self.count + 2))
    }
}
