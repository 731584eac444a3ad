import AuditLog
import Testing
import ZeroTrust

@Suite struct `Keys of records` {
    @Test func `a decision is searched by its caller, rule, path and grounds`() throws {
        var record = try Sample.decision(path: "/v1/predict?user=7")
        record.model = "fraud-scorer"
        record.caller?.modelDigest = "sha256:ab"
        record.guardrail = .init(name: "prompts", rule: "injection", field: "messages[0]", range: 3..<9)
        let keys = try #require(RecordKeys(entry: record.encoded()[...]))
        let expected: [RecordField: String] = [
            .kind: "decision", .decision: "allow", .caller: "spiffe://cluster.local/ns/ml-api/sa/api-gateway",
            .model: "fraud-scorer", .digest: "sha256:ab", .rule: "ml-inference/callers:0", .finding: "injection",
            .path: "/v1/predict", .method: "POST", .reason: "rule", .source: "192.0.2.7",
        ]
        for field in RecordField.allCases { #expect(keys[field] == expected[field], "\(field)") }
        #expect(keys.id == record.id && keys.time == record.time && !keys.isCompletion)
    }

    @Test func `a completion adds status, end and finding to its decision`() throws {
        var completion = Sample.completion()
        completion.guardrail = .init(name: "answers", rule: "secrets")
        completion.model = .init(digest: "sha256:cd", signer: "key ab")
        let end = try #require(RecordKeys(entry: completion.encoded()[...]))
        #expect(end.isCompletion)
        let keys = try #require(RecordKeys(entry: Sample.decision().encoded()[...])).completed(by: end)
        #expect(keys[.status] == "200" && keys[.ended] == "complete" && keys[.finding] == "secrets")
        #expect(keys[.served] == "sha256:cd" && keys[.digest] == nil && keys[.model] == nil)
        #expect(keys[.kind] == "decision" && keys[.caller] != nil)
    }

    @Test func `acts and refusals are searched by who, what and where from`() throws {
        let act = try #require(RecordKeys(entry: Sample.act().encoded()[...]))
        #expect(act[.caller] == "spiffe://cluster.local/ns/ml-deploy/sa/releaser" && act[.decision] == "allow")
        #expect(act[.action] == "registry.tag.move" && act[.kind] == "act")
        let refusals = try #require(RecordKeys(entry: Sample.refusals().encoded()[...]))
        #expect(refusals[.source] == "198.51.100.9" && refusals[.decision] == "deny")
        #expect(refusals[.reason] == "no_certificate")
    }

    @Test func `fields keep the numbers that indexes were written with`() {
        #expect(RecordField.allCases.map(\.number) == Array(RecordField.allCases.indices))
        #expect(
            RecordField.allCases.map(\.rawValue) == [
                "kind", "decision", "caller", "model", "digest", "rule", "finding", "path", "method", "status",
                "reason",
                "ended", "action", "source", "served",
            ]
        )
    }

    @Test func `what is no record has no keys, whatever its bytes`() throws {
        for text in ["", "{}", "[]", "{\"kind\":1", "null", "{\"kind\":\"decision\"} x"] {
            #expect(RecordKeys(entry: Array(text.utf8)[...]) == nil, "\(text)")
        }
        var generator = SeededGenerator(state: 11)
        let whole = try Sample.decision().encoded()
        var read = 0
        for _ in 0..<(2_000 * scale) {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = .random(in: .min ... .max, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("{}[]\",:\\u0".utf8).randomElement(using: &generator) ?? 0, at: place)
                }
            }
            if RecordKeys(entry: bytes[...]) != nil { read += 1 }
        }
        #expect(read < 2_000 * scale)
        let deep = Array(repeating: UInt8(ascii: "["), count: 60_000)
        #expect(RecordKeys(entry: (Array("{\"a\":".utf8) + deep)[...]) == nil)
    }
}
