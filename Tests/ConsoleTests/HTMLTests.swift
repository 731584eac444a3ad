import Testing

@testable import Console

@Suite struct HTMLTests {
    /// Names that somebody might take to get markup, a script, or another order into a page.
    static let hostile = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
        "javascript:alert(1)",
        "</title><svg/onload=alert(1)>", "&lt;b&gt;", "a&amp;b", "\u{0}\u{1}\u{1b}[31mred\u{7f}\u{85}",
        "spiffe://cluster.local/ns/a/sa/\u{202E}nimda\u{202C}", "x\u{2066}y\u{2069}z\u{200B}\u{FEFF}",
        "a\u{2028}b\u{2029}c",
        "<!--", "-->", "]]>", "<![CDATA[", "\u{E0041}\u{E007F}", "\r\nset-cookie: a=b", "`${1}`", "{{7*7}}", "\u{FFFE}",
        "e\u{301}\u{302}\u{303}", "🐦‍🔥", "שלום", "a\u{00AD}b", "\u{3164}\u{115F}",
    ]

    /// The texts of a page, with all that a parser of HTML would read as markup taken out of it by the strictest of rules:
    /// no `<`, `>` or quote may come of a text.
    @Test(arguments: hostile)
    func `a text never becomes markup`(_ text: String) {
        let cell: HTML = "<td title=\"\(text)\">\(text)</td>"
        let inner = cell.text.dropFirst("<td title=\"".count).dropLast("</td>".count)
        #expect(!inner.contains("<"), "\(cell.text)")
        // The two marks that close the attribute and the tag are ours.
        #expect(inner.count { $0 == "\"" } == 1 && inner.count { $0 == ">" } == 1, "\(cell.text)")
        #expect(!inner.contains("'"))
        for scalar in cell.text.unicodeScalars {
            #expect(scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value))
            #expect(!(0x202A...0x202E).contains(scalar.value) && !(0x2066...0x2069).contains(scalar.value))
            #expect(![0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF].contains(scalar.value))
        }
    }

    @Test func `random texts neither add nor close a tag`() {
        var generator = Repeatable(state: 7)
        let alphabet = Array("<>&\"'/=`ab \u{0}\u{1b}\u{202e}\u{2067}\u{e0061}\n\té漢".unicodeScalars)
        for _ in 0..<3_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            let name = String(text)
            let html: HTML = "<p class=\"\(name)\">\(name)</p>\(HTML.lines(name))\(HTML.isolated(name))"
            #expect(html.text.count { $0 == "<" } == 4)
            #expect(html.text.count { $0 == ">" } == 4)
            #expect(html.text.count { $0 == "\"" } == 2)
            // What is escaped says what it was.
            let visible = VisibleText.plain(name)
            #expect(HTMLTests.unescaped(VisibleText.escaped(name, keepingLines: false)) == visible)
        }
    }

    @Test func `what cannot be seen is shown`() {
        let html: HTML = "\("a\u{202E}b\u{1b}c\u{200D}d")"
        #expect(html.text == "a⟨U+202E⟩b⟨U+001B⟩c⟨U+200D⟩d")
        #expect(HTML.lines("a\n\tb\u{1}").text == "a\n\tb⟨U+0001⟩")
        #expect(VisibleText.plain("<b>\u{0}") == "<b>⟨U+0000⟩")
    }

    @Test func `markup goes into markup as it is, and numbers as digits`() {
        let inner: HTML = "<b>\("&")</b>"
        let outer: HTML = "<p>\(inner)\([inner, "<i>"])\(HTML?.none)\(UInt64.max)\(ConsolePath.record("a/b?c"))</p>"
        #expect(
            outer.text == "<p><b>&amp;</b><b>&amp;</b><i>18446744073709551615/records/a%2Fb%3Fc</p>"
        )
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
    }
}

/// Numbers that come out the same each time (SplitMix64).
struct Repeatable: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
