import Guardrails
import Testing

@Suite("Many patterns in one pass")
struct PatternDatabaseTests {
    private static let patterns = [
        PatternDatabase.Pattern(id: 1, expression: "ghp_[0-9a-z]{4}"),
        PatternDatabase.Pattern(id: 2, expression: "secret", ignoresCase: true),
    ]

    @Test("Ends of matches in a block, bytes that are no text included")
    func block() throws {
        let scanner = try PatternScanner(PatternDatabase(Self.patterns, mode: .block))
        let ends = try scanner.matches(in: [0xFF] + Array("a SECRET ghp_12ab".utf8))
        #expect(Set(ends) == [.init(pattern: 2, offset: 9), .init(pattern: 1, offset: 18)])
        #expect(try scanner.matches(in: []).isEmpty)
    }

    @Test("A match that spans pieces ends where it ends in the stream")
    func stream() throws {
        let scanner = try PatternScanner(PatternDatabase(Self.patterns, mode: .streaming))
        let stream = try PatternStream(scanner)
        var ends: [PatternScanner.End] = []
        for byte in "a secret ghp_12ab".utf8 { ends += try stream.write([byte]) }
        ends += try stream.finish()
        #expect(Set(ends) == [.init(pattern: 2, offset: 8), .init(pattern: 1, offset: 17)])
    }

    @Test("What does not compile is told by its id")
    func errors() {
        #expect { try PatternDatabase([.init(id: 9, expression: "a(?=b)")], mode: .block) } throws: { error in
            "\(error)".contains("pattern 9")
        }
        #expect(throws: PatternError.self) { try PatternDatabase([], mode: .block) }
    }

    @Test("More matches than may be reported are an error, not an end")
    func tooMany() throws {
        let database = try PatternDatabase([.init(id: 1, expression: "a")], mode: .block)
        let scanner = try PatternScanner(database, maximumMatches: 10)
        #expect(throws: PatternError.self) { try scanner.matches(in: Array(repeating: 0x61, count: 11)) }
    }
}
