import Testing
import ZeroTrust

@testable import AuditLog

@Suite("Reading records back")
struct RecordReaderTests {
    private let act = ActRecord(
        id: RequestID(milliseconds: 1, random: 2),
        time: Timestamp(nanoseconds: 1_700_000_000_000_000_000),
        node: "n",
        actor: "a \"quoted\" é 😀 \u{1}",
        action: "svid.issue",
        subject: "s",
        outcome: .allow
    )

    private func text() -> String { String(decoding: act.encoded(), as: UTF8.self) }

    private func read(_ text: String) throws -> AuditRecord { try AuditRecord(entry: Array(text.utf8)) }

    @Test("Members that a later version adds are passed over, wherever they stand")
    func passesOver() throws {
        #expect(try read(text()) == .act(act))
        let added = text().replacing("{\"action\"", with: #"{"aaa":[1,{"b":null}],"action""#)
            .replacing(#""v":1}"#, with: #""v":1,"z":{"y":[true,-1.5e3]}}"#).replacing(
                #","node""#,
                with: #","m":"x","node""#
            )
        #expect(try read(added) == .act(act))
    }

    @Test(
        "What is out of order, stands twice, is missing or of another type is no record",
        arguments: [
            (#""actor":"#, #""zz":"#, "has no `actor`"), (#""actor":"#, #""action":"x","actor":"#, "order"),
            (#""node":"n","#, "", "has no `node`"), (#""node":"n""#, #""node":1"#, "has no string as `node`"),
            (#""node":"n""#, #""node":null"#, "has no string"),
            (#""kind":"act""#, #""kind":"acts""#, "unknown kind `acts`"),
            (#""v":1"#, #""v":2"#, "schema version 2"), (#","v":1"#, "", "no kind and version"),
            (#""outcome":"allow""#, #""outcome":"maybe""#, "says `maybe` as `outcome`"),
            (#""v":1}"#, #""v":1}x"#, "goes on"), (#""v":1}"#, #""v":1"#, "not a record"),
            ("\"n\"", #""\q""#, "string as `node`"),
        ]
    )
    func refuses(_ from: String, _ to: String, _ says: String) throws {
        let error = try #require(throws: AuditLogError.self) { try read(text().replacing(from, with: to)) }
        #expect(error.code == .malformed && error.description.contains(says), "\(error)")
    }

    /// As they stand in a record: escaped or not, of one length or another, and some that are no strings.
    private static let actors = [
        "ab", "cd", #"a\\b"#, #"a\b"#, #"a\u0062"#, "a\u{e9}", #"a\u00e9"#, #"a\q"#, "a\u{7}", "", "ab", #"\"\""#, "cd",
    ]

    @Test("With the texts of other records at hand a record is read as without")
    func knowsTexts() throws {
        let texts = RecordTexts()
        let decision = String(decoding: try Sample.decision().encoded(), as: UTF8.self)
        let id = try Sample.decision().caller?.spiffeID.description ?? ""
        var same = 0
        for actor in Self.actors + Self.actors {
            for text in [
                text().replacing(#""node":"n""#, with: "\"node\":\"\(actor)\""),
                decision.replacing(id, with: "spiffe://cluster.local/\(actor)"), decision,
            ] {
                let plain = try? read(text)
                #expect((try? AuditRecord(entry: Array(text.utf8), knowing: texts)) == plain, "\(text)")
                if plain != nil { same += 1 }
            }
        }
        #expect(same > 40)
    }

    /// To Swift the sign of the kelvin and the letter `K` are one text; in a SPIFFE ID only the letter may stand.
    @Test("An ID that is known lets no other pass that only looks the same")
    func knowsIDs() throws {
        let texts = RecordTexts()
        for number in 0..<500 {
            let known = try texts.id("spiffe://cluster.local/\(number)K")
            #expect(known.path == "/\(number)K")
            #expect(throws: SPIFFEIDError.self) { try texts.id("spiffe://cluster.local/\(number)\u{212A}") }
        }
    }

    @Test("A fingerprint is sixteen digits in lower case, and nothing else")
    func fingerprints() throws {
        var decision = try Sample.decision()
        decision.prompt = .init(fingerprint: 0xabcd_ef01_2345_6789, template: 1)
        let text = String(decoding: decision.encoded(), as: UTF8.self)
        #expect(try read(text) == .decision(decision))
        for other in [
            "+bcdef0123456789", "-bcdef0123456789", "ABCDEF0123456789", "abcdef012345678", "", "abcdef012345678g",
        ] {
            #expect(throws: AuditLogError.self, "\(other)") {
                try read(text.replacing("abcdef0123456789", with: other))
            }
        }
    }

    @Test("Numbers keep to their types")
    func numbers() throws {
        let refusals = AggregateRefusalRecord(
            id: act.id,
            second: act.time,
            node: "n",
            source: nil,
            reason: "r",
            count: 7
        )
        let text = String(decoding: refusals.encoded(), as: UTF8.self)
        for (number, value) in [("0", 0), ("9007199254740992", 9_007_199_254_740_992)] as [(String, UInt64)] {
            guard case .refusals(let read) = try read(text.replacing("\"count\":7", with: "\"count\":\(number)")) else {
                Issue.record("another kind")
                continue
            }
            #expect(read.count == value)
        }
        for number in ["-1", "1.5", "1e3", "99999999999999999999", "", "-", "\"7\"", "[7]"] {
            #expect(throws: AuditLogError.self, "\(number)") {
                try read(text.replacing("\"count\":7", with: "\"count\":\(number)"))
            }
        }
    }

    @Test("Nesting is bounded, and bytes changed at random end no program")
    func isBounded() throws {
        let deep = String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000)
        #expect(throws: AuditLogError.self) { try read(text().replacing(#""v":1}"#, with: #""v":1,"w":\#(deep)}"#)) }
        var random = SystemRandomNumberGenerator()
        let whole = act.encoded()
        for _ in 0..<5_000 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
            _ = try? AuditRecord(entry: damaged)
        }
    }
}
