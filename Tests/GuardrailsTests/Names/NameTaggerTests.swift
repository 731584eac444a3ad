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

    @Test("What else is found is what is found without names")
    func besideNames() throws {
        var policy = OutputPolicy.everything(.flag)
        policy.entities[.person] = .flag
        let (plain, named) = (try OutputRules(.everything(.flag)), try OutputRules(policy))
        // An address, which is not looked for, would take in what stands before a word that says what it is.
        let texts = [
            "Main driving licence\n+49 30 123456\nAnna 1 1 - phone & 123456789",
            "12 Main Street AB123456 12 passport 75002",
            "passport " + String(repeating: "Main Street ", count: 4) + "AB123456 12 Main Street 12345678, 12345678",
        ]
        for text in texts {
            let found = Self.filtered(text, named).1.filter { $0.rule != "pii/PERSON" }
            #expect(found == Self.filtered(text, plain).1, "\(text)")
        }
    }

    @Test("A number that ends the answer ends it beside a name that is redacted, and nothing of it goes out")
    func blockedBesideName() throws {
        var policy = OutputPolicy()
        policy.entities = [.person: .redact, .usPassport: .block]
        let rules = try OutputRules(policy)
        let texts = [
            "Hello, my name is Maria Schneider, passport 912803456, and more",
            "Hello, my name is Maria Schneider passport 912803456 and more",
        ]
        for text in texts {
            let bytes = Array(text.utf8)
            for size in [1, 3, 7, bytes.count] {
                var filter = TextFilter(rules)
                var output: [UInt8] = []
                var rest = bytes[...]
                while !rest.isEmpty {
                    filter.feed(rest.prefix(size), into: &output)
                    rest = rest.dropFirst(size)
                }
                filter.finish(into: &output)
                #expect(filter.blocked?.rule == "pii/US_PASSPORT", "\(text), \(size) at a time")
                #expect(filter.takeFindings().map(\.rule) == ["pii/PERSON", "pii/US_PASSPORT"])
                let sent = String(decoding: output, as: UTF8.self)
                #expect(sent.hasPrefix("Hello, my name is [PERSON]") && sent.hasSuffix("passport "), "\(sent)")
            }
        }
        // Beside a card, which needs no word, too.
        var other = TextFilter(try OutputRules(OutputPolicy(entities: [.person: .redact, .creditCard: .block])))
        let sent = other.feed(Array("My name is Maria Schneider 4111 1111 1111 1111 x".utf8)) + other.finish()
        #expect(String(decoding: sent, as: UTF8.self) == "My name is [PERSON] ")
        #expect(other.blocked?.rule == "pii/CREDIT_CARD")
    }

    @Test(
        "Nothing else goes out for standing behind a name",
        arguments: [
            "Universidad de Chile\nToken=abcDEF123456789xyz01, and more", "75002 Apt. 4\npassword=Hunter2zzz9 and more",
            "Main Street'anna.kowalska@example.com is it", "Siemens NHS m-b@example.org and more",
            "Berg Authorization: Bearer abc123DEF456 and more", "Maria'www.example.com/a and more",
            "NHS Password: Hunter2zzz9 and more", "O'Brien May 5, and more",
            "Anna-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx2JmYk8G9c1Yw5oYxkU3bQm0Zc4F1s7Tn2\n-----END RSA PRIVATE KEY-----",
            "12 Main Street, " + String(repeating: "Main Street ", count: 11) + String(repeating: "anna.", count: 12)
                + "berg@" + String(repeating: "example.", count: 10) + "com and more",
        ]
    )
    func behindNames(text: String) throws {
        let (plain, named) = (try OutputRules(.everything(.redact)), try Self.rules.get())
        let found = Self.filtered(text, named).1
        let places = Set(found.flatMap { $0.start..<$0.end })
        let other = Self.filtered(text, plain).1
        #expect(!other.isEmpty)
        for finding in other {
            #expect((finding.start..<finding.end).allSatisfy(places.contains), "\(finding.rule) in \(text): \(found)")
        }
    }

    @Test("A filter that has ended begins anew")
    func again() throws {
        var filter = TextFilter(try OutputRules(.everything(.flag, names: true)))
        for _ in 0..<2 {
            _ = filter.feed(Array("My name is Maria Schneider".utf8)) + filter.finish()
            #expect(filter.takeFindings().map(\.rule) == ["pii/PERSON"])
            _ = filter.feed(Array("Maria Schneider is my name.".utf8)) + filter.finish()
            #expect(filter.takeFindings().map(\.rule) == ["pii/PERSON"])
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
