import Testing

@testable import RegularExpressions

@Suite("Regular expressions")
struct RegexTests {
    @Test(
        "Matches are those of RE2",
        arguments: [
            ("a|ab", "xab", ["a"]), ("ab|a", "xab", ["ab"]), ("a+?", "aaa", ["a", "a", "a"]),
            ("(?i)GHP", "xghPy", ["ghP"]),
            (#"\bfoo\b"#, "a foo b", ["foo"]), (#"\bfoo\b"#, "afoo", []), ("x{2,3}", "xxxxx", ["xxx", "xx"]),
            ("[^a]b", "ab éb", ["éb"]), ("a.c", "a\nc abc", ["abc"]), ("(?s:a.c)", "a\nc", ["a\nc"]),
            ("a$", "a\na", ["a"]),
            ("(?:a(?-i:B)(?i)c)", "aBC", ["aBC"]), ("[[:alnum:]]{2}", "a-bc", ["bc"]), (#"\x41\x{42}"#, "AB", ["AB"]),
            ("a{,2}", "a{,2}", ["a{,2}"]), ("(a*)*b", String(repeating: "a", count: 200), []),
        ] as [(String, String, [String])]
    )
    func matches(_ expression: String, _ text: String, _ expected: [String]) throws {
        var machine = RegexMachine(try RegexProgram(expression))
        let bytes = Array(text.utf8)
        #expect(machine.matches(in: bytes[...]).map { String(decoding: bytes[$0.range], as: UTF8.self) } == expected)
    }

    @Test(
        "What is not of the language is an error",
        arguments: ["(", "a)", "[a", "*", "(?=a)", #"(a)\1"#, "a{2,1}", #"\p{L}"#, "(?<!a)b"]
    )
    func errors(_ expression: String) {
        #expect(throws: RegexError.self) { try RegexProgram(expression) }
    }
}
