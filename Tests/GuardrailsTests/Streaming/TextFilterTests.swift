import Guardrails
import Testing

@Suite("The filter of a text")
struct TextFilterTests {
    private static let rules = Result { try OutputRules(.everything(.redact)) }

    private func filtered(_ text: String) throws -> String {
        var filter = TextFilter(try Self.rules.get())
        var output = filter.feed(Array(text.utf8))
        filter.finish(into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(
        "What is personal or secret is redacted, what looks like it is not",
        arguments: [
            ("My card is 4111 1111 1111 1111.", "My card is [CREDIT_CARD]."),
            ("card 4111111111111112 fails", "card 4111111111111112 fails"),
            ("card 4222222222222 of 13", "card [CREDIT_CARD] of 13"),
            ("36700102000000 of 14", "[CREDIT_CARD] of 14"),
            ("6304000000000000 and 6759649826438453", "[CREDIT_CARD] and [CREDIT_CARD]"),
            ("write to jane.doe+x@example.co.uk now", "write to [EMAIL_ADDRESS] now"),
            ("jane@localhost is none", "jane@localhost is none"),
            ("call (978)645-9740x11144 or +44 20 7946 0958", "call [PHONE_NUMBER] or [PHONE_NUMBER]"),
            ("my ssn is 536-32-3065", "my ssn is [US_SSN]"),
            ("000-32-3065 is no such number", "000-32-3065 is no such number"),
            ("IBAN GB43HRSI56613285431668 is none", "IBAN GB43HRSI56613285431668 is none"),
            ("IBAN GB82 WEST 1234 5698 7654 32 it is", "IBAN [IBAN_CODE] it is"),
            ("at 10.218.6.131 and fe80::1ff:fe23:4567:890a", "at [IP_ADDRESS] and [IP_ADDRESS]"),
            ("see https://example.com/a?b=c.", "see [URL]."),
            ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a!", "token [SECRET]!"),
            ("AKIAIOSFODNN7EXAMPLD and more", "[SECRET] and more"),
            ("Aadhaar 2345 6789 0124", "Aadhaar [IN_AADHAAR]"),
            ("4111\u{200B}1111\u{200B}1111\u{200B}1111", "[CREDIT_CARD]"),
            ("４１１１１１１１１１１１１１１１", "[CREDIT_CARD]"),
            ("plain words, and 12 of them", "plain words, and 12 of them"),
            ("\u{FEFF}émigré 日本語 🙂", "\u{FEFF}émigré 日本語 🙂"),
        ]
    )
    func redacts(_ text: String, _ expected: String) throws {
        #expect(try filtered(text) == expected)
    }

    @Test("A private key is suppressed up to its end, whatever its length")
    func privateKey() throws {
        let body = Array(repeating: "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDAC4AWkdwKYSd8", count: 40)
        let key = "-----BEGIN PRIVATE KEY-----\n\(body.joined(separator: "\n"))\n-----END PRIVATE KEY-----"
        #expect(try filtered("key: \(key)\nDone.") == "key: [SECRET]\nDone.")
        #expect(
            try filtered("a -----BEGIN PRIVATE KEY----- block begins so (see the manual)").hasSuffix("(see the manual)")
        )
    }

    @Test("Nothing is held when nothing is live, and what is live is held from its first character")
    func holds() throws {
        var filter = TextFilter(try Self.rules.get())
        func feed(_ text: String) -> String { String(decoding: filter.feed(Array(text.utf8)), as: UTF8.self) }
        #expect(feed("Hello, world. ") == "Hello, world. ")
        #expect(filter.held == 0)
        #expect(feed("It is 4111 1111 11") == "It is ")
        #expect(feed("11 1111") == "")
        #expect(feed(" then") == "[CREDIT_CARD] ")
        #expect(feed("!") == "then!")
        #expect(filter.held == 0)
    }

    @Test("For any way of cutting the same bytes the output and the findings are the same, and the hold-back is kept")
    func cuts() throws {
        let rules = try Self.rules.get()
        let samples = [
            "My card is 4111 1111 1111 1111, jane.doe@example.com, +1 (202) 555-0143 x12, 536-32-3065.",
            "export TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a\napi_key: \"9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC\"\n",
            "é日本🙂 4111\u{200B}1111\u{200B}1111\u{200B}1111 \u{FEFF} https://example.com/ü?x=1) GB82 WEST 1234 5698 7654 32",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDAC4AWkdwKYSd8\n-----END RSA PRIVATE KEY-----\nend",
            "Monday, 5 May 2024 at 10:30 pm; 2024-05-01T10:00:00Z fe80::1 aa:bb:cc:dd:ee:ff 1.2.3.4",
        ]
        for sample in samples {
            let bytes = Array(sample.utf8)
            let whole = run(rules, bytes, cuts: [])
            for first in 0...bytes.count {
                #expect(run(rules, bytes, cuts: [first]) == whole, "cut at \(first) of `\(sample)`")
            }
            #expect(run(rules, bytes, cuts: Array(0..<bytes.count)) == whole)
            var random = SplitMix(seed: 7)
            for _ in 0..<200 {
                let cuts = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                    Int.random(in: 0...bytes.count, using: &random)
                }
                #expect(run(rules, bytes, cuts: cuts.sorted()) == whole)
            }
        }
    }

    private struct Run: Equatable {
        var output: [UInt8] = []
        var findings: [OutputFinding] = []
    }

    private func run(_ rules: OutputRules, _ bytes: [UInt8], cuts: [Int]) -> Run {
        var run = Run()
        var filter = TextFilter(rules)
        var start = 0
        for cut in cuts + [bytes.count] {
            run.output += filter.feed(Array(bytes[start..<cut]))
            start = cut
            #expect(filter.held <= 256)
        }
        filter.finish(into: &run.output)
        run.findings = filter.takeFindings()
        return run
    }
}

/// A small generator of numbers that gives the same ones for the same seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
