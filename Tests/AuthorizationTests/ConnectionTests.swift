import Testing
import ZeroTrust

@testable import Authorization

/// Connections that carry no HTTP.
@Suite struct ConnectionTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let rule: String
        let action: String
        /// The rule that decides, by its policy, or nil where none matches.
        let matches: Bool

        init(_ description: String, _ action: String, _ rule: String, matches: Bool) {
            (testDescription, self.action, self.rule, self.matches) = (description, action, rule, matches)
        }
    }

    private static let gateway = "from: [{source: {principals: [cluster.local/ns/ml-api/sa/api-gateway]}}]"
    private static let stranger = "from: [{source: {principals: [cluster.local/ns/ml-api/sa/other]}}]"

    static let rows = [
        Row("a caller", "ALLOW", "{\(gateway)}", matches: true),
        Row("another caller", "ALLOW", "{\(stranger)}", matches: false),
        Row("a caller and a port", "ALLOW", "{\(gateway), to: [{operation: {ports: ['8080']}}]}", matches: true),
        Row(
            "an ALLOW rule that needs HTTP is left out",
            "ALLOW",
            "{to: [{operation: {methods: [GET]}}]}",
            matches: false
        ),
        Row(
            "an ALLOW rule that needs HTTP in one of two operations is left out whole",
            "ALLOW",
            "{to: [{operation: {paths: [/a]}}, {operation: {ports: ['8080']}}]}",
            matches: false
        ),
        Row(
            "an ALLOW rule that needs a token",
            "ALLOW",
            "{from: [{source: {requestPrincipals: ['*']}}]}",
            matches: false
        ),
        Row(
            "an ALLOW rule that excludes a header",
            "ALLOW",
            "{when: [{key: 'request.headers[x]', notValues: [a]}]}",
            matches: false
        ),
        Row("a DENY rule that needs HTTP denies all", "DENY", "{to: [{operation: {methods: [GET]}}]}", matches: true),
        Row(
            "a DENY rule keeps its other fields",
            "DENY",
            "{\(gateway), to: [{operation: {paths: [/a]}}], when: [{key: 'request.headers[x]', values: [a]}]}",
            matches: true
        ),
        Row("a DENY rule on another caller", "DENY", "{\(stranger), to: [{operation: {paths: [/a]}}]}", matches: false),
        Row(
            "a DENY rule on another port",
            "DENY",
            "{to: [{operation: {paths: [/a], ports: ['9090']}}]}",
            matches: false
        ),
        Row(
            "a DENY rule with a token alone denies all",
            "DENY",
            "{from: [{source: {notRequestPrincipals: ['*']}}]}",
            matches: true
        ),
        Row("a server name", "DENY", "{when: [{key: connection.sni, values: [a.example]}]}", matches: true),
        Row("another server name", "DENY", "{when: [{key: connection.sni, notValues: [a.example]}]}", matches: false),
    ]

    @Test(arguments: rows, Compatibility.allCases)
    func `fields that need HTTP refuse more and allow nothing`(_ row: Row, compatibility: Compatibility) throws {
        let others = row.action == "DENY" ? [Fixture.policy("{}", name: "all")] : []
        let text = ([Fixture.policy(row.rule, action: row.action)] + others).joined(separator: "\n---\n")
        let engine = try Fixture.engine(text, compatibility: compatibility)
        let decision = engine.evaluate(
            Attributes(
                connectionOf: Caller(uris: [Fixture.gateway]),
                source: IPAddress(v4: 0x0a00_0007),
                destination: Exchange.Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 8080),
                serverName: "a.example"
            )
        )
        #expect((decision.rule?.policy == "p") == row.matches)
        #expect(decision.outcome == (row.matches == (row.action == "ALLOW") ? .allow : .deny))
    }

    @Test func `a connection is permitted as a request is`() throws {
        let engine = try Fixture.engine(Fixture.policy("{\(Self.gateway)}"))
        let connection = TCPConnection(
            id: RequestID(milliseconds: 1, random: 2),
            source: .init(address: IPAddress(v4: 1), port: 1),
            destination: .init(address: IPAddress(v4: 2), port: 2)
        )
        switch engine.authorize(try Fixture.peer(Fixture.gateway), connection) {
        case .allow(let permit):
            #expect(permit.requestID == connection.id)
            permit.redeem()
        case .deny: Issue.record("the connection was refused")
        case .ask: Issue.record("somebody was to be asked")
        }
        switch engine.authorize(nil, connection) {
        case .deny(let denial): #expect(denial.reason == "no_rule_matched")
        case .allow: Issue.record("a stranger was let in")
        case .ask: Issue.record("somebody was to be asked")
        }
    }
}
