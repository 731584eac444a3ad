import Authorization
import Crypto
import Foundation
import Resources
import Testing

@testable import Gateway

/// A `RequestAuthentication` at the gateway: what is verified, what is refused, and what goes upstream.
@Suite(.timeLimit(.minutes(1))) struct TokenTests {
    private static let issuer = "https://issuer.example"
    private let key = P256.Signing.PrivateKey()

    private func token(
        subject: String = "alice",
        expires: TimeInterval = 300,
        signedBy other: P256.Signing.PrivateKey? = nil
    )
        throws -> String
    {
        let header = Self.base64(Data(#"{"alg":"ES256","kid":"k"}"#.utf8))
        let expiry = Int(Date().timeIntervalSince1970 + expires)
        let payload = Self.base64(
            Data(#"{"iss":"\#(Self.issuer)","sub":"\#(subject)","exp":\#(expiry),"team":"blue"}"#.utf8)
        )
        let signature = try (other ?? key).signature(for: Data("\(header).\(payload)".utf8)).rawRepresentation
        return "\(header).\(payload).\(Self.base64(signature))"
    }

    private static func base64(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private var policy: String {
        let point = key.publicKey.rawRepresentation
        let (x, y) = (Self.base64(point.prefix(32)), Self.base64(point.suffix(32)))
        return """
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: { name: tokens, namespace: ml-inference }
            spec:
              jwtRules:
                - issuer: "\(Self.issuer)"
                  jwks: '{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"\(x)","y":"\(y)"}]}'
                  outputClaimToHeaders: [{ header: x-team, claim: team }]
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: inference, namespace: ml-inference }
            spec:
              action: ALLOW
              rules:
                - from:
                    - source: { principals: ["cluster.local/ns/ml-api/sa/api-gateway"] }
                  when:
                    - { key: "request.auth.claims[sub]", values: ["alice"] }
            """
    }

    private func with(_ body: (TestGateway, TestUpstream, TestClient) async throws -> Void) async throws {
        let snapshot = try TestGateway.snapshot(policy)
        try await TestGateway.with { gateway, upstream in
            try await gateway.replace(policy: snapshot)
            let client = try await gateway.client()
            try await body(gateway, upstream, client)
            await client.close()
        }
    }

    @Test func `a caller whose token says the right thing is let through, and the token stays here`() async throws {
        try await with { gateway, upstream, client in
            let headers = "Authorization: Bearer \(try token())\r\nX-Team: red\r\nX-Other: kept\r\n"
            #expect(await client.request(TestGateway.post(headers: headers)).statuses == [200])
            let request = try #require(upstream.received.value.first)
            #expect(request.values("authorization").isEmpty)
            #expect(request.values("x-team") == ["blue"], "what a client says of a verified claim does not count")
            #expect(request.values("x-other") == ["kept"])
            let record = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(!record.text.contains("eyJ"))
        }
    }

    @Test func `the record tells issuer and subject, and of the claims those that policies look at`() async throws {
        let byTeam = policy.replacing(
            #"{ key: "request.auth.claims[sub]", values: ["alice"] }"#,
            with: #"{ key: "request.auth.claims[team]", values: ["blue"] }"#
        )
        let cases: [(policy: String, team: String?)] = [(policy, nil), (byTeam, "blue")]
        for (policy, team) in cases {
            let snapshot = try TestGateway.snapshot(policy)
            try await TestGateway.with { gateway, _ in
                try await gateway.replace(policy: snapshot)
                let client = try await gateway.client()
                let token = try token()
                #expect(
                    await client.request(TestGateway.post(headers: "Authorization: Bearer \(token)\r\n")).statuses == [
                        200
                    ]
                )
                let record = try #require(await gateway.log.records("decision", count: 1).first)
                #expect(record["token.issuer"] == Self.issuer && record["token.subject"] == "alice")
                #expect(record["token.claims.team"] == team && record["token.claims.exp"] == nil)
                #expect(!record.text.contains("eyJ") && record.text.contains("blue") == (team != nil))
                await client.close()
            }
        }
    }

    @Test func `until an issuer's keys are there its tokens are refused, and requests without one are not`()
        async throws
    {
        let store = TokenKeyStore()
        let url = "https://issuer.example/jwks"
        let fetched = policy.replacing(/jwks: '.*'/, with: "jwksUri: \(url)")
        let snapshot = try TestGateway.snapshot(fetched, keys: store)
        try await TestGateway.with(configure: { $0.admin = .init(port: 0) }) { gateway, _ in
            try await gateway.replace(policy: snapshot)
            let client = try await gateway.client()
            let headers = "Authorization: Bearer \(try token())\r\n"
            #expect(await client.request(TestGateway.post(headers: headers)).statuses == [401])
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [401, 403])
            let point = key.publicKey.rawRepresentation
            let (x, y) = (Self.base64(point.prefix(32)), Self.base64(point.suffix(32)))
            let json = #"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"\#(x)","y":"\#(y)"}]}"#
            let keys = try TokenKeySet(
                json: Array(json.utf8),
                at: Resources.SourceLocation(file: "keys", line: 1, column: 1)
            )
            store.noteFailure("down", at: url)
            store.replace(keysAt: url, with: keys, until: Date() + 60)
            #expect(await client.request(TestGateway.post(headers: headers), responses: 3).statuses.last == 200)
            let reasons = await gateway.log.records("decision", count: 3).map { $0["decision.reason"] }
            #expect(reasons == ["token_keys_unavailable", "no_rule_matched", "allowed_by_rule"])
            let metrics = try await TestGateway.admin(gateway, "/metrics").text
            #expect(metrics.contains("lapwing_token_key_fetches_total{url=\"\(url)\",result=\"failed\"} 1\n"))
            #expect(metrics.contains("lapwing_token_key_fetches_total{url=\"\(url)\",result=\"ok\"} 1\n"))
            await client.close()
        }
    }

    @Test(arguments: ["x-team", "X-Team", "x_team"])
    func `what a client writes into a verified claim's header is believed by nobody`(name: String) async throws {
        let byHeader = policy.replacing(
            #"{ key: "request.auth.claims[sub]", values: ["alice"] }"#,
            with: #"{ key: "request.headers[x-team]", values: ["blue"] }"#
        )
        let snapshot = try TestGateway.snapshot(byHeader)
        try await TestGateway.with { gateway, upstream in
            try await gateway.replace(policy: snapshot)
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post(headers: "\(name): blue\r\n")).statuses == [403])
            let headers = "\(name): red\r\nAuthorization: Bearer \(try token())\r\n"
            #expect(await client.request(TestGateway.post(headers: headers), responses: 2).statuses == [403, 200])
            let request = try #require(upstream.received.value.first)
            #expect(request.values("x-team") == ["blue"] && request.values("x_team").isEmpty)
            await client.close()
        }
    }

    @Test func `a token in the query is verified, taken out, and never recorded`() async throws {
        try await with { gateway, upstream, client in
            let path = "/v1/predict?a=1&access_token=\(try token())&b=2"
            #expect(await client.request(TestGateway.post(path)).statuses == [200])
            #expect(upstream.received.value.first?.head.hasPrefix("POST /v1/predict?a=1&b=2 HTTP/1.1\r\n") == true)
            let refused = "/v1/predict?access_token=\(try token(expires: -300))"
            #expect(await client.request(TestGateway.post(refused), responses: 2).statuses == [200, 401])
            let bad = "POST \(refused) HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n"
            client.send(bad)
            _ = await client.end()
            let records = await gateway.log.records("decision", count: 3)
            #expect(records.count == 3 && records.allSatisfy { !$0.text.contains("eyJ") })
            #expect(records[0]["request.path"] == "/v1/predict?a=1&b=2")
        }
    }

    @Test func `without a token nothing is proved, and what needs one is denied`() async throws {
        try await with { gateway, upstream, client in
            #expect(await client.request(TestGateway.post()).statuses == [403])
            let other = try token(subject: "mallory")
            let headers = "Authorization: Bearer \(other)\r\n"
            #expect(await client.request(TestGateway.post(headers: headers), responses: 2).statuses == [403, 403])
            #expect(upstream.received.value.isEmpty)
            let records = await gateway.log.records("decision", count: 2)
            #expect(records.map { $0["decision.reason"] } == ["no_rule_matched", "no_rule_matched"])
        }
    }

    @Test(arguments: ["expired", "forged", "garbage"])
    func `a token that is not valid is 401, with the reason in the record alone`(kind: String) async throws {
        try await with { gateway, upstream, client in
            let (text, reason) =
                switch kind {
                case "expired": (try token(expires: -300), "token_expired")
                case "forged": (try token(signedBy: P256.Signing.PrivateKey()), "token_signature_invalid")
                default: ("a.b", "token_malformed")
                }
            let heard = await client.request(TestGateway.post(headers: "Authorization: Bearer \(text)\r\n"))
            #expect(heard.statuses == [401])
            #expect(heard.text.lowercased().contains("www-authenticate: bearer error=\"invalid_token\""))
            #expect(!heard.text.contains(reason))
            #expect(upstream.received.value.isEmpty)
            #expect(await gateway.log.records("decision", count: 1).first?["decision.reason"] == reason)
        }
    }

    @Test(arguments: [(Compatibility.strict, 401), (.istio, 200)])
    func `a CORS preflight with a bad token is a request without one under istio alone`(
        _ compatibility: Compatibility,
        _ status: Int
    ) async throws {
        let open = policy.components(separatedBy: "      when:")[0]
        let snapshot = try TestGateway.snapshot(open, compatibility: compatibility)
        try await TestGateway.with { gateway, upstream in
            try await gateway.replace(policy: snapshot)
            let client = try await gateway.client()
            let asks = "Origin: https://o\r\nAccess-Control-Request-Method: POST\r\nAuthorization: Bearer a.b\r\n"
            let preflight = "OPTIONS /v1/predict HTTP/1.1\r\nHost: inference.example\r\n\(asks)\r\n"
            #expect(await client.request(preflight).statuses == [status])
            let plain = TestGateway.post(headers: asks)
            #expect(await client.request(plain, responses: 2).statuses == [status, 401])
            #expect(upstream.received.value.count == (status == 200 ? 1 : 0))
            await client.close()
        }
    }
}
