import NIOCore
import Testing

@testable import Gateway

/// Upstreams that break the rules of HTTP/2: what they say reaches nobody, costs a bounded amount, and the next request
/// is answered rightly.
@Suite(.timeLimit(.minutes(2))) struct HostileUpstreamTests {
    /// One thing that an upstream may do wrong with the first request that it gets.
    struct Case: Sendable {
        let name: String
        /// What it sends: before the request, and about the stream that the request is on.
        let frames: @Sendable (UInt32) -> [UInt8]
        let reach: Reach

        enum Reach {
            /// The stream is reset, and the connection goes on.
            case stream
            /// The connection is ended, for this reason.
            case connection(String)
        }

        init(_ name: String, _ reach: Reach, _ frames: @escaping @Sendable (UInt32) -> [UInt8]) {
            self.name = name
            self.reach = reach
            self.frames = frames
        }
    }

    private static func head(_ stream: UInt32, _ fields: [Frames.Field], ends: Bool = true) -> [UInt8] {
        Frames.headers(stream, fields, ends: ends)
    }

    private static func ok(_ stream: UInt32, _ fields: [Frames.Field] = [], ends: Bool = false) -> [UInt8] {
        head(stream, [(":status", "200")] + fields, ends: ends)
    }

    private static func malformed(_ name: String, _ fields: [Frames.Field]) -> Case {
        Case("a malformed head: \(name)", .stream) {
            head($0, fields, ends: false) + Frames.data($0, "hello", ends: true)
        }
    }

    static let heads: [Case] = [
        malformed("no status", [("server", "x")]),
        malformed("two statuses", [(":status", "200"), (":status", "200")]),
        malformed("a status that is no number", [(":status", "2x0")]),
        malformed("a long status", [(":status", "2000")]),
        malformed("a status beyond the classes", [(":status", "600")]),
        malformed("a status behind a field", [("server", "x"), (":status", "200")]),
        malformed("another pseudo field", [(":status", "200"), (":path", "/admin")]),
        malformed("101, which nobody asked for", [(":status", "101")]),
        malformed("a name in upper case", [(":status", "200"), ("Server", "x")]),
        malformed("a name with a line end", [(":status", "200"), ("a\r\nset-cookie", "x")]),
        malformed("a name with a blank", [(":status", "200"), ("a b", "x")]),
        malformed("a name with a colon", [(":status", "200"), ("a:b", "x")]),
        malformed("a value with a line end", [(":status", "200"), ("a", "x\r\nset-cookie: b")]),
        malformed("a value with a line feed", [(":status", "200"), ("a", "x\nb")]),
        malformed("a value with NUL", [(":status", "200"), ("a", "x\u{0}b")]),
        malformed("a value with a blank before it", [(":status", "200"), ("a", " x")]),
        malformed("connection", [(":status", "200"), ("connection", "close")]),
        malformed("transfer-encoding", [(":status", "200"), ("transfer-encoding", "chunked")]),
        malformed("keep-alive", [(":status", "200"), ("keep-alive", "timeout=5")]),
        malformed("upgrade", [(":status", "200"), ("upgrade", "websocket")]),
        malformed("two lengths", [(":status", "200"), ("content-length", "5"), ("content-length", "5")]),
        malformed("a length with a sign", [(":status", "200"), ("content-length", "+5")]),
        malformed("two hosts", [(":status", "200"), ("host", "a"), ("host", "b")]),
        malformed("a head beyond the limit of lines", [(":status", "200")] + (0..<300).map { ("x-\($0)", "y") }),
        Case("an interim answer that ends the stream", .stream) { head($0, [(":status", "103")]) },
        Case("an interim answer with DATA behind it", .stream) {
            head($0, [(":status", "103")], ends: false) + Frames.data($0, "hello", ends: true)
        },
        Case("204 with a length", .stream) { head($0, [(":status", "204"), ("content-length", "5")]) },
    ]

    static let bodies: [Case] = [
        Case("less than was declared", .stream) {
            ok($0, [("content-length", "9")]) + Frames.data($0, "short", ends: true)
        },
        Case("more than was declared", .stream) {
            ok($0, [("content-length", "3")]) + Frames.data($0, "longer", ends: true)
        },
        Case("more than was declared, in two pieces", .stream) {
            ok($0, [("content-length", "3")]) + Frames.data($0, "abc") + Frames.data($0, "def", ends: true)
        },
        Case("a declared body that does not come", .stream) { ok($0, [("content-length", "3")], ends: true) },
        Case("something where nothing was declared", .stream) {
            ok($0, [("content-length", "0")]) + Frames.data($0, "x", ends: true)
        },
        Case("204 with a body", .stream) {
            head($0, [(":status", "204")], ends: false) + Frames.data($0, "x", ends: true)
        },
        Case("a second head", .stream) { ok($0) + Frames.data($0, "x") + ok($0) + Frames.data($0, "", ends: true) },
        Case("a pseudo field in trailers", .stream) {
            ok($0) + Frames.data($0, "x") + head($0, [(":status", "200")])
        },
        Case("a line end in trailers", .stream) {
            ok($0) + Frames.data($0, "x") + head($0, [("a", "b\r\nc: d")])
        },
        Case("transfer-encoding in trailers", .stream) {
            ok($0) + Frames.data($0, "x") + head($0, [("transfer-encoding", "chunked")])
        },
        Case("a length in trailers that is in upper case", .stream) {
            ok($0) + Frames.data($0, "x") + head($0, [("Content-Length", "1")])
        },
    ]

    static let protocolErrors: [Case] = [
        Case("DATA before a head", .stream) { Frames.data($0, "hello", ends: true) },
        Case("a promise", .connection("http2_protocol_error")) {
            Frames.frame(0x5, flags: 0x4, stream: $0, [0, 0, 0, 2] + Frames.block([(":path", "/admin")]))
        },
        Case("a stream that the upstream begins", .connection("http2_protocol_error")) { _ in
            Frames.headers(2, [(":status", "200")])
        },
        Case("a frame on a stream that is not there", .connection("http2_protocol_error")) { _ in
            Frames.data(99, "hello")
        },
        Case("a window that overflows", .connection("http2_protocol_error")) { _ in
            Frames.windowUpdate(0, 0x7fff_ffff) + Frames.windowUpdate(0, 0x7fff_ffff)
        },
        Case("more than its window allows", .stream) { stream in
            ok(stream) + (0..<12).flatMap { _ in Frames.data(stream, String(repeating: "x", count: 16_000)) }
        },
        Case("a frame that is too large", .connection("http2_protocol_error")) {
            Frames.frame(0x0, stream: $0, [UInt8](repeating: 0, count: 20_000))
        },
        Case("settings of an odd length", .connection("http2_protocol_error")) { _ in Frames.frame(0x4, [0, 3, 0]) },
        Case("a window beyond the largest", .connection("http2_protocol_error")) { _ in
            Frames.settings([(4, 0xffff_ffff)])
        },
        Case("an empty name", .connection("http2_protocol_error")) {
            Frames.headers($0, [(":status", "200"), ("", "x")])
        },
        Case("broken header compression", .connection("http2_protocol_error")) {
            Frames.frame(0x1, flags: 0x5, stream: $0, [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
        },
        Case("a continuation of nothing", .connection("http2_protocol_error")) {
            Frames.continuation($0, Frames.block([("a", "b")]), endsHeaders: true)
        },
        Case("another frame within a header section", .connection("http2_protocol_error")) {
            Frames.headers($0, [(":status", "200")], endsHeaders: false) + Frames.ping()
        },
        Case("HTTP/1", .connection("http2_protocol_error")) { _ in
            Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".utf8)
        },
    ]

    static let floods: [Case] = [
        Case("CONTINUATION without an end", .connection("http2_continuation_flood")) { stream in
            Frames.headers(stream, [(":status", "200")], endsHeaders: false)
                + (0..<40).flatMap { _ in Frames.continuation(stream, Frames.block([("a", "b")])) }
        },
        Case("a large header section", .connection("http2_header_bomb")) { stream in
            Frames.headers(stream, [(":status", "200")], endsHeaders: false)
                + (0..<6).flatMap { _ in
                    Frames.continuation(stream, Frames.block([("a", String(repeating: "b", count: 16_000))]))
                }
        },
        Case("a header section that is large once it is unpacked", .connection("http2_protocol_error")) { stream in
            // One large field in the table, then a reference to it in each byte.
            let large = [0x40] + Frames.string("x") + Frames.string(String(repeating: "y", count: 3_900))
            let status = Frames.block([(":status", "200")])
            return Frames.frame(
                0x1,
                flags: 0x5,
                stream: stream,
                status + large + [UInt8](repeating: 0xbe, count: 9_000)
            )
        },
        Case("SETTINGS", .connection("http2_control_flood")) { _ in
            (0..<21_000).flatMap { _ in Frames.settings([(3, 100)]) }
        },
        Case("PING", .connection("http2_control_flood")) { _ in (0..<21_000).flatMap { _ in Frames.ping() } },
        Case("WINDOW_UPDATE", .connection("http2_window_update_flood")) { _ in
            (0..<21_000).flatMap { _ in Frames.windowUpdate(0, 1) }
        },
        Case("DATA with nothing in it", .connection("http2_small_frame_flood")) { stream in
            ok(stream) + (0..<100).flatMap { _ in Frames.data(stream, "") }
        },
    ]

    static var all: [Case] { heads + bodies + protocolErrors + floods }

    @Test func `nothing that breaks the rules gets through, and the next request is answered`() async throws {
        var passed = 0
        for item in Self.all {
            if try await Self.holds(item) { passed += 1 }
        }
        print("suite: \(passed) hostile upstreams of HTTP/2 held off, \(Self.all.count - passed) not")
    }

    @Test func `a window that overflows while its request is being sent ends that request alone`() async throws {
        try await FrameUpstream.with({ event in
            switch event {
            case .head(let connection, let stream, let request) where !request.values("x-trigger").isEmpty:
                connection.send(Frames.windowUpdate(stream, 0x7fff_ffff))
            case .whole(let connection, let stream, _): connection.answer(stream)
            default: break
            }
        }) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway)
            client.send(Frames.headers(1, Frames.request("POST", with: [("x-trigger", "1")]), ends: false))
            #expect(await client.response(1).status == 502)
            #expect(await upstream.request(1, where: { $0.reset != nil }).reset == 3)
            #expect(await client.request(3).status == 200)
            #expect(upstream.heard.value.count == 1)
            await client.close()
        }
    }

    /// Plays one case to clients of both protocols.
    private static func holds(_ item: Case) async throws -> Bool {
        var isRight = true
        func check(_ condition: Bool, _ what: @autoclosure () -> String) {
            #expect(condition, "\(item.name): \(what())")
            if !condition { isRight = false }
        }
        try await FrameUpstream.with(
            { event in
                guard case .whole(let connection, let stream, let request) = event else { return }
                if request.values("x-trigger").isEmpty {
                    connection.answer(stream)
                } else {
                    connection.send(item.frames(stream))
                }
            },
            configure: { $0.admin = .init(port: 0) }
        ) { gateway, upstream in
            // A client of HTTP/1 may have got a beginning, and then sees the connection break; or 502.
            let one = try await gateway.client()
            one.send(TestGateway.post(headers: "X-Trigger: 1\r\n"))
            let heard = await one.heard.wait { $0.isClosed || $0.statuses.contains(502) }
            let isWhole = heard.statuses == [200] && heard.text.hasSuffix("\r\n0\r\n\r\n")
            check(!isWhole && heard.statuses.count <= 1, "\(heard.text.prefix(300))")
            check(!heard.text.contains("set-cookie") && !heard.text.contains("/admin"), "\(heard.text.prefix(300))")
            let two = try await FrameClient.connect(to: gateway)
            let response = await two.request(1, Frames.request("POST", with: [("x-trigger", "1")]))
            check(response.status == 502 || response.reset != nil && !response.isEnded, "\(response)")
            // Others never notice.
            check(await two.request(3).body == "hello", "the next request")
            let completions = await gateway.log.records("completion", count: 3)
            check(completions.count == 3, "\(completions.count) completions")
            check(
                completions.filter { $0["ended"] == "upstream_died" }.count == 2,
                "\(completions.map { $0["ended"] })"
            )
            switch item.reach {
            case .stream: check(upstream.heard.value.count == 1, "the connection was ended")
            case .connection(let reason):
                check(upstream.heard.value.count == 3, "\(upstream.heard.value.count) connections")
                let text = try await TestGateway.admin(gateway, "/metrics").text
                let line = "lapwing_upstream_connection_errors_total{reason=\"\(reason)\"} 2\n"
                let said = text.split(separator: "\n").filter { $0.contains("upstream_connection_errors") }
                check(text.contains(line), "\(said)")
            }
            await one.close()
            await two.close()
        }
        return isRight
    }
}
