import Foundation
import Resources
import Testing

@testable import Monitoring

/// Rules of Sigma: what their values, modifiers and conditions say.
@Suite struct SigmaRuleTests {
    /// A rule about our own record with a detection.
    static func rule(_ detection: String, level: String = "medium") -> String {
        """
        title: A rule
        id: 4d8f0ad6-0d31-4d0a-9f0e-6a51cb1a4a01
        level: \(level)
        logsource: { product: lapwing, service: audit }
        detection:
        \(detection.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
        """
    }

    static func rules(_ text: String) throws -> SigmaRules { try SigmaRules(yaml: [(file: "r.yml", text: text)]) }

    static func event(_ json: String) throws -> SigmaEvent { SigmaEvent(try JSONText(json.utf8)) }

    private static func matches(_ line: String, _ json: String) throws -> Bool {
        let rules = try rules(rule("selection:\n    \(line)\ncondition: selection"))
        return try #require(rules.rules.first).matches(try event(json))
    }

    @Test(arguments: [
        // Texts: the whole of it, whatever the case, with wildcards.
        (#"a: Fraud"#, #"{"a":"fraud"}"#, true), (#"a: fraud"#, #"{"a":"fraud2"}"#, false),
        (#"a: 'fr*d'"#, #"{"a":"FRAUD"}"#, true), (#"a: 'fr?d'"#, #"{"a":"früud"}"#, false),
        (#"a: 'fr?d'"#, #"{"a":"früd"}"#, true), (#"a: '*a*b*c'"#, #"{"a":"xxaxxabxbc"}"#, true),
        (#"a: '*a*b*c'"#, #"{"a":"xxaxxabxbcd"}"#, false), (#"a: 'x\*y'"#, #"{"a":"x*y"}"#, true),
        (#"a: 'x\*y'"#, #"{"a":"xzy"}"#, false), (#"a: 'x\\*'"#, #"{"a":"x\\z"}"#, true),
        (#"a: 'C:\Windows\x'"#, #"{"a":"c:\\windows\\x"}"#, true), (#"a: 'GRÜN'"#, #"{"a":"grün"}"#, true),
        (#"a: ''"#, #"{"a":""}"#, true), (#"a: ''"#, #"{"b":""}"#, false),
        (#"a: [x, y]"#, #"{"a":"y"}"#, true), (#"a|contains|all: [x, y]"#, #"{"a":"y-x"}"#, true),
        (#"a|contains|all: [x, y]"#, #"{"a":"xx"}"#, false), (#"a|cased: Fraud"#, #"{"a":"fraud"}"#, false),
        (#"a|contains|cased: Fraud"#, #"{"a":"a Fraud b"}"#, true),
        (#"a|startswith: /v2"#, #"{"a":"/V2/models"}"#, true), (#"a|endswith: .bin"#, #"{"a":"x.bin.1"}"#, false),
        // Names, nothing, numbers and truth.
        (#"a.b: x"#, #"{"a":{"b":"x"}}"#, true), (#"a.b: x"#, #"{"a":[{"b":"y"},{"b":"x"}]}"#, true),
        (#"a: null"#, #"{"a":null}"#, true), (#"a: null"#, #"{}"#, true), (#"a: null"#, #"{"a":0}"#, false),
        (#"a|exists: true"#, #"{"a":""}"#, true), (#"a|exists: false"#, #"{"b":1}"#, true),
        (#"a: 403"#, #"{"a":403}"#, true), (#"a: '403'"#, #"{"a":403}"#, true), (#"a: 403"#, #"{"a":"403"}"#, true),
        (#"a: '4*'"#, #"{"a":403}"#, true), (#"a: true"#, #"{"a":true}"#, true), (#"a: true"#, #"{"a":false}"#, false),
        (#"a|gt: 10"#, #"{"a":10.5}"#, true), (#"a|gte: 10"#, #"{"a":9}"#, false), (#"a|lt: 10"#, #"{"a":"x"}"#, false),
        (#"a|lte: 10"#, #"{"a":10}"#, true), (#"a|neq: 10"#, #"{"a":11}"#, true),
        // The rest.
        (#"a|re: '^/v[12]/'"#, #"{"a":"/v2/x"}"#, true), (#"a|re: FRAUD"#, #"{"a":"fraud"}"#, false),
        (#"a|re|i: FRAUD"#, #"{"a":"a fraud"}"#, true), (#"a|re|m: '^b$'"#, #"{"a":"a\nb"}"#, true),
        (#"a|re|s: 'a.b'"#, #"{"a":"a\nb"}"#, true), (#"a|cidr: 10.0.0.0/8"#, #"{"a":"10.2.3.4"}"#, true),
        (#"a|cidr: [10.0.0.0/8, 'fd00::/8']"#, #"{"a":"fd01::1"}"#, true),
        (#"a|cidr: 10.0.0.0/8"#, #"{"a":"11.0.0.1"}"#, false),
        (#"a|base64: secret"#, #"{"a":"c2VjcmV0"}"#, true),
        (#"a|base64|contains: 'ignore'"#, #"{"a":"aWdub3Jl"}"#, true),
        (#"a|base64offset|contains: 'http://'"#, #"{"a":"eGh0dHA6Ly94"}"#, true),
        (#"a|base64offset|contains: 'http://'"#, #"{"a":"eHhodHRwOi8veA=="}"#, true),
        (#"a|wide|base64offset|contains: 'ping'"#, #"{"a":"eABwAGkAbgBnAA=="}"#, true),
        (#"a|windash|contains: ' -exec'"#, #"{"a":"x /exec y"}"#, true),
        (#"a|windash|contains: ' -exec'"#, #"{"a":"x –exec y"}"#, true),
        (#"a|windash|contains: 'a-exec'"#, #"{"a":"a/exec"}"#, false), (#"a|fieldref: b"#, #"{"a":"X","b":"x"}"#, true),
        (#"a|fieldref: b"#, #"{"a":"x"}"#, false), (#"a|contains: 12"#, #"{"a":"x12"}"#, true),
    ])
    func `a value is held against a field as Sigma has it`(_ line: String, _ json: String, _ expected: Bool) throws {
        #expect(try Self.matches(line, json) == expected, "\(line) on \(json)")
    }

    @Test func `words stand anywhere, and lists of lists are one or the other`() throws {
        let words = try Self.rules(Self.rule("words:\n    - Secret\n    - 42\ncondition: words"))
        #expect(words.logs[.lapwing]?.fields == nil)
        #expect(try words.rules[0].matches(Self.event(#"{"x":{"y":["a","my SECRET"]}}"#)))
        #expect(try words.rules[0].matches(Self.event(#"{"x":420}"#)))
        #expect(try !words.rules[0].matches(Self.event(#"{"secret":"x"}"#)))
        let all = try Self.rules(Self.rule("words:\n    '|contains|all': [a, b]\ncondition: words"))
        #expect(try all.rules[0].matches(Self.event(#"{"x":"a","y":"b"}"#)))
        #expect(try !all.rules[0].matches(Self.event(#"{"x":"a"}"#)))
        let either = try Self.rules(Self.rule("s:\n    - { a: 1, b: 2 }\n    - { a: 2 }\ncondition: s"))
        #expect(either.logs[.lapwing]?.fields == ["a", "b"])
        for (json, expected) in [(#"{"a":1}"#, false), (#"{"a":1,"b":2}"#, true), (#"{"a":2}"#, true)] {
            #expect(try either.rules[0].matches(Self.event(json)) == expected)
        }
    }

    @Test(arguments: [
        ("a and b", "a b", true), ("a and b", "a", false), ("a or b and c", "a", true), ("(a or b) and c", "a", false),
        ("not a", "", true), ("not not a", "a", true), ("a and not (b or c)", "a c", false), ("1 of them", "c", true),
        ("any of them", "", false), ("all of them", "a b c", true), ("all of them", "a b", false),
        ("1 of x_*", "a b c", false), ("1 of x_*", "x_2", true), ("all of x_*", "x_1 x_2", true),
        ("a and not 1 of x_*", "a x_1", false), ("a AND NOT b", "a", true), ("1 of _*", "_h", true),
    ])
    func `a condition says which detections have to hold`(_ condition: String, _ present: String, _ expected: Bool)
        throws
    {
        // Those with a line below are not among `them`.
        let names = ["a", "b", "c"] + (condition.contains("x_") ? ["x_1", "x_2"] : []) + ["_h"]
        let detections = names.map { "\($0): { \($0): 1 }" }.joined(separator: "\n")
        let rules = try Self.rules(Self.rule("\(detections)\ncondition: \(condition)"))
        let json = "{" + present.split(separator: " ").map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        #expect(try rules.rules[0].matches(Self.event(json)) == expected)
    }

    @Test(arguments: [
        ("s: { a: 1 }\ncondition: s and t", "r.yml:7:22: error: there is no detection `t`"),
        ("s: { a: 1 }\ncondition: (s", "`)` is missing"), ("s: { a: 1 }\ncondition: s s", "`s` does not belong there"),
        ("s: { a: 1 }\ncondition: s | count() > 3", "r.yml:7:18: error: `|` does not belong there"),
        ("s: { a: 1 }", "needs a `condition`"), ("condition: s", "1 to 100 parts"),
        ("s: { a: 1 }\ntimeframe: 5m\ncondition: s", "r.yml:7:5: error: `timeframe` is of old Sigma"),
        ("s: { 'a|contain': x }\ncondition: s", "r.yml:6:10: error: unknown modifier `contain`"),
        ("s: { 'a|expand': x }\ncondition: s", "is not evaluated here"),
        ("s: { 'a|re': '(?=x)' }\ncondition: s", "r.yml:6:18: error: expression `(?=x)`"),
        ("s: { 'a|re': '(a{1000}){1000}' }\ncondition: s", "is too large"),
        ("s: { 'a|re|contains': x }\ncondition: s", "`re` is followed by"),
        ("s: { 'a|cidr': 10.0.0.0/33 }\ncondition: s", "`cidr` takes a block"),
        ("s: { 'a|gt': x }\ncondition: s", "`gt` takes a number"),
        ("s: { 'a|exists': 1 }\ncondition: s", "`exists` is about"),
        ("s: { 'a|base64': 'x*' }\ncondition: s", "no wildcards"),
        ("s: { 'a|all': x }\ncondition: s", "several values"),
        ("s: { a: [] }\ncondition: s", "matches nothing"), ("s: {}\ncondition: s", "matches everything"),
        ("s: { 'a|windash': ' -a -b -c -d -e' }\ncondition: s", "at most 4 dashes"),
        ("s: { a: { b: 1 } }\ncondition: s", "expected a text"),
        ("s: { a: 1 }\ncondition: 1 of t*", "no detection is called"),
        ("s: { a: 1 }\ncondition: \(String(repeating: "(", count: 40))s", "more than 32 deep"),
        ("s: { a: 1 }\ncondition: \(String(repeating: "not ", count: 600))s", "at most 512 words"),
        ("s: [[[[[[[[[[a]]]]]]]]]]\ncondition: s", "more than 8 deep"),
    ])
    func `what is not evaluated is an error with its place`(_ detection: String, _ message: String) throws {
        let error = #expect(throws: ResourceError.self) { try Self.rules(Self.rule(detection)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("r.yml:") == true)
    }

    @Test(arguments: [
        ("logsource: { product: windows }", "the monitor reads no such log"), ("id: 17", "expected a string"),
        ("id: x", "an id is a UUID"), ("level: bad", "unknown value `bad`"), ("action: global", "of old Sigma"),
        ("filter: { a: 1 }", "filters of Sigma"),
    ])
    func `a head that says something else is an error`(_ line: String, _ message: String) throws {
        let name = line.prefix { $0 != ":" }
        let text = Self.rule("s: { a: 1 }\ncondition: s").split(separator: "\n").filter { !$0.hasPrefix("\(name):") }
        let error = #expect(throws: ResourceError.self) { try Self.rules(text.joined(separator: "\n") + "\n" + line) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func `two rules of one id are an error, and equal files are equal rules`() throws {
        let text = Self.rule("s: { a: 1 }\ncondition: s")
        #expect(throws: ResourceError.self) { try Self.rules(text + "\n---\n" + text) }
        #expect(try Self.rules(text) == Self.rules(text))
        #expect(try Self.rules(text) != Self.rules(text + "\n# more\n"))
        #expect(SigmaRules().count == 0 && SigmaRules() == SigmaRules())
    }

    @Test func `a hostile value takes no longer than its length times the pattern's`() throws {
        let many = String(repeating: "*a", count: 400)
        let rules = try Self.rules(
            Self.rule("s: { 'a|contains': '\(many)b' }\nt: { 'a|re': '(a*)*(a|aa)+b' }\ncondition: s or t")
        )
        let text = String(repeating: "a", count: 1 << 16)
        let clock = ContinuousClock()
        let event = try Self.event(#"{"a":"\#(text)"}"#)
        #expect(event["a"].first?.text.count == SigmaEvent.maximumLength)
        let time = clock.measure { _ = rules.rules[0].matches(event) }
        #expect(time < .seconds(20), "\(time)")
    }

    @Test func `rules that were changed at random are rules or errors`() throws {
        let seeds = try SigmaShippedTests.files().map(\.text) + [SigmaCorrelationTests.text("event_count", "gte: 3")]
        let parts = [
            "|", "*", "(", ")", "not ", "1 of ", "- ", ": ", "\n    ", "'", "\\", "{", "[", "null", "re", "&a ", "*a",
        ]
        var numbers = SeededNumbers(77)
        for round in 0..<3_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                let place = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: bytes[place] = UInt8.random(in: 0x20...0x7E, using: &numbers)
                case 1: bytes.removeSubrange(place..<min(place + Int.random(in: 1...30, using: &numbers), bytes.count))
                case 2:
                    bytes.insert(contentsOf: parts[Int.random(in: 0..<parts.count, using: &numbers)].utf8, at: place)
                default:
                    let end = min(place + Int.random(in: 1...60, using: &numbers), bytes.count)
                    bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &numbers))
                }
                if bytes.isEmpty { bytes = [0x61] }
            }
            do {
                let rules = try Self.rules(String(decoding: bytes, as: UTF8.self))
                for rule in rules.rules {
                    _ = rule.matches(try Self.event(#"{"kind":"decision","request":{"path":"/../a"}}"#))
                }
            } catch let error as ResourceError {
                #expect(error.diagnostics.allSatisfy { $0.location.line > 0 && $0.location.file == "r.yml" })
            }
        }
    }
}
