import Authorization
import Testing

@testable import Gateway

/// Every trick of the list is played raw, by a caller that may do everything, to a server that believes everything:
/// nothing of it arrives, and what comes next is read as what it is.
@Suite(.timeLimit(.minutes(2))) struct SmugglingTests {
    /// Policy is not what stops them.
    static let policy = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: everything, namespace: ml-inference }
        spec: { action: ALLOW, rules: [{}] }
        """

    /// Over mutual TLS, and over plaintext, where whatever listens between can add its own.
    @Test(arguments: [MutualTLSMode.strict, .permissive, .disable])
    func `no trick has anything forwarded, or has the next request read wrongly`(mode: MutualTLSMode) async throws {
        let upstream = try await RawUpstream.start()
        let gateway = try await TestGateway.start(
            upstream: nil,
            transport: upstream.transport,
            policy: Self.policy + TestGateway.mode(mode)
        )
        var passed = 0
        for item in SmugglingCase.all {
            let before = upstream.requests.count
            switch item.message {
            case .http1(let text):
                let client = try await Self.client(gateway, mode)
                let heard = await client.request(text)
                // Where it is spoken, the beginning of HTTP/2 is that, and what follows breaks it.
                let isHTTP2 = mode != .strict && text.hasPrefix("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                let isRefused =
                    isHTTP2
                    ? heard.statuses.isEmpty && heard.isClosed
                    : heard.statuses.count == 1 && heard.statuses[0] >= 400
                        && heard.text.contains("connection: close\r\n")
                #expect(isRefused, "\(item.trick): \(heard)")
                await client.close()
            case .http2(let frames):
                let client =
                    try await mode == .strict
                    ? FrameClient.connect(to: gateway) : FrameClient.connectPlaintext(to: gateway)
                client.send(frames)
                // Malformed requests end their stream, and broken frames the connection.
                let heard = await client.heard.wait { $0.isClosed || $0.responses[1]?.isOver == true }
                #expect(heard.responses[1]?.status.map { $0 >= 400 } ?? true, "\(item.trick): \(heard)")
                await client.close()
            }
            let wholeRequests = upstream.requests.count - before
            let next = try await Self.control(gateway, passed, mode)
            #expect(next, "\(item.trick): the next request was answered with something else")
            let isClean = wholeRequests == 0 && upstream.requests.count == before + 1
            #expect(isClean, "\(item.trick): \(upstream.requests.dropFirst(before))")
            if next, isClean { passed += 1 }
        }
        print("suite: \(mode.rawValue): \(passed) tricks refused, \(SmugglingCase.all.count - passed) not")
        #expect(SmugglingCase.all.count >= 60)
        #expect(Set(SmugglingCase.all.map { "\($0)" }).count == SmugglingCase.all.count)
        await gateway.stop()
        await upstream.stop()
    }

    private static func client(_ gateway: TestGateway, _ mode: MutualTLSMode) async throws -> TestClient {
        try await mode == .strict ? gateway.client() : gateway.plainClient()
    }

    /// A request in good faith, whose answer says what the upstream took it for.
    private static func control(
        _ gateway: TestGateway,
        _ number: Int,
        _ mode: MutualTLSMode = .strict
    ) async throws -> Bool {
        let client = try await client(gateway, mode)
        let heard = await client.request("GET /v1/control/\(number) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let isRight = await client.end().text.hasSuffix("\r\n\r\n/v1/control/\(number)") && heard.statuses == [200]
        await client.close()
        return isRight
    }

    /// What is legal and often read wrongly: it goes on once, as one request, and the next one is answered rightly.
    static let harmless: [(trick: String, message: String, paths: [String])] = [
        (
            "a request in a body",
            SmugglingCase.post("Content-Length: \(SmugglingCase.hidden.utf8.count)", then: SmugglingCase.hidden),
            ["/v1/predict"]
        ),
        (
            "a request in a chunk",
            SmugglingCase.chunked("\(SmugglingCase.hiddenHex)\r\n\(SmugglingCase.hidden)\r\n0\r\n\r\n"), ["/v1/predict"]
        ),
        (
            "a body behind GET",
            "GET /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(SmugglingCase.hidden.utf8.count)\r\n\r\n"
                + SmugglingCase.hidden, ["/v1/predict"]
        ),
        (
            "a body behind HEAD", "HEAD /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
            ["/v1/predict"]
        ),
        (
            "extensions and trailers", SmugglingCase.chunked("5;a=\"b;c\"\r\nhello\r\n0;x\r\nX: a\r\n\r\n"),
            ["/v1/predict"]
        ),
        (
            "two requests at once",
            SmugglingCase.post("Content-Length: 0") + "GET /v1/second HTTP/1.1\r\nHost: a\r\n\r\n",
            ["/v1/predict", "/v1/second"]
        ),
        ("a target with its own host", "GET https://a/v1/predict HTTP/1.1\r\nHost: a\r\n\r\n", ["/v1/predict"]),
        (
            "a method in a header", SmugglingCase.post("X-HTTP-Method-Override: DELETE", "Content-Length: 0"),
            ["/v1/predict"]
        ),
    ]

    @Test func `what is legal goes on as what it is`() async throws {
        try await TestGateway.with({ request, responder in
            let path = request.head.split(separator: " ")[1]
            let body = request.head.hasPrefix("HEAD") ? "" : "\(path)"
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(body)")
        }) { gateway, upstream in
            try await gateway.replace(policy: TestGateway.snapshot(Self.policy))
            for (trick, message, paths) in Self.harmless {
                let before = upstream.received.value.count
                let client = try await gateway.client()
                let heard = await client.request(message, responses: paths.count)
                #expect(heard.statuses == paths.map { _ in 200 }, "\(trick): \(heard)")
                await upstream.received.wait { $0.count >= before + paths.count }
                let next = try await Self.control(gateway, before)
                #expect(next, "\(trick)")
                let seen = upstream.received.value.dropFirst(before).map { $0.head.split(separator: " ")[1] }
                #expect(seen == (paths + ["/v1/control/\(before)"]).map { $0[...] }, "\(trick): \(seen)")
                await client.close()
            }
        }
    }
}
