import RegularExpressions
import Testing

@testable import Guardrails

@Suite("Forms of tokens")
struct TokenPatternTests {
    @Test(
        "Widths are read off, and an open end is not one",
        arguments: [
            ("ghp_\\a{36}\\a{0,}", 40...40), ("(sk|rk)_(test|live)_\\a{10,20}", 18...28), ("a?b[c-e]{2}", 3...4),
        ]
    )
    func widths(_ source: String, _ width: ClosedRange<Int>) throws {
        #expect(try TokenPattern(source).width == width)
    }

    @Test(
        "How short a token of letters may be is read off",
        arguments: [
            ("ghp_\\a{36}", nil), ("LTAI\\a{16,24}", 20), ("eyJ[a-z]{14,20}\\.[a-z]{0,}", nil), ("ab(-)?c{3}", 5),
            ("(abc|ab|x1)d", 3), ("ab[a-z ]{4}", 2), ("a(b|cd e)f", 3), ("a(bc, d)f", 3), ("ab[0-9]{0,3}c", 3),
            ("a\\d", nil),
        ] as [(String, Int?)]
    )
    func fewest(_ source: String, _ fewest: Int?) throws {
        let letters = UnitSet(0x41...0x5A, 0x61...0x7A)
        let parting = UnitSet(0x20...0x20, 0x2C...0x2C)
        #expect(try TokenPattern(source).fewest(of: letters, before: parting) == fewest)
    }

    @Test(
        "What has no largest width, or is no form, is an error",
        arguments: [
            "a\\a{0,}b", "\\a{300}", "", "[", "(a|)", "a)", "\\q", "(\\d)",
        ]
    )
    func errors(_ source: String) {
        #expect(throws: PatternError.self) { try TokenPattern(source) }
    }
}

@Suite("Settings in TOML")
struct TOMLReaderTests {
    private func read(_ text: String) throws -> [String: TOMLValue] {
        try TOMLReader.read(Array(text.utf8), name: "f.toml")
    }

    @Test("Tables, arrays of tables, and strings of four kinds")
    func reads() throws {
        let file = try read(
            """
            # a comment
            title = "a\\tb" # here too
            [a.b]
            x = [1, -2.5,
              'c:\\d', # within
            ]
            [[r]]
            s = '''
            one
            "two"'''
            [[r.l]]
            y = true
            [[r]]
            z = \"\"\"a \\
               b\"\"\"
            """
        )
        #expect(file["title"] == .string("a\tb"))
        #expect(file["a"] == .table(["b": .table(["x": .array([.integer(1), .number(-2.5), .string("c:\\d")])])]))
        #expect(
            file["r"]
                == .array([
                    .table(["s": .string("one\n\"two\""), "l": .array([.table(["y": .boolean(true)])])]),
                    .table(["z": .string("a b")]),
                ])
        )
    }

    @Test(
        "What is wrong is told by line and column",
        arguments: [
            ("a = 1\na = 2", "f.toml:2:"), ("a = \"x", "f.toml:1:5"), ("a = 1 b", "f.toml:1:7"), ("[a\n", "f.toml:1:3"),
            ("a = {}", "f.toml:1:5"), ("a = 2020-01-01", "f.toml:1:"), ("= 1", "f.toml:1:1"),
            ("a = \"\\q\"", "f.toml:1:"),
            ("[a]\n[a]", "f.toml:2:"), ("a = [1 2]", "f.toml:1:"),
        ]
    )
    func errors(_ text: String, _ place: String) {
        do {
            _ = try read(text)
            Issue.record("no error")
        } catch { #expect("\(error)".hasPrefix(place), "\(error)") }
    }
}
