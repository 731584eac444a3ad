import Testing
import ZeroTrust

@Suite struct PrintableLineTests {
    @Test(
        arguments: [
            ("plain, ä and 行", "plain, ä and 行"), ("a\nb\tc\u{7f}d", "a b c d"), ("a\u{85}b\u{9b}31m", "a b 31m"),
            ("a\u{202e}b\u{2066}c\u{200f}\u{61c}d", "a b c  d"), ("a\u{2028}b\u{feff}\u{e0041}", "a b  "),
        ]
    )
    func `what a terminal would obey is a blank`(_ text: String, line: String) {
        #expect(PrintableLine.of(text) == line)
    }

    @Test func `a line is bounded`() {
        let text = String(repeating: "行", count: 1_000)
        #expect(PrintableLine.of(text).unicodeScalars.count == PrintableLine.limit)
        #expect(PrintableLine.of(text, limit: 3) == "行行行")
    }
}
