import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite struct `Record encoding` {
    @Test func `a decision is written in the canonical form`() throws {
        let text = String(decoding: try Sample.decision().encoded(), as: UTF8.self)
        #expect(
            text == #"{"caller":{"serial":"0a1b2c","spiffe_id":"spiffe://cluster.local/ns/ml-api/sa/api-gateway","#
                + #""svid_sha256":"\#(String(repeating: "ab", count: 32))"},"decision":{"compatibility":"strict","#
                + #""dry_run":"deny","latency_ns":812,"outcome":"allow","policy":{"file":"policy.yaml","line":12,"#
                + #""name":"callers","namespace":"ml-inference","rule":0},"reason":"rule","#
                + #""snapshot":"\#(String(repeating: "0f", count: 32))"},"#
                + #""id":"01a20044-39e8-7000-8000-000000000001","kind":"decision","node":"node-1","#
                + #""request":{"authority":"inference.example:8443","#
                + #""destination":{"address":"2001:db8::1","port":8443},"method":"POST","path":"/v1/predict"},"#
                + #""route":"predict","source":{"address":"192.0.2.7","port":40112},"#
                + #""time":"2026-11-21T22:40:01.000000042Z","#
                + #""tls":{"cipher":"TLS_AES_128_GCM_SHA256","server_name":"inference.example","version":"TLSv1.3"},"#
                + #""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","v":1}"#
        )
    }

    @Test func `what a caller's records have in common may be encoded before`() throws {
        var record = try Sample.decision()
        let caller = try #require(record.caller)
        let tls = try #require(record.tls)
        let fragments = try #require(
            RecordFragments(caller: caller, destination: record.request.destination, tls: tls)
        )
        #expect(record.encoded(with: fragments) == record.encoded())
        // A record that has to be cut says so in either way.
        record.request.path = "/" + String(repeating: "\u{1}", count: 5_000)
        record.node = String(repeating: "n", count: 500)
        #expect(record.encoded(with: fragments) == record.encoded())
        let long = DecisionRecord.TLS(version: tls.version, cipher: String(repeating: "c", count: 500))
        #expect(RecordFragments(caller: caller, destination: record.request.destination, tls: long) == nil)
    }

    @Test func `every kind of record is read back as it was written`() throws {
        var bare = try Sample.decision()
        (bare.caller, bare.tls, bare.policy, bare.dryRun, bare.route, bare.traceparent) = (nil, nil, nil, nil, nil, nil)
        bare.outcome = .deny
        var unanswered = Sample.completion()
        (unanswered.status, unanswered.upstream) = (nil, nil)
        (unanswered.timings, unanswered.ending) = (.init(total: 1), .clientLeft)
        var others = Sample.refusals()
        others.source = nil
        var bareAct = Sample.act()
        (bareAct.before, bareAct.after, bareAct.reason, bareAct.outcome) = (nil, nil, nil, .failed)
        var asked = try Sample.decision()
        asked.provider = .init(name: "opa", answer: .failedOpen, latency: 77)
        asked.guardrail = .init(name: "chat", rule: "invalid_field", field: "messages[0]", range: 3..<9)
        asked.guardrail?.action = "flag"
        asked.prompt = .init(fingerprint: .max, template: 1, temperature: -5, wantsLogProbabilities: true, tokens: 9)
        asked.guardrail?.basis = "0123456789abcdef"
        asked.guardrail?.findings = [
            .init(
                rule: "injection/classifier",
                channel: "tool-result",
                field: "messages[0]",
                range: 3..<9,
                score: -12,
                threshold: nil
            ),
            .init(rule: "injection/x", channel: "user", field: "", range: 0..<0, score: 1200, threshold: -3),
            .init(rule: "pii/CREDIT_CARD", channel: "assistant", field: "$.choices[0]", range: 1..<20),
        ]
        unanswered.guardrail = .init(name: "chat")
        var metered = Sample.completion()
        metered.usage = TokenUsage(input: 42, output: 7, cached: 30, reasoning: 5)
        metered.timings.upstreamBody = 5_050_000
        var embedded = Sample.completion()
        embedded.usage = TokenUsage(input: 3)
        metered.model = .init(digest: "sha256:ab", signer: "signer \"é\"", refusal: "withdrawn")
        embedded.model = .init(refusal: "no_proof")
        asked.token = RecordedToken(
            issuer: "https://issuer.example",
            subject: "alice \"é\"",
            claims: [
                "groups": .list(["a", "b\n"]), "team": .text("blue"), "empty": .list([]),
                "realm": .members(["roles": .list(["x"]), "deeper": .members(["é": .text("1"), "z": .text("2")])]),
            ]
        )
        let headers = [Exchange.Header(name: "x-tenant", value: "blue \"é\"\u{1}\u{7f}\\")]
        let records: [AuditRecord] = [
            .decision(try Sample.decision(headers: headers)), .decision(bare), .decision(asked),
            .completion(Sample.completion()),
            .completion(unanswered), .completion(metered), .completion(embedded), .refusals(Sample.refusals()),
            .refusals(others), .act(Sample.act()), .act(bareAct),
        ]
        for record in records {
            let read = try AuditRecord(entry: record.encoded())
            #expect(read == record)
            #expect(read.id == record.id)
        }
        for record in [metered, embedded] { try expectCanonical(record.encoded()) }
    }

    @Test func `what a token says is written in the canonical form, as far as there is room`() throws {
        var record = try Sample.decision()
        record.token = RecordedToken(
            issuer: "i",
            subject: "s",
            claims: ["b": .list(["2", "1"]), "a": .members(["y": .text("1"), "x": .list([])])]
        )
        record.provider = .init(name: "opa", answer: .deny, latency: 5)
        let text = String(decoding: record.encoded(), as: UTF8.self)
        #expect(text.contains(#""token":{"claims":{"a":{"x":[],"y":"1"},"b":["2","1"]},"issuer":"i","subject":"s"}"#))
        #expect(text.contains(#""provider":{"answer":"deny","latency_ns":5,"name":"opa"},"reason""#))
        try expectCanonical(record.encoded())
        // A claim that does not fit is left out whole, and said to be.
        record.token?.claims = ["a": .text("1"), "b": .text(String(repeating: "x", count: 2000))]
        #expect(String(decoding: record.encoded(), as: UTF8.self).contains(#"{"claims":{"a":"1"},"claims_omitted":1,"#))
        let hostile = String(repeating: "\u{1}\"", count: 3000)
        record.token = RecordedToken(
            issuer: hostile,
            subject: hostile,
            claims: [hostile: .text("1"), "a": .list([hostile])]
        )
        let entry = record.encoded()
        #expect(entry.count <= RecordEncoding.maximumLength)
        try expectCanonical(entry)
        _ = try AuditRecord(entry: entry)
    }

    static let hostilePaths = [
        #"/","id":"01a20196-0000-7000-8000-000000000666","x":""#,
        "/\u{0}\u{1}\u{8}\t\n\u{c}\r\u{1f}\u{7f}\u{80}\u{2028}\u{fffd}\u{1f600}",
        String(repeating: "/\u{1}", count: 4000), String(repeating: "/é", count: 9000),
        String(repeating: "\u{1f600}", count: 3000), String(repeating: "\\\"", count: 5000), "",
    ]

    @Test(arguments: hostilePaths)
    func `whatever the client sends, the record is canonical, short and says what was cut`(path: String) throws {
        let header = Exchange.Header(name: "x-note", value: String(path.prefix(300)))
        let record = try Sample.decision(path: path, headers: Array(repeating: header, count: 9))
        let entry = record.encoded()
        #expect(entry.count <= RecordEncoding.maximumLength)
        try expectCanonical(entry)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(entry)) as? [String: Any])
        let request = try #require(object["request"] as? [String: Any])
        let written = try #require(request["path"] as? String)
        #expect(path.unicodeScalars.starts(with: written.unicodeScalars))
        let cut = (object["truncated"] as? [String: Any])?["request.path"] as? [String: Any]
        #expect((cut == nil) == (written.unicodeScalars.elementsEqual(path.unicodeScalars)))
        if let cut { #expect(cut["bytes"] as? Int == path.utf8.count) }
        #expect(try AuditRecord(entry: entry).id == record.id)
    }

    @Test func `texts of every field at their longest still fit`() throws {
        let long = String(repeating: "x\u{1}\"", count: 2000)
        var record = try Sample.decision(path: long)
        let path = String(repeating: "/" + String(repeating: "a", count: 19), count: 101)
        let id = try SPIFFEID("spiffe://d" + path)
        record.caller = .init(
            spiffeID: id,
            serialNumber: long,
            fingerprint: long,
            modelDigest: long,
            modelSigner: long
        )
        record.node = long
        record.tls = .init(version: long, cipher: long, serverName: long)
        record.request.authority = long
        record.request.method = long
        record.reason = long
        record.policy = .init(namespace: long, name: long, rule: -1, file: long, line: .max)
        record.snapshot = long
        record.compatibility = long
        record.route = long
        record.traceparent = long
        record.model = long
        record.audited = record.policy
        record.provider = .init(name: long, answer: .failedOpen, latency: .max)
        record.latency = .max
        record.prompt = .init(
            fingerprint: .max,
            template: .max,
            temperature: Int(Int32.min),
            wantsLogProbabilities: true,
            tokens: .max
        )
        record.guardrail = Self.hostileGuardrail(long)
        record.token = RecordedToken(issuer: long, subject: long, claims: [long: .text(long), "a": .list([long])])
        let entry = record.encoded()
        #expect(entry.count <= RecordEncoding.maximumLength, "\(entry.count) bytes")
        try expectCanonical(entry)
        guard case .decision(let read) = try AuditRecord(entry: entry) else {
            Issue.record("another kind")
            return
        }
        #expect(read.caller?.spiffeID == id)
        #expect(String(decoding: entry, as: UTF8.self).contains(#""left_out":["decision.audited","prompt"],"others":"#))
        var completion = Sample.completion()
        completion.upstream = long
        completion.node = long
        completion.guardrail = Self.hostileGuardrail(long)
        completion.model = .init(digest: long, signer: long, refusal: long)
        completion.usage = TokenUsage(input: .max, output: .max, cached: .max, reasoning: .max)
        completion.timings = .init(requestReceived: .max, upstreamHead: .max, upstreamBody: .max, total: .max)
        #expect(try AuditRecord(entry: completion.encoded()).id == completion.id)
        #expect(completion.encoded().count <= RecordEncoding.maximumLength)
        try expectCanonical(completion.encoded())
        var act = Sample.act()
        (act.actor, act.action, act.subject, act.node) = (id.description, long, long, long)
        (act.before, act.after, act.reason) = (long, long, long)
        #expect(act.encoded().count <= RecordEncoding.maximumLength)
        try expectCanonical(act.encoded())
    }

    private static func hostileGuardrail(_ text: String) -> DecisionRecord.Guardrail {
        var guardrail = DecisionRecord.Guardrail(name: text, rule: text, field: text, range: 0 ..< .max)
        (guardrail.action, guardrail.basis) = (text, text)
        guardrail.findings = Array(
            repeating: .init(
                rule: text,
                channel: text,
                field: text,
                range: 0 ..< .max,
                score: Int(Int32.min),
                threshold: Int(Int32.min)
            ),
            count: 100
        )
        return guardrail
    }

    @Test func `texts of a kind that stand in a record more than once are each said to be cut`() throws {
        var record = try Sample.decision()
        let long = String(repeating: "a", count: 300)
        record.guardrail = Self.hostileGuardrail("rule")
        for place in 0..<3 { record.guardrail?.findings[place].field = "\(place)" + long }
        record.policy = .init(namespace: "ns", name: "p", rule: 1, file: long, line: 1)
        record.audited = .init(namespace: "ns", name: "a", rule: 1, file: long + "a", line: 1)
        let entry = record.encoded()
        try expectCanonical(entry)
        guard case .decision(let read) = try AuditRecord(entry: entry) else { throw CancellationError() }
        #expect(read.audited?.name == "a" && read.guardrail?.findings.count == 4)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(entry)) as? [String: Any])
        let cut = try #require(object["truncated"] as? [String: Any])
        #expect(
            Set(cut.keys) == [
                "decision.audited.file", "decision.policy.file", "guardrail.findings[0].field",
                "guardrail.findings[1].field", "guardrail.findings[2].field",
            ]
        )
    }

    @Test(arguments: ["authorization", "cookie", "x-api-key"])
    func `a credential's value is never written`(name: String) throws {
        let headers = [Exchange.Header(name: name, value: "secret-value-1234"), .init(name: "x-tenant", value: "blue")]
        let text = String(decoding: try Sample.decision(headers: headers).encoded(), as: UTF8.self)
        #expect(!text.contains("secret"))
        #expect(text.contains(#"{"bytes":17,"name":"\#(name)","redacted":true},{"name":"x-tenant","value":"blue"}"#))
    }

    @Test func `headers beyond their room are counted`() throws {
        let headers = (0..<50).map { Exchange.Header(name: "x-\($0)", value: String(repeating: "v", count: 80)) }
        let entry = try Sample.decision(headers: headers).encoded()
        #expect(String(decoding: entry, as: UTF8.self).contains(#""headers_omitted":"#))
        #expect(entry.count < 2048)
    }

    @Test(arguments: [
        "", "{}", "null", "[1]", #"{"kind":"decision","v":1}"#, #"{"kind":"other","v":1}"#,
        #"{"kind":"completion","v":2}"#, "\u{feff}{}", String(repeating: "[", count: 60_000),
    ])
    func `what is not a record is refused`(text: String) {
        #expect(throws: AuditLogError.self) { try AuditRecord(entry: Array(text.utf8)) }
    }

    @Test func `damaged records are read or refused, never worse`() throws {
        var generator = SeededGenerator(state: 1)
        let entry = try Sample.decision().encoded()
        for _ in 0..<(300 * scale) {
            var damaged = entry
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = damaged.indices.randomElement(using: &generator) ?? 0
                damaged[index] = UInt8.random(in: .min ... .max, using: &generator)
            }
            _ = try? AuditRecord(entry: damaged)
        }
    }

    /// Checks against Foundation: the same members in order of their names, no white space.
    private func expectCanonical(_ entry: [UInt8]) throws {
        let object = try JSONSerialization.jsonObject(with: Data(entry))
        let again = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        #expect(Array(again) == entry)
    }
}
