import AuditLog
import Foundation
import Testing
import ZeroTrust

/// Explanations, replays and policies from the node's own log.
@Suite(.timeLimit(.minutes(5))) struct RecordedPolicyTests {
    private let directory: TemporaryDirectory
    private var config: String { directory.path + "/c" }
    private var settings: [String] { ["--config", config, "--state", directory.path + "/state"] }
    private static let refused = RequestID(milliseconds: 1, random: 1)

    init() throws {
        directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: "test")
        let writer = try LogWriter(directory: directory.path + "/state/audit", origin: "test", signer: authority)
        let refusals = AggregateRefusalRecord(
            id: Self.refused,
            second: Timestamp(nanoseconds: 0),
            node: "node",
            source: IPAddress(v4: 0x0a00_0001),
            reason: "expired",
            count: 7
        )
        var entries = [refusals.encoded()]
        for number in 0..<300 {
            let isAllowed = !number.isMultiple(of: 3)
            entries.append(
                try Self.decision(
                    number,
                    method: isAllowed ? "POST" : "GET",
                    outcome: isAllowed ? .allow : .deny,
                    reason: isAllowed ? "allowed_by_rule" : "no_rule_matched"
                ).encoded()
            )
        }
        entries.append(try Self.decision(900, method: "POST", outcome: .deny, reason: "fragment_in_target").encoded())
        for entry in entries { writer.append(entry) { _ in } }
        writer.close()
    }

    private static func id(_ number: Int) -> RequestID { RequestID(milliseconds: UInt64(1000 + number), random: 2) }

    private static func decision(
        _ number: Int,
        method: String,
        outcome: DecisionRecord.Outcome,
        reason: String
    ) throws -> DecisionRecord {
        DecisionRecord(
            id: id(number),
            time: Timestamp(nanoseconds: Int64(number)),
            node: "node",
            caller: .init(
                spiffeID: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway"),
                serialNumber: "1",
                fingerprint: "ab"
            ),
            source: .init(address: IPAddress(v4: 0x0a00_0001), port: UInt16(2000 + number)),
            tls: nil,
            request: .init(
                method: method,
                path: "/v1/predict?\(number)",
                authority: "inference.example",
                destination: .init(address: IPAddress(v4: 0x7f00_0001), port: 8443)
            ),
            outcome: outcome,
            reason: reason,
            policy: nil,
            snapshot: "00",
            compatibility: "strict",
            latency: 1,
            route: nil
        )
    }

    private func run(_ words: String...) throws -> Program.Result {
        try Program.run(["policy"] + words.prefix(1) + settings + words.dropFirst())
    }

    @Test func `a recorded request is explained by its id`() throws {
        let denied = try run("explain", "\(Self.id(3))")
        #expect(denied.status == 1, "\(denied.errors)")
        #expect(denied.output.contains("expected `POST`, got `GET`"))
        #expect(denied.output.contains("smallest edit: add `GET` to to[0].operation.methods"))
        #expect(try run("explain", "\(Self.id(1))").status == 0)
        let malformed = try run("explain", "\(Self.id(900))")
        #expect(malformed.status == 1 && malformed.errors.contains("leave the fragment out"), "\(malformed.errors)")
        #expect(try run("explain", "\(Self.id(5000))").status == 1)
    }

    @Test func `of several gateways the one that listens where the request came is asked`() throws {
        let file = config + "/gateway.yaml"
        let first = try String(contentsOfFile: file, encoding: .utf8)
        let second = first.replacing("name: inference\n", with: "name: other\n").replacing(
            "ml-inference",
            with: "elsewhere"
        )
        .replacing("port: 8443", with: "port: 8444").replacing("port: 9443", with: "port: 9444")
        try second.write(toFile: config + "/other.yaml", atomically: true, encoding: .utf8)
        let denied = try run("explain", "\(Self.id(3))")
        #expect(denied.status == 1 && denied.output.contains("expected `POST`, got `GET`"), "\(denied.errors)")
        let asked = try run("explain", "\(Self.id(1))", "--gateway", "other")
        #expect(asked.status == 1 && !asked.output.isEmpty, "\(asked.errors)")
        let hypothetical = try run("explain", "GET", "https://inference/")
        #expect(
            hypothetical.status == 2
                && hypothetical.errors.contains(
                    "there are several gateways; choose one with --gateway: inference, other"
                )
        )
        // Where the port says nothing, nobody guesses.
        try second.replacing("port: 8444", with: "port: 8443").replacing(
            "127.0.0.1, port: 8443",
            with: "127.0.0.2, port: 8443"
        )
        .write(toFile: config + "/other.yaml", atomically: true, encoding: .utf8)
        let either = try run("explain", "\(Self.id(3))")
        #expect(either.status == 2 && either.errors.contains("there are several gateways"), "\(either.errors)")
    }

    @Test func `a refusal before an identity was known says what to mend`() throws {
        let table = try run("explain", "\(Self.refused)")
        #expect(table.status == 1, "\(table.errors)")
        #expect(table.output.contains("expired × 7 from 10.0.0.1"))
        #expect(table.output.contains("what to mend: let the caller fetch a new SVID"))
        let json = try run("explain", "\(Self.refused)", "-o", "json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["format"] as? String == "lapwing-refusal-explanation/1")
        #expect(object?["reason"] as? String == "expired" && object?["count"] as? Int == 7)
    }

    @Test func `the log is replayed and learnt from`() throws {
        let same = try run("replay", "--new", config, "--fail-on-change")
        #expect(same.status == 0, "\(same.output)\(same.errors)")
        // What policies were not asked about is left out, and queries make no difference here.
        #expect(same.output.contains("300 requests, 2 different: 0 would be decided otherwise"), "\(same.output)")
        let newest = try run("replay", "--new", config, "--last", "11")
        #expect(newest.output.contains("10 requests, 2 different"), "\(newest.output)")
        let generated = try run("generate")
        #expect(generated.status == 0, "\(generated.errors)")
        #expect(generated.output.contains("# 200 requests"))
        #expect(generated.output.contains(#"methods: ["POST"]"#) && !generated.output.contains("GET"))
    }
}
