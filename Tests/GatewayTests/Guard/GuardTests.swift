import Foundation
import Guardrails
import NIOCore
import Resources
import Testing

@testable import Gateway

/// A route with a guardrail: what is judged, what goes on, what the client and the record are told.
@Suite(.timeLimit(.minutes(2))) struct GuardTests {
    static func guardrail(_ spec: String) throws -> Guardrail {
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: Guardrail
            metadata: { name: rules }
            spec:
            \(spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
            """
        return try #require(try Guardrail.load(ResourceLoader.parse(yaml: text, file: "g.yaml")).first)
    }

    /// Runs a test with a guardrail on every route.
    static func with(
        _ spec: String,
        limits: GatewayLimits = GatewayLimits(),
        log: FakeLog = FakeLog(),
        respond: @escaping @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = { _, responder in
            responder.write(TestUpstream.ok)
        },
        _ body: (TestGateway, TestUpstream) async throws -> Void
    ) async throws {
        let guardrail = try guardrail(spec)
        try await TestGateway.with(
            respond,
            log: log,
            limits: limits,
            configure: {
                $0.guardrails = [guardrail]
                for place in $0.routes.indices { $0.routes[place].guardrail = "rules" }
            },
            body
        )
    }

    private static let json = "Content-Type: application/json\r\n"

    @Test func `what was judged goes on, byte for byte, under its own length`() async throws {
        try await Self.with("dialect: json") { gateway, upstream in
            let client = try await gateway.client()
            let body = "{ \"a\" : [1, 2],\r\n\"b\":\"\\u00e9\" }"
            #expect(await client.request(TestGateway.post("/v1/predict", body, headers: Self.json)).statuses == [200])
            let chunks = body.utf8.map { "1\r\n\(Character(Unicode.Scalar($0)))\r\n" }.joined() + "0\r\n\r\n"
            let chunked =
                "POST /v1/predict HTTP/1.1\r\nHost: h\r\n\(Self.json)Transfer-Encoding: chunked\r\n\r\n\(chunks)"
            #expect(await client.request(chunked, responses: 2).statuses == [200, 200])
            let received = upstream.received.value
            #expect(received.map(\.body) == [body, body])
            for request in received {
                #expect(request.values("content-length") == ["\(body.utf8.count)"])
                #expect(request.values("transfer-encoding").isEmpty)
                #expect(request.values("content-type") == ["application/json"])
            }
            let records = await gateway.log.records("decision", count: 2)
            #expect(records.map { $0["decision.outcome"] } == ["allow", "allow"])
            #expect(records.map { $0["decision.guardrail.name"] } == ["rules", "rules"])
            #expect(records.allSatisfy { $0["decision.guardrail.rule"] == nil })
            #expect(gateway.server.guardedBytes == 0)
            await client.close()
        }
    }

    @Test func `a refusal is told in the dialect's form and recorded without its text`() async throws {
        try await Self.with("dialect: openai\nmodels: { allow: [small] }") { gateway, upstream in
            let client = try await gateway.client()
            let body = #"{"model":"the-secret-model","messages":[{"role":"user","content":"the-secret-text"}]}"#
            let heard = await client.request(TestGateway.post("/v1/predict", body, headers: Self.json))
            #expect(heard.statuses == [404], "the path is none of OpenAI's")
            await client.close()
            #expect(upstream.received.value.isEmpty)
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["decision.outcome"] == "deny")
            #expect(record["decision.reason"] == "guard_unknown_endpoint")
        }
        try await Self.with("dialect: openai-chat\nmodels: { allow: [small] }") { gateway, upstream in
            let client = try await gateway.client()
            let body = #"{"model":"the-secret-model","messages":[{"role":"user","content":"the-secret-text"}]}"#
            let heard = await client.request(TestGateway.post("/v1/predict", body, headers: Self.json))
            #expect(heard.statuses == [403])
            #expect(heard.text.contains(#""type":"permission_error","param":"model","code":"model_not_allowed""#))
            // The connection is as good as it was.
            let next = #"{"model":"small","messages":[{"role":"user","content":"hi"}]}"#
            #expect(
                await client.request(TestGateway.post("/v1/predict", next, headers: Self.json), responses: 2).statuses
                    == [403, 200]
            )
            #expect(upstream.received.value.count == 1)
            let records = await gateway.log.records("decision", count: 2)
            #expect(records[0]["decision.guardrail.rule"] == "model_not_allowed")
            #expect(records[0]["decision.guardrail.field"] == "model")
            #expect(records[0]["decision.guardrail.start"] == "9")
            #expect(records[0]["decision.guardrail.end"] == "27")
            #expect(!records[0].text.contains("secret"))
            let completions = await gateway.log.records("completion", count: 2)
            #expect(completions.map { $0["ended"] } == ["refused", "complete"])
            await client.close()
        }
    }

    @Test(arguments: [
        ("dialect: json", "Content-Type: text/plain\r\n", "{}", 400, "guard_content_type"),
        ("dialect: json", "", "{}", 400, "guard_content_type"),
        (
            "dialect: json", "Content-Type: application/json\r\ncontent_type: text/html\r\n", "{}", 400,
            "guard_content_type"
        ),
        ("dialect: json", json + "Content-Encoding: gzip\r\n", "{}", 400, "guard_content_encoding"),
        ("dialect: json", json + "Content_Encoding: gzip\r\n", "{}", 400, "guard_content_encoding"),
        ("dialect: json", json, "{\"a\":1,\"a\":2}", 400, "guard_json_duplicate_key"),
        ("dialect: json", json, "{\"a\":", 400, "guard_json_truncated"),
        ("dialect: json\nbody: { maximum: 4 }", json, "[1,2,3]", 413, "guard_body_too_large"),
        ("dialect: json\nschema: { request: { type: object } }", json, "[1]", 422, "guard_schema_violation"),
        ("dialect: json\nmethods: [PUT]", json, "{}", 405, "guard_method_not_allowed"),
    ])
    func `a body that breaks a rule goes nowhere`(
        _ spec: String,
        _ headers: String,
        _ body: String,
        _ status: Int,
        _ reason: String
    ) async throws {
        try await Self.with(spec) { gateway, upstream in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post("/v1/predict", body, headers: headers)).statuses == [status])
            #expect(upstream.received.value.isEmpty)
            #expect(await gateway.log.records("decision", count: 1).first?["decision.reason"] == reason)
            #expect(gateway.server.guardedBytes == 0)
            await client.close()
        }
    }

    @Test func `policy is asked first, and its refusal says nothing of the body`() async throws {
        try await Self.with("dialect: json") { gateway, upstream in
            let client = try await gateway.client("/ns/ml-api/sa/other")
            #expect(
                await client.request(TestGateway.post("/v1/predict", "broken", headers: Self.json)).statuses == [403]
            )
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["decision.guardrail.name"] == nil)
            #expect(upstream.received.value.isEmpty)
            await client.close()
        }
    }

    @Test func `a client that waits for 100 Continue is told to go on, and then judged`() async throws {
        try await Self.with("dialect: json") { gateway, upstream in
            let client = try await gateway.client()
            client.send(
                "POST /v1/predict HTTP/1.1\r\nHost: h\r\n\(Self.json)Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            await client.wait(for: "100 Continue")
            client.send("{}")
            #expect(await client.wait(for: "hello").statuses == [100, 200])
            #expect(upstream.received.value.first?.values("expect").isEmpty == true)
            await client.close()
        }
        try await Self.with("dialect: json\nbody: { maximum: 10 }") { gateway, _ in
            let client = try await gateway.client()
            let head =
                "POST /v1/predict HTTP/1.1\r\nHost: h\r\n\(Self.json)Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"
            #expect(await client.request(head).statuses == [413], "nothing is asked for that would be refused")
            await client.close()
        }
    }

    @Test func `a chunked body is refused as soon as it is too large`() async throws {
        try await Self.with("dialect: json\nbody: { maximum: 100 }") { gateway, upstream in
            let client = try await gateway.client()
            client.send("POST /v1/predict HTTP/1.1\r\nHost: h\r\n\(Self.json)Transfer-Encoding: chunked\r\n\r\n")
            client.send("60\r\n" + String(repeating: " ", count: 96) + "\r\n")
            client.send("60\r\n" + String(repeating: " ", count: 96) + "\r\n")
            #expect(await client.wait(for: "body_too_large").statuses == [413])
            #expect(upstream.received.value.isEmpty)
            await client.close()
        }
    }

    @Test func `bodies for which there is no room are refused, and the room comes back`() async throws {
        let limits = GatewayLimits(guardedBytes: 1000)
        try await Self.with("dialect: json", limits: limits) { gateway, _ in
            let first = try await gateway.client()
            first.send(
                "POST /v1/predict HTTP/1.1\r\nHost: h\r\n\(Self.json)Content-Length: 900\r\n\r\n"
                    + String(repeating: " ", count: 800)
            )
            while gateway.server.guardedBytes < 800 { try await Task.sleep(for: .milliseconds(2)) }
            let second = try await gateway.client()
            let body = "[" + String(repeating: " ", count: 300) + "]"
            let heard = await second.request(TestGateway.post("/v1/predict", body, headers: Self.json))
            #expect(heard.statuses == [503])
            #expect(heard.text.contains("retry-after: 1"))
            first.send(String(repeating: " ", count: 98) + "[]")
            #expect(await first.wait(for: "hello").statuses == [200])
            #expect(gateway.server.guardedBytes == 0)
            let third = try await gateway.client()
            #expect(await third.request(TestGateway.post("/v1/predict", body, headers: Self.json)).statuses == [200])
            // A client that leaves gives back what it held.
            let fourth = try await gateway.client()
            fourth.send(
                "POST /v1/predict HTTP/1.1\r\nHost: h\r\n\(Self.json)Content-Length: 900\r\n\r\n"
                    + String(repeating: " ", count: 800)
            )
            while gateway.server.guardedBytes < 800 { try await Task.sleep(for: .milliseconds(2)) }
            await fourth.close()
            while gateway.server.guardedBytes > 0 { try await Task.sleep(for: .milliseconds(2)) }
            let records = await gateway.log.records("decision", count: 4)
            #expect(records.last?["decision.outcome"] == "deny")
            for client in [first, second, third] { await client.close() }
        }
    }

    @Test func `a body that is kept for its answer beside what goes on counts twice`() async throws {
        let limits = GatewayLimits(guardedBytes: 1000)
        func answers(_ spec: String, bodyOf count: Int) async throws -> [Int] {
            var statuses: [Int] = []
            let respond: @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = {
                $1.write(Self.json(#"{"label":1}"#))
            }
            try await Self.with(spec, limits: limits, respond: respond) { gateway, _ in
                let client = try await gateway.client()
                let body = "[" + String(repeating: " ", count: count - 2) + "]"
                statuses = await client.request(TestGateway.post("/v1/predict", body, headers: Self.json)).statuses
                await client.close()
                while gateway.server.guardedBytes > 0 { try await Task.sleep(for: .milliseconds(2)) }
            }
            return statuses
        }
        #expect(try await answers("dialect: json", bodyOf: 600) == [200])
        #expect(try await answers(Self.answers, bodyOf: 400) == [200])
        #expect(try await answers(Self.answers, bodyOf: 600) == [503])
    }

    @Test func `what is known of a prompt is recorded, and nothing of a body without one`() async throws {
        try await Self.with("dialect: openai-chat") { gateway, _ in
            let client = try await gateway.client()
            let body = #"{"model":"m","messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}"#
            client.send(TestGateway.post("/v1/predict", body, headers: Self.json))
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(
                record["prompt.fingerprint"] == "0000000000000002" && record["prompt.template"] == "0000000000000007",
                "\(record.text)"
            )
            await client.close()
        }
        try await Self.with("dialect: json") { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/predict", #"{"a":1}"#, headers: Self.json))
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["prompt.fingerprint"] == nil && record["kind"] == "decision")
            await client.close()
        }
    }

    @Test func `a caller who has used up its share is told when to come back`() async throws {
        let spec = """
            dialect: openai-chat
            limits:
              - { per: [identity], requests: { count: 2, period: 1h } }
            """
        try await Self.with(spec) { gateway, upstream in
            let client = try await gateway.client()
            let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
            for count in 1...2 {
                #expect(
                    await client.request(TestGateway.post("/v1/predict", body, headers: Self.json), responses: count)
                        .statuses.last == 200
                )
            }
            let heard = await client.request(TestGateway.post("/v1/predict", body, headers: Self.json), responses: 3)
            #expect(heard.statuses == [200, 200, 429])
            #expect(heard.text.contains("retry-after: 1800") || heard.text.contains("retry-after: 1799"))
            #expect(heard.text.contains("rate_limit_error"))
            #expect(upstream.received.value.count == 2)
            await client.close()
        }
    }

    @Test func `requests at the same time are counted until their answers are out`() async throws {
        let held = Observed<[TestUpstream.Responder]>([])
        let spec = "dialect: json\nlimits: [{ per: [identity], concurrent: 1 }]"
        try await Self.with(spec, respond: { _, responder in held.update { $0.append(responder) } }) { gateway, _ in
            let (first, second) = (try await gateway.client(), try await gateway.client())
            let request = TestGateway.post("/v1/predict", "{}", headers: Self.json)
            first.send(request)
            let responders = await held.wait { !$0.isEmpty }
            #expect(await second.request(request).statuses == [429])
            responders[0].write(TestUpstream.ok)
            #expect(await first.wait(for: "hello").statuses == [200])
            second.send(request)
            _ = await held.wait { $0.count == 2 }
            held.value[1].write(TestUpstream.ok)
            #expect(await second.wait(for: "hello").statuses == [429, 200])
            for client in [first, second] { await client.close() }
        }
    }

    @Test func `nothing goes upstream before its record where the route says so`() async throws {
        let log = FakeLog(.held)
        try await Self.with("dialect: json", log: log) { gateway, upstream in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/first", "{}", headers: Self.json))
            _ = await log.records("decision", count: 1)
            try await Task.sleep(for: .milliseconds(50))
            #expect(upstream.received.value.isEmpty)
            log.release()
            #expect(await client.wait(for: "hello").statuses == [200])
            await client.close()
        }
    }

    @Test func `a request over HTTP/2 is judged alike`() async throws {
        try await Self.with("dialect: json\nbody: { maximum: 100 }") { gateway, upstream in
            let connection = try await FrameClient.connect(to: gateway)
            let headers = Frames.request(with: [("content-type", "application/json")])
            connection.send(
                Frames.headers(1, headers, ends: false) + Frames.data(1, "{\"a\"", ends: false)
                    + Frames.data(1, ":1}", ends: true)
            )
            #expect(await connection.response(1).status == 200)
            connection.send(Frames.headers(3, headers, ends: false) + Frames.data(3, "{\"a\":1,\"a\":2}", ends: true))
            let refused = await connection.response(3)
            #expect(refused.status == 400 && refused.body.contains("json_duplicate_key"))
            connection.send(
                Frames.headers(5, headers, ends: false) + Frames.data(5, String(repeating: " ", count: 101), ends: true)
            )
            #expect(await connection.response(5).status == 413)
            #expect(upstream.received.value.map(\.body) == ["{\"a\":1}"])
            #expect(upstream.received.value.first?.values("content-length") == ["7"])
            await connection.close()
        }
    }

    // MARK: Answers

    private static func json(_ body: String, _ more: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: x\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static let answers = "dialect: json\nschema: { response: { type: object, required: [label] } }"

    @Test(arguments: [
        (json(#"{"label":"billing"}"#), 200, "complete", String?.none),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\n{\"lab\r\n6\r\nel\":1}\r\n0\r\n\r\n", 200, "complete", nil
        ),
        (json(#"{"secret":"value"}"#), 502, "answer_refused", "answer_schema_violation"),
        (json(#"{"label":"#), 502, "answer_refused", "answer_json_truncated"),
        (json(#"{"label":1,"label":2}"#), 502, "answer_refused", "answer_json_duplicate_key"),
        (json("{}", "Content-Encoding: gzip\r\n"), 502, "answer_refused", "answer_content_encoding"),
        (
            "HTTP/1.1 206 Part\r\nContent-Type: application/json\r\nContent-Range: bytes 0-11/20\r\n"
                + "Content-Length: 11\r\n\r\n{\"label\":1}", 502, "answer_refused", "answer_partial"
        ),
        (TestUpstream.ok, 502, "answer_refused", "answer_content_type"),
        ("HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops", 500, "complete", nil),
        ("HTTP/1.1 204 None\r\n\r\n", 204, "complete", nil),
    ])
    func `an answer is held against its schema`(
        _ answer: String,
        _ status: Int,
        _ ending: String,
        _ rule: String?
    ) async throws {
        try await Self.with(Self.answers, respond: { _, responder in responder.write(answer) }) { gateway, upstream in
            let client = try await gateway.client()
            let headers = Self.json + "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\nIf_Range: x\r\n"
            client.send(TestGateway.post("/v1/predict", "{}", headers: headers))
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            let heard = await client.heard.wait { $0.statuses.count == 1 && $0.text.contains("\r\n\r\n") }
            #expect(heard.statuses == [status])
            #expect(completion["ended"] == ending)
            #expect(completion["guardrail.rule"] == rule)
            #expect(!heard.text.contains("secret"))
            for name in ["accept-encoding", "range", "if_range"] {
                #expect(upstream.received.value.first?.values(name).isEmpty == true)
            }
            if rule == nil, status == 200 {
                #expect(heard.text.contains("label") && heard.text.hasSuffix("0\r\n\r\n"))
                #expect(!heard.text.lowercased().contains("etag"))
            }
            // The connection serves the next request.
            client.send(TestGateway.post("/v1/predict", "broken", headers: Self.json))
            #expect(await client.heard.wait { $0.isClosed || $0.statuses.count == 2 }.statuses == [status, 400])
            await client.close()
        }
    }

    @Test func `the record of a refused answer has none of the answer's names`() async throws {
        let answer = Self.json(#"{"jane@example.com":{"choices":1}}"#)
        let rules =
            "dialect: json\nschema: { response: { type: object, additionalProperties: { properties: { choices: { type: string } } } } }"
        try await Self.with(rules, respond: { _, responder in responder.write(answer) }) { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/predict", "{}", headers: Self.json))
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "answer_refused")
            #expect(completion["guardrail.field"] == "$.*.choices")
            let heard = await client.heard.wait { $0.statuses.count == 1 && $0.text.contains("\r\n\r\n") }
            #expect(!heard.text.contains("jane"))
            await client.close()
        }
    }

    /// Lets letters through, and ends the answer at a digit.
    private final class Digits: AnswerFilter {
        func feed(_ bytes: [UInt8]) -> AnswerPiece {
            guard let place = bytes.firstIndex(where: { (0x30...0x39).contains($0) }) else { return .bytes(bytes) }
            return .refused(
                Array(bytes[..<place]) + Array("[cut]".utf8),
                DialectRefusal(rule: "digit", range: place..<place + 1, message: "a digit stands in the answer")
            )
        }

        func finish() -> AnswerPiece { .bytes(Array("!".utf8)) }
    }

    @Test func `an answer that is refused on its way is brought to its end`() throws {
        func outcome(_ pieces: [String], ends: Bool = true) throws -> (sent: String, rule: String?, content: Int) {
            let passage = try AnswerPassage(Digits(), .chunked)
            var (sent, rule, content) = ("", String?.none, 0)
            func take(_ outcome: AnswerPassage.Outcome) {
                sent += String(buffer: outcome.bytes)
                rule = rule ?? outcome.refusal?.rule
                content += outcome.content
            }
            for piece in ["HEAD "] + pieces { take(passage.take(ByteBuffer(string: piece))) }
            if ends { take(passage.finish()) }
            return (sent, rule, content)
        }
        #expect(
            try outcome(["3\r\nabc\r\n", "2\r\nde\r\n0\r\n\r\n"]) == (
                "HEAD 3\r\nabc\r\n2\r\nde\r\n1\r\n!\r\n0\r\n\r\n", nil, 6
            )
        )
        #expect(try outcome(["3\r\nab", "c\r\n0\r\n\r\n"], ends: false) == ("HEAD 2\r\nab\r\n1\r\nc\r\n", nil, 3))
        #expect(try outcome([], ends: false) == ("", nil, 0), "the head waits")
        #expect(try outcome(["5\r\nab1cd\r\n", "2\r\nef\r\n"]) == ("HEAD 7\r\nab[cut]\r\n0\r\n\r\n", "digit", 7))
    }

    /// Keeps everything back until the end.
    private final class Keeper: AnswerFilter {
        private var held: [UInt8] = []
        func feed(_ bytes: [UInt8]) -> AnswerPiece {
            held += bytes
            return .bytes([])
        }
        func finish() -> AnswerPiece { .bytes(held) }
    }

    @Test func `what is kept of answers has its bounds`() throws {
        let budget = GuardBudget()
        do {
            let first = try AnswerPassage(Keeper(), .chunked, budget: budget, limit: 10)
            let second = try AnswerPassage(Keeper(), .chunked, budget: budget, limit: 10)
            for passage in [first, second] { _ = passage.take(ByteBuffer(string: "HEAD ")) }
            #expect(first.take(ByteBuffer(string: "6\r\nabcdef\r\n")).refusal == nil)
            #expect(budget.bytes == 6)
            #expect(second.take(ByteBuffer(string: "6\r\nabcdef\r\n")).refusal?.rule == "guard_overloaded")
            #expect(first.take(ByteBuffer(string: "4\r\nghij\r\n0\r\n\r\n")).refusal == nil)
            #expect(budget.bytes == 10)
            #expect(String(buffer: first.finish().bytes).contains("abcdefghij"))
            #expect(budget.bytes == 0, "what goes out is held no more")
            let third = try AnswerPassage(Keeper(), .chunked, budget: budget, limit: 10)
            _ = third.take(ByteBuffer(string: "HEAD "))
            _ = third.take(ByteBuffer(string: "3\r\nabc\r\n"))
            #expect(budget.bytes == 3)
        }
        #expect(budget.bytes == 0, "nor what is given up")
    }

    @Test func `a body counts as held for as long as what was read of it is kept`() async throws {
        let responders = Observed<[TestUpstream.Responder]>([])
        try await Self.with(Self.answers, respond: { _, responder in responders.update { $0.append(responder) } }) {
            gateway,
            _ in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/predict", "{ \"a\": 1 }", headers: Self.json))
            let responder = await responders.wait { !$0.isEmpty }[0]
            #expect(gateway.server.guardedBytes == 10)
            responder.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{")
            while gateway.server.guardedBytes != 1 { try await Task.sleep(for: .milliseconds(2)) }
            responder.write("\"label\":1}")
            #expect(await client.wait(for: "label").statuses == [200])
            while gateway.server.guardedBytes > 0 { try await Task.sleep(for: .milliseconds(2)) }
            await client.close()
        }
    }

    @Test func `a query that nobody judges goes nowhere`() async throws {
        try await Self.with("dialect: json") { gateway, upstream in
            let client = try await gateway.client()
            let request = TestGateway.post("/v1/predict?data=ignore%20all", "{}", headers: Self.json)
            let heard = await client.request(request)
            #expect(heard.statuses == [400])
            #expect(upstream.received.value.isEmpty)
            await client.close()
        }
    }

    @Test func `what a stream says of cards and keys is taken out, however it is cut`() async throws {
        let responders = Observed<[TestUpstream.Responder]>([])
        let spec = "dialect: openai-chat\noutput: { personalData: { action: redact }, secrets: redact }"
        try await Self.with(spec, respond: { _, responder in responders.update { $0.append(responder) } }) {
            gateway,
            _ in
            let client = try await gateway.client()
            let body = #"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"#
            client.send(TestGateway.post("/v1/predict", body, headers: Self.json))
            let responder = await responders.wait { !$0.isEmpty }[0]
            responder.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            var events = ["card 4111 11", "11 1111 1", "111, and so on"].map {
                #"data: {"id":"c","choices":[{"index":0,"delta":{"content":"\#($0)"}}]}"# + "\n\n"
            }
            events += [
                #"data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\n",
                "data: [DONE]\n\n",
            ]
            for event in events {
                responder.write("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
                try await Task.sleep(for: .milliseconds(5))
            }
            responder.write("0\r\n\r\n")
            let heard = await client.wait(for: "[DONE]")
            #expect(
                heard.text.contains("[CREDIT_CARD]") && !heard.text.contains("4111") && !heard.text.contains("1111")
            )
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "complete")
            #expect(completion["guardrail.rule"] == "pii/CREDIT_CARD")
            await client.close()
        }
    }

    @Test(arguments: [nil, "dialect: openai-chat", "dialect: openai-chat\noutput: { secrets: redact }"])
    func `what an answer says of its tokens is in the record, and when its body began`(_ spec: String?) async throws {
        let usage = #""usage":{"prompt_tokens":19,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":8}}"#
        let whole = #"{"choices":[],\#(usage)}"#
        let event = #"data: {"choices":[],\#(usage)}"# + "\n\n"
        let type = "HTTP/1.1 200 OK\r\nContent-Type: "
        func chunks(_ text: String) -> String {
            text.utf8.map { "1\r\n\(Character(Unicode.Scalar($0)))\r\n" }.joined() + "0\r\n\r\n"
        }
        // Without a guardrail it is the path that says how an answer is read.
        let path = spec == nil ? "/v1/chat/completions" : "/v1/predict"
        let guardrail = try spec.map(Self.guardrail)
        let answers = [
            type + "application/json\r\nContent-Length: \(whole.utf8.count)\r\n\r\n" + whole,
            type + "text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(event),
            type + "text/event-stream\r\nConnection: close\r\n\r\n" + event,
        ]
        for answer in answers {
            try await TestGateway.with(
                { _, responder in
                    responder.write(answer)
                    if answer.contains("Connection: close") { responder.close() }
                },
                policy: TestGateway.policy(#"{ methods: ["POST"], paths: ["\#(path)"] }"#),
                configure: {
                    guard let guardrail else { return }
                    $0.guardrails = [guardrail]
                    for place in $0.routes.indices { $0.routes[place].guardrail = "rules" }
                }
            ) { gateway, _ in
                let client = try await gateway.client()
                let body = #"{"model":"small","messages":[{"role":"user","content":"hi"}]}"#
                let heard = await client.request(TestGateway.post(path, body, headers: Self.json))
                #expect(heard.statuses == [200])
                if spec?.contains("output") != true, !answer.contains("close") {
                    #expect(
                        heard.text.hasSuffix(
                            answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
                        )
                    )
                }
                let completion = try #require(await gateway.log.records("completion", count: 1).first)
                #expect(completion["usage.input"] == "19" && completion["usage.output"] == "10", "\(completion.text)")
                #expect(completion["usage.cached"] == "8" && completion["usage.reasoning"] == nil)
                let head = Int(completion["timings.upstream_head_ns"] ?? "") ?? .max
                let first = Int(completion["timings.upstream_body_ns"] ?? "") ?? -1
                #expect(first >= head && first <= Int(completion["timings.total_ns"] ?? "") ?? 0, "\(completion.text)")
                await client.close()
            }
        }
    }

    @Test func `a route names a guardrail that is there, and lets nothing become a tunnel`() throws {
        func load(_ route: String) throws -> [GatewayConfiguration] {
            try GatewayConfiguration.load(
                ResourceLoader.parse(
                    yaml: """
                        apiVersion: lapwing.dev/v1alpha1
                        kind: Gateway
                        metadata: { name: g }
                        spec:
                          listeners: [{ name: mtls, address: 127.0.0.1, port: 1 }]
                          upstreams: [{ name: u, unixSocket: /run/u.sock }]
                          routes:
                            - { name: r, upstream: u, \(route) }
                        ---
                        apiVersion: lapwing.dev/v1alpha1
                        kind: Guardrail
                        metadata: { name: chat }
                        spec: { dialect: openai }
                        """,
                    file: "c.yaml"
                )
            )
        }
        #expect(try load("guardrail: chat").first?.guardrails.map(\.name) == ["chat"])
        #expect(try load("record: first").first?.guardrails.isEmpty == true)
        for (route, message) in [
            ("guardrail: chta", "c.yaml:8:42: error: there is no Guardrail `chta`; did you mean `chat`?"),
            ("guardrail: none", "c.yaml:8:42: error: there is no Guardrail `none`; expected one of `chat`"),
            ("guardrail: chat, upgrade: [websocket]", "c.yaml:8:42: error: what goes through a tunnel is not judged"),
            (
                "guardrail: chat, hosts: [h], upgrade: [connect]",
                "c.yaml:8:42: error: what goes through a tunnel is not judged"
            ),
        ] {
            do {
                _ = try load(route)
                Issue.record("was read")
            } catch let error as ResourceError {
                #expect(error.description.hasPrefix(message), "\(error)")
            }
        }
    }
}
