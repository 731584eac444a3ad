import Testing
import ZeroTrust

@testable import Authorization

/// Several lines of one header are read as Envoy 1.40 was seen to read them.
@Suite struct HeaderLinesTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let lines: [String]
        /// Those of ``HeaderLinesTests/values`` that match.
        let matching: Set<String>

        init(_ name: String, _ lines: [String], _ matching: Set<String>) {
            (self.name, self.lines, self.matching) = (name, lines, matching)
        }

        var testDescription: String { "\(name): \(lines)" }
    }

    static let values = ["a", "b", "a,b", "a; b", "a,c", "a,,c", "a*", "b*", "*a", "*b", "a,*", "*"]

    /// What a real Envoy answered: `authorization` is one of the headers that it keeps one value of, `x-team` is not.
    static let rows = [
        Row("x-team", ["a", "b"], ["a", "b", "a*", "b*", "*a", "*b", "*"]),
        Row("x-team", ["b", "a"], ["a", "b", "a*", "b*", "*a", "*b", "*"]),
        Row("x-team", ["a"], ["a", "a*", "*a", "*"]),
        Row("x-team", ["", "a"], ["a", "a*", "*a", "*"]),
        Row("x-team", ["", ""], ["*"]),
        Row("x-team", ["a,b", "c"], ["a,b", "a*", "*b", "a,*", "*"]),
        Row("x-team", [], []),
        Row("authorization", ["a", "b"], ["a,b", "a*", "*b", "a,*", "*"]),
        Row("authorization", ["b", "a"], ["b*", "*a", "*"]),
        Row("authorization", ["a"], ["a", "a*", "*a", "*"]),
        Row("authorization", ["", "a"], ["a", "a*", "*a", "*"]),
        Row("authorization", ["a", ""], ["a", "a*", "*a", "*"]),
        Row("authorization", ["", ""], ["*"]),
        Row("authorization", ["a", "", "c"], ["a,c", "a*", "a,*", "*"]),
        Row("authorization", ["a", "a"], ["a*", "*a", "a,*", "*"]),
        Row("authorization", ["a,b", "c"], ["a*", "a,*", "*"]),
        Row("authorization", [], []),
        // HTTP/2 makes one line of them before anybody looks; of HTTP/1 Envoy looks at each.
        Row("cookie", ["a", "b"], ["a", "b", "a*", "b*", "*a", "*b", "*"]),
    ]

    private static func engine(
        _ name: String,
        _ values: String,
        _ action: String,
        _ compatibility: Compatibility
    ) throws -> PolicyEngine {
        let rule = "{when: [{key: 'request.headers[\(name)]', \(values)}]}"
        let others = action == "DENY" ? [Fixture.policy("{}", name: "others")] : []
        return try Fixture.engine(
            ([Fixture.policy(rule, action: action)] + others).joined(separator: "\n---\n"),
            compatibility: compatibility
        )
    }

    private static func allows(_ row: Row, _ engine: PolicyEngine) throws -> Bool {
        engine.evaluate(try Fixture.attributes(headers: row.lines.map { (row.name, $0) })).outcome == .allow
    }

    @Test(arguments: rows)
    func `under istio, what a rule sees of several lines is what Envoy sees`(_ row: Row) throws {
        for value in Self.values {
            let isMatch = row.matching.contains(value)
            for (field, action, allows) in [
                ("values", "ALLOW", isMatch), ("notValues", "ALLOW", !isMatch), ("values", "DENY", !isMatch),
                ("notValues", "DENY", isMatch),
            ] {
                let engine = try Self.engine(row.name, "\(field): ['\(value)']", action, .istio)
                #expect(try Self.allows(row, engine) == allows, "\(action) \(field) \(value)")
            }
        }
    }

    @Test(arguments: rows)
    func `strict allows nothing of several lines that istio denies`(_ row: Row) throws {
        for value in Self.values {
            for (field, action) in [
                ("values", "ALLOW"), ("notValues", "ALLOW"), ("values", "DENY"), ("notValues", "DENY"),
            ] {
                let strict = try Self.engine(row.name, "\(field): ['\(value)']", action, .strict)
                let istio = try Self.engine(row.name, "\(field): ['\(value)']", action, .istio)
                let isAllowed = try Self.allows(row, strict)
                #expect(try !isAllowed || Self.allows(row, istio), "\(action) \(field) \(value)")
            }
        }
    }

    @Test func `strict takes several lines for what a value with a comma may mean`() throws {
        let lines = Row("x-team", ["a", "b"], [])
        #expect(try !Self.allows(lines, Self.engine("x-team", "values: ['a, b']", "DENY", .strict)))
        #expect(try !Self.allows(lines, Self.engine("x-team", "notValues: ['a, b']", "ALLOW", .strict)))
        #expect(try Self.allows(lines, Self.engine("x-team", "values: [c]", "DENY", .strict)))
        let one = Row("x-team", ["a"], [])
        #expect(try Self.allows(one, Self.engine("x-team", "values: ['a, b']", "DENY", .strict)))
    }

    @Test func `one line of such a header is looked at without an allocation`() throws {
        let engine = try Self.engine("user-agent", "values: ['agent*']", "ALLOW", .istio)
        let attributes = try Fixture.attributes(
            headers: [
                ("x-other", "a header value that is not small"), ("user-agent", "agent with a name that is long"),
            ]
        )
        #expect(engine.evaluate(attributes).outcome == .allow)
        #expect(
            AllocationTests.allocations { for _ in 0..<100 { AllocationTests.use(engine.evaluate(attributes)) } } == 0
        )
    }

    @Test(arguments: [
        (["1.1.1.1", ""], "1.1.1.1"), (["", "1.1.1.1"], "1.1.1.1"), (["1.1.1.1", "2.2.2.2"], "2.2.2.2"),
        (["1.1.1.1,"], "10.0.0.7"), (["1.1.1.1", "", ""], "1.1.1.1"), (["1.1.1.1", "x"], "10.0.0.7"),
        (["", ""], "10.0.0.7"),
    ])
    func `the client's address is the last of the lines together`(_ lines: [String], _ expected: String) throws {
        let source = try #require(IPAddress("10.0.0.7"))
        #expect(Attributes.remoteAddress(forwardedFor: lines, source: source) == IPAddress(expected))
    }
}
