import Testing

@testable import Guardrails

@Suite struct LinearExpressionTests {
    struct Case: CustomStringConvertible, Sendable {
        let pattern: String
        let text: String
        let matches: Bool
        init(_ pattern: String, _ text: String, _ matches: Bool) {
            (self.pattern, self.text, self.matches) = (pattern, text, matches)
        }
        var description: String { "/\(pattern)/ on \(text)" }
    }

    @Test(arguments: [
        Case("", "", true), Case("a", "cat", true), Case("^a", "cat", false), Case("t$", "cat", true),
        Case("^(a|b)*$", "abba", true), Case("^(a|b)*$", "abc", false), Case("^a{2,3}$", "aa", true),
        Case("^a{2,3}$", "aaaa", false), Case("^a{2,}$", "aaaa", true), Case("^a{0}$", "", true),
        Case("^[^a-c]+$", "xyz", true), Case("^[^a-c]+$", "xbz", false), Case("^[]$", "", false),
        Case("[^]", "\n", true), Case("^.$", "\n", false), Case("^.$", "😀", true), Case("\\bcat\\b", "a cat.", true),
        Case("\\bcat\\b", "concat", false), Case("\\Bcat", "concat", true), Case("^a+?$", "aaa", true),
        Case("^(?:ab)+$", "abab", true), Case("^(?<year>\\d{4})$", "2026", true), Case("\\u{1F600}", "😀", true),
        Case("\\ud83d\\ude00", "😀", true), Case("\\x41", "A", true), Case("[\\b]", "\u{8}", true),
        Case("^\\p{Lu}\\P{Lu}+$", "Éclair", true), Case("^[\\p{L}\\d_-]+$", "Ωmega-1", true),
        Case("^[^\\p{L}]+$", "a", false), Case("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abc1", true),
        Case("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abcd", false), Case("^(?!admin)", "administrator", false),
        Case("^(?!admin)", "user", true), Case("(?<=\\$)\\d+", "cost $42", true),
        Case("(?<=\\$)\\d+", "cost 42", false),
        Case("(?<!\\$)\\b\\d+", "cost $42", false), Case("^(?!.*(?=b)b).*$", "aab", false), Case("^$|^a$", "a", true),
        Case("^(|a)$", "a", true), Case("a|", "zzz", true), Case("^(a*)*$", "aaa", true), Case("^(a*)*$", "aab", false),
        Case("\\/\\-\\.", "/-.", true), Case("^\\S(|(.|\\n)*\\S)$", "a b", true),
    ])
    func `a text matches or not`(_ item: Case) throws {
        #expect(try LinearExpression(item.pattern).matches(item.text) == item.matches)
    }

    @Test(arguments: [
        "(?:(?=(?:(?=(?:(?=a{1000})b){1000})b){1000})b){1000}", "(?:(?<=(?:(?<!a{100})b){100})b){100}",
        "(?:(?=(?:a{1000}){5})b){2}", "(?:a{1000}){10}",
    ])
    func `looks within repetitions take from the same room`(_ pattern: String) {
        let clock = ContinuousClock()
        let time = clock.measure { #expect(throws: ExpressionFailure.self) { try LinearExpression(pattern) } }
        #expect(time < .seconds(2))
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "a**", "*", "+a", "{1}", "a{2,1}", "a{", "\\", "\\1", "(a)\\1", "\\k<x>",
        "(?<x>a)\\k<x>",
        "(?i)a", "(?", "(?<1>a)", "(?<a>x)(?<a>y)", "\\Z", "\\a", "[b-a]", "\\p{Script=Greek}", "\\p{Nope}", "\\pL",
        "\\u{110000}", "\\c1", "\\01", "]", "}", "a{1001}", "(a{1000}){1000}", "^*", "(?=a)*", "[\\d-z]",
    ])
    func `what is not of the grammar, or not linear, is refused`(_ pattern: String) {
        #expect(throws: ExpressionFailure.self) { try LinearExpression(pattern) }
    }

    @Test func `hostile expressions take steps in proportion to the text`() throws {
        let text = Array(repeating: UInt32(0x61), count: 20_000) + [0x62]
        for pattern in ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(x+x+)+y", "^(.*a){12}$", "^(?=(a+)+$)b"] {
            let expression = try LinearExpression(pattern)
            var steps = 10_000_000
            #expect(expression.matches(text, steps: &steps) == false, "\(pattern)")
        }
        var few = 100
        #expect(try LinearExpression("^(a+)+$").matches(text, steps: &few) == nil)
        // Nothing repeated, many times over, takes no time to read.
        _ = try LinearExpression("((((){1000}){1000}){1000}){1000}")
        #expect(throws: ExpressionFailure.self) { try LinearExpression(String(repeating: "(", count: 1000)) }
    }

    @Test func `random expressions neither trap nor hang`() {
        var random = SeededRandom(seed: 3)
        let letters = Array("ab^$.|()[]{}*+?\\dwpLu{}1,-=!<>:")
        for _ in 0..<4_000 {
            let pattern = String(
                (0..<Int.random(in: 0...14, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" }
            )
            guard let expression = try? LinearExpression(pattern) else { continue }
            _ = expression.matches("abba1,-")
        }
    }
}
