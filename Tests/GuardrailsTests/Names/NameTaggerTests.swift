import Testing

@testable import Guardrails

@Suite("Names are told by the tagger")
struct NameTaggerTests {
    private static let rules = Result { try OutputRules(.everything(.redact, names: true)) }

    private static func filtered(_ text: String, pieces: Int? = nil, _ rules: OutputRules) -> (
        String, [OutputFinding], Int
    ) {
        let bytes = Array(text.utf8)
        var filter = TextFilter(rules)
        var output: [UInt8] = []
        var most = 0
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + (pieces ?? bytes.count))
            filter.feed(bytes[start..<end], into: &output)
            most = max(most, filter.held)
            start = end
        }
        filter.finish(into: &output)
        return (String(decoding: output, as: UTF8.self), filter.takeFindings(), most)
    }

    static let named: [(String, String)] = [
        ("My name is Maria Schneider and I live in Hamburg.", "My name is [PERSON] and I live in [LOCATION]."),
        ("Please send it to Jonathan Miller.", "Please send it to [PERSON]."),
        ("They moved from Norway to Portugal.", "They moved from [LOCATION] to [LOCATION]."),
    ]

    @Test("People and places go out as what they are", arguments: named)
    func names(text: String, expected: String) throws {
        #expect(Self.filtered(text, try Self.rules.get()).0 == expected)
    }

    static let plain = [
        "can you tell me how to sort a list in reverse order?", "The API returns JSON over HTTP.",
        "What are my options?",
        "CAN I SPEAK TO A HUMAN?", "I have 12 apples and 7 pears.", "Step 3: Open the Settings and click Save.",
    ]

    @Test("Other text goes out as it is", arguments: plain)
    func plainText(text: String) throws { #expect(Self.filtered(text, try Self.rules.get()).0 == text) }

    @Test("What else stands in or beside a name is found as what it is")
    func otherFindings() throws {
        let rules = try Self.rules.get()
        let text =
            "Anna Kowalska 4111 1111 1111 1111, anna.kowalska@example.com, ghp_16C7e42F292c6912E7710c838347Ae178B4a"
        let output = Self.filtered(text, rules).0
        for label in ["[PERSON]", "[CREDIT_CARD]", "[EMAIL_ADDRESS]", "[SECRET]"] {
            #expect(output.contains(label), "\(label) in \(output)")
        }
    }

    @Test("The same comes out however text is cut, with at most 256 code points held")
    func cuttings() throws {
        let rules = try Self.rules.get()
        let texts =
            Self.named.map(\.0) + Self.plain + [
                "Ship it to Karl Öberg, 12 Rue de la Paix, Apt. 4\n 75002 Paris\n France 75002, and to the corner of Main Street",
                "DR. JOSÉ ÁLVAREZ (Universidad de Chile) met O'Brien, van der Berg and Ms. Lee-Smith of Siemens AG in St. Louis.",
                String(repeating: "Anna Berg ", count: 60), String(repeating: "12 Main Street, ", count: 40),
            ]
        for text in texts {
            let whole = Self.filtered(text, rules)
            for pieces in 1...17 {
                let cut = Self.filtered(text, pieces: pieces, rules)
                #expect(cut.0 == whole.0 && cut.1 == whole.1, "\(text) in pieces of \(pieces)")
                #expect(cut.2 <= 256)
            }
        }
    }

    @Test("A name that is flagged is told of once")
    func flagged() throws {
        let rules = try OutputRules(.everything(.flag, names: true))
        let text = "Hello, my name is Maria Anna Schneider."
        for pieces in [1, 5, text.utf8.count] {
            let (output, findings, _) = Self.filtered(text, pieces: pieces, rules)
            #expect(output == text)
            #expect(findings.map(\.rule) == ["pii/PERSON"])
        }
    }

    @Test("Names are looked for only where they are asked for")
    func notAsked() throws {
        #expect(OutputPolicy.standard.entities.keys.allSatisfy { !$0.isName })
        let text = "My name is Maria Schneider."
        #expect(Self.filtered(text, try OutputRules(.standard)).0 == text)
    }

    @Test("Bytes that are no tagger are not read, and what is written is read again")
    func bytes() throws {
        let tagger = try #require(NameTagger.builtIn)
        #expect(NameTagger([1, 2, 3]) == nil)
        #expect(NameTagger(Array(tagger.serialised.dropLast())) == nil)
        #expect(NameTagger(tagger.serialised)?.serialised == tagger.serialised)
    }
}
