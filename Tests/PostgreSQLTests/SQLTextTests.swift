import DataAccess
import Foundation
import PostgreSQLClient
import TestPostgreSQL
import Testing

/// Hostile names stay where they are put.
@Suite(.timeLimit(.minutes(5))) struct SQLTextTests {
    static let hostile = [
        "", "a", "A", "a b", "a\"b", "\"", "\"\"", "a'b", "'", "''", "a\\", "\\", "\\'", "a;b", "--", "/*", "*/", "$1",
        "$$",
        "NULL", "null", "{", "}", "a,b", "{a}", "é", "\u{202e}", "🐦", "a\nb", "a\tb", "a\u{b}b", " a ",
        "'; DROP TABLE t; --",
        "\"; DROP TABLE t; --", "E'", "U&'", "select", "%s", "%I", "a\r\nb", "\u{1}", "'\u{301}; DROP TABLE t; --",
        "\"\u{301}; DROP TABLE t; --", "\\\u{301}'", ",\u{301}", "{\u{308}", "\u{7f}", "\u{a0}",
    ]

    @Test func `names and texts are quoted`() {
        #expect(SQLText.identifier("a\"b") == "\"a\"\"b\"")
        #expect(SQLText.identifier("a\0b") == "\"ab\"")
        #expect(SQLText.identifier("s", "t") == "\"s\".\"t\"")
        #expect(SQLText.literal("a'b") == "'a''b'")
        #expect(SQLText.literal("a\\'b") == "E'a\\\\''b'")
        #expect(SQLText.array(["a", "", "NULL", "a b", "a\"\\"]) == #"{a,"","NULL","a b","a\"\\"}"#)
        #expect(SQLText.token("CN=a,O=b") == "\"CN=a,O=b\"")
        for text in ["", "\"\u{301}", "a\"b", "a\nb", "a\\", "/a", "+a", "@a"] {
            #expect(SQLText.token(text) == nil, "\(text)")
        }
    }

    @Test(.enabled(if: PostgreSQLCluster.isInstalled)) func `PostgreSQL reads back what was quoted`() throws {
        let cluster = try PostgreSQLCluster()
        defer { cluster.stop() }
        let connection = try cluster.superuser("postgres")
        var generator = SeededGenerator(seed: 0x5eed)
        let alphabet = Array("ab'\"\\$;-{},\n\t %é\u{301}🐦()/*E".unicodeScalars)
        let random = (0..<300).map { _ in
            var text = ""
            for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            return text
        }
        for conforming in ["on", "off"] {
            try connection.execute("SET standard_conforming_strings = \(conforming)")
            for text in Self.hostile + random {
                #expect(try connection.query("SELECT \(SQLText.literal(text))") == [[text]], "\(text)")
                let array = SQLText.literal(SQLText.array([text, "b"]))
                #expect(
                    try connection.query("SELECT (\(array)::text[])[1], cardinality(\(array)::text[])") == [
                        [text, "2"]
                    ]
                )
                // Where the array's form is not PostgreSQL's own, a clean catalog would seem to have drifted.
                #expect(try connection.query("SELECT \(array)::text[]::text") == [[SQLText.array([text, "b"])]])
                guard !text.isEmpty else { continue }
                #expect(try connection.query("SELECT * FROM (SELECT 1 AS \(SQLText.identifier(text))) AS t") == [["1"]])
            }
        }
    }

    @Test func `a password on the command line is refused`() {
        for target in ["host=localhost password=guess", "postgresql://user:guess@localhost/ml"] {
            let error = #expect(throws: PostgreSQLError.self) { _ = try PostgreSQLConnection(target) }
            #expect(error?.code == .invalidArgument && error?.message.contains("guess") == false)
        }
        let error = #expect(throws: PostgreSQLError.self) { _ = try PostgreSQLConnection("nonsense=1") }
        #expect(error?.code == .invalidArgument)
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
