import Testing

@testable import DataAccess

@Suite("A pattern")
struct GlobTests {
    /// Whether a text fits, by trying everything that a star may stand for.
    private static func fits(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "*" { return (0...text.count).contains { fits(rest, text.dropFirst($0)) } }
        guard let head = text.first, first == "?" || first == head else { return false }
        return fits(rest, text.dropFirst())
    }

    private static func text(_ random: inout Seeded, _ letters: [Character], upTo count: Int) -> String {
        String((0..<random.below(count + 1)).map { _ in random.pick(letters) })
    }

    @Test("fits what trying everything says that it fits")
    func matches() {
        var random = Seeded(11)
        for _ in 0..<3_000 {
            let pattern = Self.text(&random, Array("ab*?"), upTo: 6)
            let text = Self.text(&random, Array("ab:"), upTo: 7)
            #expect(
                Glob(pattern).matches(text) == Self.fits(Array(pattern)[...], Array(text)[...]),
                "\(pattern) \(text)"
            )
        }
    }

    @Test("overlaps or covers another where some text says so, and only there")
    func relations() {
        var random = Seeded(13)
        // Every text of up to seven letters: none of these patterns needs a longer one.
        var texts = [""]
        var last = texts
        for _ in 0..<7 {
            last = last.flatMap { text in "abx".map { text + String($0) } }
            texts += last
        }
        for _ in 0..<120 {
            let one = Glob(Self.text(&random, Array("ab*?"), upTo: 4))
            let other = Glob(Self.text(&random, Array("ab*?"), upTo: 4))
            #expect(GlobSearch.overlap(one, other) == texts.contains { one.matches($0) && other.matches($0) })
            #expect(
                GlobSearch.isCovered(one, by: [other]) == texts.allSatisfy { !one.matches($0) || other.matches($0) }
            )
        }
    }

    @Test("in the first parts of an ARN does not go over a colon")
    func parts() {
        func glob(_ text: String) -> Glob? {
            guard
                case .glob(let glob) = ARNPattern.read(
                    .init(pieces: [.init(text: text, isLiteral: false)]),
                    in: .principal
                )
            else { return nil }
            return glob
        }
        #expect(glob("arn:aws:s3:::b*")?.matches("arn:aws:s3:::bucket/key:with") == true)
        #expect(glob("arn:*:b/k")?.matches("arn:aws:s3:::b/k") != true)
        #expect(glob("arn:aws:s3:*:*:b")?.matches("arn:aws:s3:::b") == true)
    }

    @Test("takes a whole character for a question mark")
    func characters() {
        for text in ["x", "é", "€", "🙂"] {
            #expect(Glob("a?b").matches("a\(text)b"))
            #expect(!Glob("a??b").matches("a\(text)b"))
            #expect(Glob("?*").matches(text) && Glob("*?").matches(text))
        }
        #expect(GlobSearch(all: [Glob("a?"), Glob(literal: "aé")], none: []).run() == .found(Array("aé".utf8)))
        #expect(GlobSearch(all: [Glob("?"), Glob("??*")], none: []).run() == .none)
    }
}
