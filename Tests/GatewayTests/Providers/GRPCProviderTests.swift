import Foundation
import SwiftProtobuf
import Testing
import ZeroTrust

@testable import Authorization
@testable import Gateway
@testable import WireProtos

/// CUSTOM policies whose provider speaks gRPC: a server of Python's grpcio, whose messages are Envoy's own.
@Suite(.timeLimit(.minutes(2))) struct GRPCProviderTests {
    private func with(
        _ settings: String = "",
        _ body: (TestGateway, _ upstream: TestUpstream, _ provider: PythonServer) async throws -> Void
    ) async throws {
        guard let python = try await PythonServer.has("envoy.service.auth.v3.external_auth_pb2_grpc") else { return }
        let socket = FileManager.default.temporaryDirectory.path + "/judge-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: socket) }
        let provider = try await PythonServer(python, "ext_authz_server.py", [socket])
        do {
            try await TestGateway.with { gateway, upstream in
                let place = ProviderWorld.indented("unixSocket: \(socket)\n\(settings)")
                try await ProviderWorld.ask(
                    ProviderWorld.providers("- name: judge\n  envoyExtAuthzGrpc:\n\(place)"),
                    at: gateway
                )
                try await body(gateway, upstream, provider)
            }
        } catch {
            await provider.stop()
            throw error
        }
        await provider.stop()
    }

    private static func ask(_ what: String, _ more: String = "", path: String = "/v1/predict") -> String {
        TestGateway.post(path, headers: "X-Ask: \(what)\r\n\(more)")
    }

    @Test func `the provider sees who asks for what, and what it changes is what the upstream sees`() async throws {
        try await with("includeRequestBodyInCheck: { maxRequestBytes: 100 }") { gateway, upstream, _ in
            let client = try await gateway.client()
            let headers = "X-Tenant: red\r\nX-Tenant: blue\r\nX-Session: s\r\nX-Tag: one\r\n"
            let heard = await client.request(Self.ask("allow", headers, path: "/v1/predict?a=1"))
            #expect(heard.statuses == [200] && heard.text.contains("x-told: yes\r\n"))
            #expect(heard.text.contains("Content-Length: 5\r\n") && !heard.text.contains("9999"))
            let request = try #require(upstream.received.value.first)
            #expect(request.values("x-tenant") == ["green"] && request.values("x-session").isEmpty)
            #expect(request.values("x-tag") == ["one", "two"])
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            #expect(request.values("host") == ["inference.example"] && request.values("content-length") == ["2"])
            let seen = try #require(request.values("x-seen").first)
            let parts = try #require(try JSONSerialization.jsonObject(with: Data(seen.utf8)) as? [String: Any])
            #expect(parts["principal"] as? String == "spiffe://cluster.local/ns/ml-api/sa/api-gateway")
            #expect(parts["method"] as? String == "POST" && parts["path"] as? String == "/v1/predict?a=1")
            #expect(parts["host"] as? String == "inference.example" && parts["source"] as? String == "127.0.0.1")
            #expect(parts["tenant"] as? String == "red,blue" && parts["timed"] as? Bool == true)
            #expect(parts["body"] as? String == "{}" && parts["raw"] as? String == "" && parts["size"] as? Int == 2)
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(record["decision.provider.answer"] == "allow" && record["decision.outcome"] == "allow")
            await client.close()
        }
    }

    @Test func `a body goes as bytes where that is asked for`() async throws {
        try await with(
            "includeRequestBodyInCheck: { maxRequestBytes: 1, allowPartialMessage: true, packAsBytes: true }"
        ) {
            gateway,
            upstream,
            _ in
            let client = try await gateway.client()
            #expect(await client.request(Self.ask("allow")).statuses == [200])
            let seen = try #require(upstream.received.value.first?.values("x-seen").first)
            #expect(seen.contains(#""body": """#) && seen.contains(#""raw": "{""#))
            #expect(upstream.received.value.first?.body == "{}")
            await client.close()
        }
    }

    @Test func `a refusal is told as the provider says it, and nothing more`() async throws {
        try await with { gateway, upstream, _ in
            let client = try await gateway.client()
            let heard = await client.request(Self.ask("deny"))
            await client.wait(for: "slow down")
            #expect(heard.statuses == [429] && heard.text.contains("retry-after: 7\r\n"))
            #expect(client.heard.value.text.contains("content-length: 9\r\n") && !heard.text.contains("connection: x"))
            #expect(await client.request(Self.ask("deny plainly"), responses: 2).statuses == [429, 403])
            #expect(await client.request(Self.ask("whatever else"), responses: 3).statuses == [429, 403, 403])
            #expect(await client.request(Self.ask("plain"), responses: 4).statuses == [429, 403, 403, 200])
            #expect(upstream.received.value.count == 1)
            let records = await gateway.log.records("decision", count: 4)
            #expect(
                records.map { $0["decision.reason"] } == [
                    "denied_by_provider", "denied_by_provider", "denied_by_provider", "allowed_by_rule",
                ]
            )
            await client.close()
        }
    }

    @Test func `whatever a provider sets, the upstream reads the caller and the framing from us`() async throws {
        try await with { gateway, upstream, _ in
            let client = try await gateway.client()
            #expect(await client.request(Self.ask("identity", "X-Tenant: blue\r\n")).statuses == [200])
            let request = try #require(upstream.received.value.first)
            #expect(!request.head.contains("evil") && !request.head.contains("6.6.6.6") && request.body == "{}")
            #expect(request.values("content-length") == ["2"] && request.values("transfer-encoding").isEmpty)
            #expect(request.values("x-tenant") == ["blue"] && request.values("upgrade").isEmpty)
            #expect(request.values("x-lapwing-spiffe-id") == ["spiffe://cluster.local/ns/ml-api/sa/api-gateway"])
            await client.close()
        }
    }

    @Test func `an answer that is none refuses the request, with its reason in the record`() async throws {
        let cases = [
            ("pseudo", "provider_answer_invalid"), ("smuggle", "provider_answer_invalid"),
            ("smuggle a name", "provider_answer_invalid"), ("smuggle a response", "provider_answer_invalid"),
            ("say nothing", "provider_answer_invalid"), ("contradict", "provider_answer_invalid"),
            ("query", "provider_answer_invalid"), ("flood", "provider_answer_invalid"),
            ("huge", "provider_answer_too_large"), ("throw", "provider_error"), ("abort", "provider_error"),
        ]
        try await with("statusOnError: \"503\"") { gateway, upstream, _ in
            let client = try await gateway.client()
            for (index, (what, reason)) in cases.enumerated() {
                let heard = await client.request(Self.ask(what), responses: index + 1)
                #expect(heard.statuses.last == 503, "\(what)")
                let records = await gateway.log.records("decision", count: index + 1)
                #expect(records.last?["decision.reason"] == reason, "\(what)")
            }
            #expect(upstream.received.value.isEmpty)
            // None of it has cost the connection to the provider.
            let heard = await client.request(Self.ask("plain"), responses: cases.count + 1)
            #expect(heard.statuses.last == 200)
            await client.close()
        }
    }

    @Test func `a provider that takes its time, and one that dies, give no answer`() async throws {
        try await with("timeout: 300ms") { gateway, upstream, provider in
            let client = try await gateway.client()
            #expect(await client.request(Self.ask("sleep")).statuses == [403])
            #expect(await client.request(Self.ask("die"), responses: 2).statuses == [403, 403])
            await provider.waitUntilEnded()
            #expect(await client.request(Self.ask("plain"), responses: 3).statuses == [403, 403, 403])
            #expect(upstream.received.value.isEmpty)
            let reasons = await gateway.log.records("decision", count: 3).map { $0["decision.reason"] }
            #expect(reasons == ["provider_timed_out", "provider_unreachable", "provider_unreachable"])
            await client.close()
        }
    }

    // MARK: Bytes

    @Test func `no bytes allow a request but those of an answer that says OK`() throws {
        var allowed = 0
        var random = Random(seed: 20)
        var ok = ExtAuthz_CheckResponse()
        ok.status.code = 0
        var option = ExtAuthz_HeaderValueOption()
        option.header.key = "x-tag"
        option.header.value = "value"
        ok.okResponse.headers = [option, option]
        let seed: [UInt8] = try ok.serializedBytes()
        let rounds = 2_000 * max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
        for _ in 0..<rounds {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                case 1: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<8, using: &random)))
                default: bytes.insert(.random(in: 0...255, using: &random), at: bytes.count / 2)
                }
            }
            guard let response = try? ExtAuthz_CheckResponse(serializedBytes: bytes) else { continue }
            guard case .allow(let changes) = CheckMessage.verdict(response) else { continue }
            allowed += 1
            #expect(response.hasStatus && response.status.code == 0)
            for header in changes.setHeaders + changes.addedHeaders where HeaderField.isSound(header) {
                #expect(!header.value.utf8.contains(13) && !header.value.utf8.contains(10))
            }
        }
        #expect(allowed > 0)
    }
}
