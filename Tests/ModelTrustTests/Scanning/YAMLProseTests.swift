import Testing

@testable import ModelTrust

/// Texts that are told from YAML at a glance.
@Suite struct YAMLProseTests {
    private static func isOneScalar(_ text: String) -> Bool { YAMLProse.isOneScalar(Array(text.utf8)) }

    /// Whether a text is YAML that holds more than one plain scalar, as libYAML reads it.
    private static func isYAML(_ text: String) -> Bool { YAMLScanner.documents(text)?.holdMore ?? false }

    @Test(arguments: ["a word or two", "a,b,c\n1,2,3\n", "it's 12:30 - now...\n- a list\n? no\n", "x: https"])
    func `prose and tables are no YAML`(text: String) {
        #expect(!Self.isYAML(text) || !Self.isOneScalar(text))
    }

    @Test func `words, tables and addresses are told at once`() {
        for text in ["a word or two\n", "a,b,c\n1,2,3\n", "see http://a.b/c#d\n- x\n", "\n  12:30 [now]\n"] {
            #expect(Self.isOneScalar(text), "\(text)")
        }
        for text in ["a: 1", "a:\n  b", "- a", "!x y", "a\n---\n- b", "a\n...\nb: c", "a #\nb", "\"a\": b", "a:"] {
            #expect(!Self.isOneScalar(text), "\(text)")
        }
    }

    @Test func `what is told at once is nothing else to a parser`() {
        let signs =
            ["a", "b1", " ", "\n", "\r\n", "\t", ":", "-", "--", "---", "...", "#", "?", "[", "]", "{", "}", ","]
            + [
                "&x", "*x", "!", "!!python/name:os", "|", ">", "'", "\"", "%", "@", "`", "\u{85}", "\u{2028}", "é",
                "\u{FEFF}",
            ]
        var random = SplitMix(state: 11)
        var told = 0
        for _ in 0..<6_000 {
            let count = Int.random(in: 1...12, using: &random)
            let text = (0..<count).map { _ in signs.randomElement(using: &random) ?? "" }.joined()
            guard Self.isOneScalar(text) else { continue }
            told += 1
            #expect(!Self.isYAML(text), "\(text.debugDescription)")
        }
        #expect(told > 100)
    }
}
