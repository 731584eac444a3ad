import Testing

@testable import Gateway

/// What HTTP/2 can say and HTTP/1 cannot, or would read as something else, is refused with a record.
@Suite(.timeLimit(.minutes(1))) struct MalformedRequestTests {
    /// What is wrong, the fields, and the answer to them.
    typealias Case = (name: String, fields: [Frames.Field], status: Int, reason: String)

    static let cases: [Case] = fieldCases + pseudoCases + hostCases + framingCases + sizeCases

    static let fieldCases: [Case] = [
        ("a name in upper case", with("X-Upper", "1"), 400, "bad_field_name"),
        ("a name in mixed case", with("content-Length", "0"), 400, "bad_field_name"),
        ("a blank in a name", with("x y", "1"), 400, "bad_field_name"),
        ("a colon in a name", with("x:y", "1"), 400, "bad_field_name"),
        ("a line end in a name", with("x: a\r\nhost", "evil"), 400, "bad_field_name"),
        ("a NUL in a name", with("x\0", "1"), 400, "bad_field_name"),
        ("a letter beyond ASCII in a name", with("x\u{e9}", "1"), 400, "bad_field_name"),
        ("a line end in a value", with("x", "a\r\ntransfer-encoding: chunked"), 400, "bad_field_value"),
        ("a line feed in a value", with("x", "a\nhost: evil"), 400, "bad_field_value"),
        ("a carriage return in a value", with("x", "a\rb"), 400, "bad_field_value"),
        ("a NUL in a value", with("x", "a\0b"), 400, "bad_field_value"),
        ("a delete in a value", with("x", "a\u{7f}"), 400, "bad_field_value"),
        ("a letter beyond ASCII in a value", with("x", "\u{e9}"), 400, "bad_field_value"),
        ("a blank before a value", with("x", " a"), 400, "bad_field_value"),
        ("a tab behind a value", with("x", "a\t"), 400, "bad_field_value"),
        ("a line end in a cookie", with("cookie", "a=b\r\nx: y"), 400, "bad_field_value"),
    ]

    static let pseudoCases: [Case] = [
        ("two methods", [(":method", "GET")] + Frames.request(), 400, "bad_pseudo_field"),
        ("two paths", Frames.request() + [(":path", "/admin")], 400, "bad_pseudo_field"),
        ("two authorities", Frames.request() + [(":authority", "evil")], 400, "bad_pseudo_field"),
        ("two schemes", Frames.request() + [(":scheme", "https")], 400, "bad_pseudo_field"),
        ("one that is not known", Frames.request() + [(":admin", "yes")], 400, "bad_pseudo_field"),
        ("one of responses", Frames.request() + [(":status", "200")], 400, "bad_pseudo_field"),
        ("a path behind a field", without(":path") + [("x", "1"), (":path", "/v1/predict")], 400, "bad_pseudo_field"),
        ("a path behind a cookie", without(":path") + [("cookie", "a"), (":path", "/")], 400, "bad_pseudo_field"),
        ("no method", without(":method"), 400, "bad_pseudo_field"),
        ("no scheme", without(":scheme"), 400, "bad_pseudo_field"),
        ("no path", without(":path"), 400, "bad_pseudo_field"),
        ("a scheme without TLS", replacing(":scheme", "http"), 400, "bad_pseudo_field"),
        ("a scheme that holds a URL", replacing(":scheme", "https://evil/?"), 400, "bad_pseudo_field"),
        ("an empty path", replacing(":path", ""), 400, "bad_target"),
        ("a path without its slash", replacing(":path", "v1/predict"), 400, "bad_target"),
        ("an asterisk", replacing(":path", "*"), 400, "bad_target"),
        ("an absolute path", replacing(":path", "http://evil/v1/predict"), 400, "bad_target"),
        ("a fragment", replacing(":path", "/v1/predict#x"), 400, "bad_target"),
        ("a blank in the path", replacing(":path", "/v1/predict x"), 400, "bad_target"),
        ("a request in the path", replacing(":path", "/ HTTP/1.1\r\nhost: a\r\n\r\nGET /admin"), 400, "bad_target"),
        ("a letter beyond ASCII in the path", replacing(":path", "/\u{e9}"), 400, "bad_target"),
        ("a request in the method", replacing(":method", "GET /admin HTTP/1.1\r\nx:"), 400, "unknown_method"),
        ("an empty method", replacing(":method", ""), 400, "unknown_method"),
        ("a method in lower case", replacing(":method", "post"), 400, "unknown_method"),
        ("a method that nobody knows", replacing(":method", "BREW"), 400, "unknown_method"),
        ("TRACE", replacing(":method", "TRACE"), 501, "unsupported_method"),
        ("CONNECT", [(":method", "CONNECT"), (":authority", "db:5432")], 501, "unsupported_method"),
        ("CONNECT with a path", replacing(":method", "CONNECT"), 501, "unsupported_method"),
        (
            "a WebSocket in a stream", replacing(":method", "CONNECT") + [(":protocol", "websocket")], 501,
            "unsupported_upgrade"
        ),
    ]

    static let hostCases: [Case] = [
        ("neither authority nor host", without(":authority"), 400, "missing_host"),
        ("an authority and another host", with("host", "evil"), 400, "authority_mismatch"),
        ("two hosts", without(":authority") + [("host", "a"), ("host", "a")], 400, "duplicate_host"),
        ("an empty authority", replacing(":authority", ""), 400, "bad_host"),
        ("an empty host", without(":authority") + [("host", "")], 400, "bad_host"),
        ("a user in the authority", replacing(":authority", "user@inference.example"), 400, "bad_host"),
        ("a path in the authority", replacing(":authority", "inference.example/admin"), 400, "bad_host"),
        ("a line end in the authority", replacing(":authority", "a\r\nx: y"), 400, "bad_host"),
        ("a blank in the authority", replacing(":authority", "a b"), 400, "bad_host"),
        ("a port beyond all ports", replacing(":authority", "a:65536"), 400, "bad_host"),
    ]

    static let framingCases: [Case] = [
        ("a transfer coding", with("transfer-encoding", "chunked"), 400, "connection_field"),
        (
            "a transfer coding with a length", with("content-length", "0") + [("transfer-encoding", "chunked")], 400,
            "connection_field"
        ),
        ("connection", with("connection", "close"), 400, "connection_field"),
        ("connection that nominates", with("connection", "content-length"), 400, "connection_field"),
        ("keep-alive", with("keep-alive", "timeout=5"), 400, "connection_field"),
        ("proxy-connection", with("proxy-connection", "keep-alive"), 400, "connection_field"),
        ("upgrade", with("upgrade", "websocket"), 400, "connection_field"),
        ("the settings of h2c", with("http2-settings", "AAMAAABkAAQAAP__"), 400, "connection_field"),
        ("te beyond trailers", with("te", "trailers, chunked"), 400, "connection_field"),
        ("a length with an underscore", with("content_length", "5"), 400, "ambiguous_field_name"),
        ("a coding with an underscore", with("transfer_encoding", "chunked"), 400, "ambiguous_field_name"),
        ("two lengths", with("content-length", "0") + [("content-length", "5")], 400, "duplicate_content_length"),
        ("one length twice", with("content-length", "0") + [("content-length", "0")], 400, "duplicate_content_length"),
        ("a list of lengths", with("content-length", "0, 0"), 400, "bad_content_length"),
        ("a signed length", with("content-length", "+5"), 400, "bad_content_length"),
        ("a hexadecimal length", with("content-length", "0x5"), 400, "bad_content_length"),
        ("a length with a zero before it", with("content-length", "05"), 400, "bad_content_length"),
        ("an empty length", with("content-length", ""), 400, "bad_content_length"),
        ("a length beyond all lengths", with("content-length", "18446744073709551616"), 400, "bad_content_length"),
        ("a length without a body", with("content-length", "5"), 400, "content_length_mismatch"),
        ("an expectation that nobody meets", with("expect", "a-miracle"), 417, "unsupported_expectation"),
    ]

    static let sizeCases: [Case] = [
        ("too many fields", Frames.request() + (0..<120).map { ("x-\($0)", "1") }, 431, "too_many_fields"),
        (
            "a target that is too long", replacing(":path", "/" + String(repeating: "a", count: 9_000)), 414,
            "target_too_long"
        ),
        ("a head that is too large", with("x", String(repeating: "a", count: 33_000)), 431, "head_too_large"),
    ]

    static func with(_ name: String, _ value: String) -> [Frames.Field] { Frames.request() + [(name, value)] }

    static func without(_ name: String) -> [Frames.Field] { Frames.request().filter { $0.0 != name } }

    static func replacing(_ name: String, _ value: String) -> [Frames.Field] {
        Frames.request().map { $0.0 == name ? (name, value) : $0 }
    }

    @Test func `a request that is malformed is refused, recorded and not forwarded`() async throws {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            // Larger header sections are taken once the client has acknowledged what it was offered.
            client.send(Frames.settingsAcknowledged)
            var stream: UInt32 = 1
            for (index, item) in Self.cases.enumerated() {
                let response: FrameClient.Response
                if item.reason == "head_too_large" {
                    let block = Frames.block(item.fields)
                    client.send(Frames.frame(0x1, flags: 0x1, stream: stream, Array(block.prefix(16_384))))
                    client.send(Frames.continuation(stream, Array(block.dropFirst(16_384).prefix(16_384))))
                    client.send(Frames.continuation(stream, Array(block.dropFirst(32_768)), endsHeaders: true))
                    response = await client.response(stream)
                } else {
                    response = await client.request(stream, item.fields)
                }
                #expect(response.status == item.status, "\(item.name): \(response)")
                let decisions = await gateway.log.records("decision", count: index + 1)
                #expect(decisions.count == index + 1, "\(item.name)")
                #expect(decisions.last?["decision.outcome"] == "deny", "\(item.name)")
                #expect(
                    decisions.last?["decision.reason"] == item.reason,
                    "\(item.name): \(decisions.last?["decision.reason"] ?? "no reason")"
                )
                stream += 2
            }
            let count = Self.cases.count
            #expect(await gateway.log.records("completion", count: count).count == count)
            #expect(upstream.received.value.isEmpty)
            // What was wrong with those streams was not wrong with the connection.
            #expect(await client.request(stream).status == 200)
            await client.close()
        }
    }

    static let bodies: [(name: String, frames: @Sendable (UInt32) -> [UInt8])] = [
        ("more than was declared", { length($0, 5) + Frames.data($0, "123456", ends: true) }),
        ("more than was declared, in pieces", { length($0, 5) + Frames.data($0, "12345") + Frames.data($0, "6") }),
        ("less than was declared", { length($0, 5) + Frames.data($0, "1234", ends: true) }),
        ("nothing of what was declared", { length($0, 5) + Frames.data($0, "", ends: true) }),
        ("trailers instead of what was declared", { length($0, 5) + Frames.headers($0, [("x", "1")]) }),
        ("something where nothing was declared", { length($0, 0) + Frames.data($0, "GET /", ends: true) }),
        ("a pseudo field in trailers", { open($0) + Frames.data($0, "a") + Frames.headers($0, [(":path", "/")]) }),
        ("upper case in trailers", { open($0) + Frames.headers($0, [("X-A", "1")]) }),
        ("a line end in trailers", { open($0) + Frames.headers($0, [("x", "a\r\n\r\nGET / HTTP/1.1")]) }),
        ("a transfer coding in trailers", { open($0) + Frames.headers($0, [("transfer-encoding", "chunked")]) }),
        ("large trailers", { open($0) + Frames.headers($0, [("x", String(repeating: "a", count: 5_000))]) }),
    ]

    static func length(_ stream: UInt32, _ count: Int) -> [UInt8] {
        Frames.headers(stream, with("content-length", "\(count)"), ends: false)
    }

    static func open(_ stream: UInt32) -> [UInt8] { Frames.headers(stream, Frames.request(), ends: false) }

    @Test func `a body that is not what was said is refused, and its request does not become whole upstream`()
        async throws
    {
        try await TestGateway.with { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            var stream: UInt32 = 1
            for (name, frames) in Self.bodies {
                client.send(frames(stream))
                let response = await client.response(stream)
                #expect(response.status == 400, "\(name): \(response)")
                stream += 2
            }
            let completions = await gateway.log.records("completion", count: Self.bodies.count)
            #expect(completions.allSatisfy { $0["ended"] == "bad_request" })
            #expect(upstream.received.value.isEmpty)
            #expect(await client.request(stream).status == 200)
            await client.close()
        }
    }
}
