import AuditLog
import Testing
import ZeroTrust

@Suite struct `Queries` {
    private static let now = Timestamp(nanoseconds: 1_795_300_900_000_000_000)

    private static func keys() throws -> RecordKeys {
        let decision = try #require(RecordKeys(entry: Sample.decision().encoded()[...]))
        let completion = try #require(RecordKeys(entry: Sample.completion().encoded()[...]))
        return decision.completed(by: completion)
    }

    @Test(
        arguments: [
            ("", true), ("decision=allow", true), ("decision=deny", false), ("kind=decision", true),
            ("kind=act", false),
            ("caller=spiffe://cluster.local/ns/ml-api/sa/api-gateway", true), ("caller=*/ns/ml-api/*", true),
            ("caller=spiffe://cluster.local/ns/ml-api/sa/api", false), ("caller=*", true), ("model=*", false),
            ("status=200", true), ("status=2xx", true), ("status=5xx status=2XX", true), ("status=404", false),
            ("rule=ml-inference/callers", true), ("rule=callers", true), ("rule=ml-inference/callers:0", true),
            ("rule=ml-inference/callers:1", false), ("rule=call", false), ("path=/v1/*", true), ("path=/v2/*", false),
            ("path=*predict", true), ("path=/v1*x*", false), ("ended=complete decision=allow", true),
            ("ended=client_left decision=allow", false), ("since=10m", true), ("since=10s", false),
            ("since=2026-11-21", true), ("until=2026-11-21", false), ("since=2026-11-21T22:40:01Z until=now", true),
            ("since=2026-11-21T22:40:01.000000043Z", false),
        ]
    )
    func `a term holds or does not`(_ terms: String, matches: Bool) throws {
        let query = try RecordQuery(terms: terms.split(separator: " ").map(String.init), now: Self.now)
        #expect(try query.matches(Self.keys()) == matches)
    }

    @Test(
        arguments: [
            ("decision", "expected FIELD=VALUE"),
            ("colour=red", "there is no field `colour`; the fields are kind, decision"),
            ("decision=maybe", "expected one of allow, deny, failed"), ("ended=well", "client_left"),
            ("since=yesterday", "how long ago"), ("until=2026-13-01", "is no time"), ("since=-2h", "is no time"),
            ("status=20", "expected `403` or `5xx`"), ("status=2x3", "is no status"), ("caller=", "expected a value"),
            ("since=9999999999999999999d", "is no time"),
        ]
    )
    func `a mistake is named, and what was expected`(_ term: String, message: String) {
        let error = #expect(throws: AuditLogError.self) { try RecordQuery(terms: [term], now: Self.now) }
        #expect(error?.code == .malformed && error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `a search that ends before it begins is refused`() {
        #expect(throws: AuditLogError.self) { try RecordQuery(terms: ["since=1h", "until=2h"], now: Self.now) }
        #expect(throws: AuditLogError.self) {
            try RecordQuery(terms: Array(repeating: "path=/", count: 65), now: Self.now)
        }
    }

    @Test func `patterns match as their definition says`() {
        func slow(_ pattern: Substring, _ value: Substring) -> Bool {
            guard let first = pattern.first else { return value.isEmpty }
            if first == "*" {
                return slow(pattern.dropFirst(), value) || !value.isEmpty && slow(pattern, value.dropFirst())
            }
            return first == value.first && slow(pattern.dropFirst(), value.dropFirst())
        }
        var generator = SeededGenerator(state: 3)
        func text(_ alphabet: String) -> String {
            String(
                (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? "a"
                }
            )
        }
        for _ in 0..<(4_000 * scale) {
            let (pattern, value) = (text("ab*"), text("ab"))
            #expect(RecordPattern(pattern).matches(value) == slow(pattern[...], value[...]), "\(pattern) \(value)")
        }
        // What would take a backtracking matcher for ever.
        let hostile = String(repeating: "a*", count: 1_000)
        #expect(!RecordPattern(hostile + "b").matches(String(repeating: "a", count: 4_000)))
    }
}
