@testable import Gateway

/// One way to have a proxy and the server behind it read a message differently.
struct SmugglingCase: Sendable {
    /// The trick.
    let trick: String
    let message: Message

    enum Message: Sendable {
        /// The bytes of a connection of HTTP/1.
        case http1(String)
        /// The frames of a connection of HTTP/2, after its beginning.
        case http2([UInt8])
    }

    /// What is to be smuggled: a whole request, and its length in both notations.
    static let hidden = "GET /v1/smuggled HTTP/1.1\r\nHost: inference.example\r\n\r\n"
    static let hiddenHex = String(hidden.utf8.count, radix: 16)

    static let all =
        bothLengths + codings + lengths + chunks + lines + targets + connections + pseudoFields + fields + frames

    static func one(_ trick: String, _ message: String) -> SmugglingCase {
        SmugglingCase(trick: trick, message: .http1(message))
    }

    static func two(_ trick: String, _ frames: [UInt8]) -> SmugglingCase {
        SmugglingCase(trick: trick, message: .http2(frames))
    }

    /// A POST with these field lines, and what stands behind its head.
    static func post(_ lines: String..., then body: String = "") -> String {
        "POST /v1/predict HTTP/1.1\r\nHost: inference.example\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", then: body) }

    /// A request whose fields say more than they should; what is hidden follows as its body.
    static func request(_ others: [Frames.Field], _ base: [Frames.Field] = Frames.request()) -> [UInt8] {
        Frames.headers(1, base + others, ends: false) + Frames.data(1, hidden, ends: true)
    }

    // MARK: HTTP/1: where the body ends

    static let bothLengths = [
        one(
            "CL.TE: the length is believed in front, the coding behind",
            post("Content-Length: 6", "Transfer-Encoding: chunked", then: "0\r\n\r\n" + hidden)
        ),
        one(
            "TE.CL: the coding is believed in front, the length behind",
            post("Content-Length: 4", "Transfer-Encoding: chunked", then: "\(hiddenHex)\r\n\(hidden)\r\n0\r\n\r\n")
        ),
        one(
            "TE.CL with the coding first",
            post("Transfer-Encoding: chunked", "Content-Length: 4", then: "\(hiddenHex)\r\n\(hidden)\r\n0\r\n\r\n")
        ),
        one(
            "CL.0: a length of nothing beside a coding",
            post("Content-Length: 0", "Transfer-Encoding: chunked", then: "0\r\n\r\n" + hidden)
        ),
        one(
            "a length and a coding that is not one",
            post("Content-Length: 3", "Transfer-Encoding: cow", then: "0\r\n\r\n" + hidden)
        ),
        one(
            "a coding in HTTP/1.0",
            "POST /v1/predict HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden
        ),
    ]

    static let codings = [
        one(
            "TE.TE: the second coding is identity",
            post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", then: "0\r\n\r\n" + hidden)
        ),
        one(
            "TE.TE: the second coding is unknown",
            post("Transfer-Encoding: chunked", "Transfer-encoding: x", then: "0\r\n\r\n" + hidden)
        ),
        one("a coding with a letter before it", post("Transfer-Encoding: xchunked", then: "0\r\n\r\n" + hidden)),
        one("a blank between name and colon", post("Transfer-Encoding : chunked", then: "0\r\n\r\n" + hidden)),
        one("a tab between name and colon", post("Transfer-Encoding\t: chunked", then: "0\r\n\r\n" + hidden)),
        one("a vertical tab before the coding", post("Transfer-Encoding: \u{b}chunked", then: "0\r\n\r\n" + hidden)),
        one("a form feed behind the coding", post("Transfer-Encoding: chunked\u{c}", then: "0\r\n\r\n" + hidden)),
        one("a NUL behind the coding", post("Transfer-Encoding: chunked\0", then: "0\r\n\r\n" + hidden)),
        one("the coding in quotes", post("Transfer-Encoding: \"chunked\"", then: "0\r\n\r\n" + hidden)),
        one("the coding in capitals", post("Transfer-Encoding: CHUNKED", then: "0\r\n\r\n" + hidden)),
        one("chunked twice", post("Transfer-Encoding: chunked, chunked", then: "0\r\n\r\n" + hidden)),
        one("another coding before chunked", post("Transfer-Encoding: gzip, chunked", then: "0\r\n\r\n" + hidden)),
        one("chunked before another coding", post("Transfer-Encoding: chunked, gzip", then: "0\r\n\r\n" + hidden)),
        one("identity alone", post("Content-Length: 0", "Transfer-Encoding: identity", then: hidden)),
        one("an empty coding", post("Transfer-Encoding:", then: "0\r\n\r\n" + hidden)),
        one("a comma behind the coding", post("Transfer-Encoding: chunked,", then: "0\r\n\r\n" + hidden)),
        one("a parameter behind the coding", post("Transfer-Encoding: chunked;q=1", then: "0\r\n\r\n" + hidden)),
        one("the coding on a folded line", post("Transfer-Encoding:\r\n chunked", then: "0\r\n\r\n" + hidden)),
        one("the coding behind a bare line feed", post("X: a\nTransfer-Encoding: chunked", then: "0\r\n\r\n" + hidden)),
        one(
            "the coding behind a bare carriage return",
            post("X: a\rTransfer-Encoding: chunked", then: "0\r\n\r\n" + hidden)
        ),
        one("the name with an underscore", post("Transfer_Encoding: chunked", then: "0\r\n\r\n" + hidden)),
        one("a letter that looks like k", post("Transfer-Encoding: chun\u{212a}ed", then: "0\r\n\r\n" + hidden)),
    ]

    static let lengths = [
        one("the same length twice", post("Content-Length: 5", "Content-Length: 5", then: "hello" + hidden)),
        one("two lengths", post("Content-Length: 0", "Content-Length: \(hidden.utf8.count)", then: hidden)),
        one("a list of one length", post("Content-Length: 5, 5", then: "hello" + hidden)),
        one("a length with a sign", post("Content-Length: +5", then: "hello" + hidden)),
        one("a length below nothing", post("Content-Length: -5", then: hidden)),
        one("a hexadecimal length", post("Content-Length: 0x5", then: "hello" + hidden)),
        one("a length with a blank in it", post("Content-Length: 5 0", then: "hello" + hidden)),
        one("a length with a zero before it", post("Content-Length: 05", then: "hello" + hidden)),
        one("a length beyond 64 bits", post("Content-Length: 18446744073709551621", then: "hello" + hidden)),
        one("an empty length", post("Content-Length:", then: hidden)),
        one("a length with a letter behind it", post("Content-Length: 5a", then: "hello" + hidden)),
        one("a length with an underscore", post("Content_Length: 5", then: "hello" + hidden)),
        one("a length with a blank before the colon", post("Content-Length : 5", then: "hello" + hidden)),
        one("a length on a folded line", post("Content-Length:\r\n 5", then: "hello" + hidden)),
        one("a length behind a vertical tab", post("Content-Length: \u{b}5", then: "hello" + hidden)),
        one("a length in a fraction", post("Content-Length: 5.0", then: "hello" + hidden)),
        one("a length in another script", post("Content-Length: \u{665}", then: "hello" + hidden)),
    ]

    static let chunks = [
        one("a chunk size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size with a sign", chunked("+5\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size below nothing", chunked("-1\r\n" + hidden)),
        one("a chunk size beyond 64 bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size beyond 32 bits", chunked("100000005\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size with a blank before it", chunked(" 5\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size with a blank behind it", chunked("5 \r\nhello\r\n0\r\n\r\n" + hidden)),
        one("no chunk size", chunked("\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size that is a letter", chunked("g\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size with an underscore", chunked("1_0\r\n0123456789abcdef\r\n0\r\n\r\n" + hidden)),
        one("a chunk size line that ends with a line feed", chunked("5\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk size line that ends with a carriage return", chunked("5\rhello\r\n0\r\n\r\n" + hidden)),
        one("TERM.EXT: a line feed in an extension", chunked("5;\nhello\r\n0\r\n\r\n" + hidden)),
        one("EXT.TERM: a carriage return in an extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a NUL in an extension", chunked("5;\0\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("SPILL: a chunk that is longer than its size", chunked("5\r\nhello!!\r\n0\r\n\r\n" + hidden)),
        one("a chunk that is shorter than its size", chunked("6\r\nhello\r\n0\r\n\r\n" + hidden)),
        one("a chunk that ends with a line feed", chunked("5\r\nhello\n0\r\n\r\n" + hidden)),
        one("a last chunk that ends with a line feed", chunked("0\n\n" + hidden)),
        one("a trailer that ends with a line feed", chunked("0\r\nX: a\n\r\n" + hidden)),
        one("a trailer with a blank in its name", chunked("0\r\nX a: b\r\n\r\n" + hidden)),
        one("a request where a trailer belongs", chunked("0\r\n" + hidden)),
    ]

    // MARK: HTTP/1: lines, targets, hops

    static let lines = [
        one("lines that end with a line feed", "GET /v1/predict HTTP/1.1\nHost: a\n\n" + hidden),
        one("lines that end with a carriage return", "GET /v1/predict HTTP/1.1\rHost: a\r\r" + hidden),
        one("a line that ends twice", "GET /v1/predict HTTP/1.1\r\r\nHost: a\r\n\r\n" + hidden),
        one("an empty line before the request", "\r\n" + hidden),
        one("a line feed before the request", "\n" + hidden),
        one("a blank before the first field", "GET /v1/predict HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n" + hidden),
        one("a folded line", "GET /v1/predict HTTP/1.1\r\nHost: a\r\n b\r\n\r\n" + hidden),
        one("a NUL in a name", post("X\0: a", then: hidden)),
        one("a NUL in a value", post("X: \0", then: hidden)),
        one("a blank in a name", post("X Y: a", then: hidden)),
        one("a line without a colon", post("X", then: hidden)),
        one("a line without a name", post(": a", then: hidden)),
        one("a pseudo field of HTTP/2", post(":path: /v1/smuggled", then: hidden)),
        one("a letter beyond ASCII in a value", post("X: \u{e9}", then: hidden)),
        one("a head that hides behind its size", post("X: " + String(repeating: "a", count: 40_000), then: hidden)),
        one(
            "a head that hides behind its lines",
            post((0..<200).map { "X-\($0): 1" }.joined(separator: "\r\n"), then: hidden)
        ),
    ]

    static let targets = [
        one("no host", "GET /v1/predict HTTP/1.1\r\n\r\n" + hidden),
        one("two hosts", "GET /v1/predict HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + hidden),
        one("an empty host", "GET /v1/predict HTTP/1.1\r\nHost:\r\n\r\n" + hidden),
        one("a host with a blank before its colon", "GET /v1/predict HTTP/1.1\r\nHost : a\r\n\r\n" + hidden),
        one("a host of two names", "GET /v1/predict HTTP/1.1\r\nHost: a, b\r\n\r\n" + hidden),
        one("a host with a user", "GET /v1/predict HTTP/1.1\r\nHost: a@b\r\n\r\n" + hidden),
        one("a host with a path", "GET /v1/predict HTTP/1.1\r\nHost: a/b\r\n\r\n" + hidden),
        one("a target of another host", "GET http://b/v1/predict HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a target of another scheme", "GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a target with a fragment", "GET /v1/predict#x HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a target with a blank", "GET /v1/predict /x HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a target with a NUL", "GET /v1/predict\0 HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a target with an encoded NUL", "GET /v1/predict%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        one("a target without a slash", "GET v1/predict HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("two blanks before the target", "GET  /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a tab before the target", "GET\t/v1/predict HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a version of one number", "GET /v1/predict HTTP/1\r\nHost: a\r\n\r\n" + hidden),
        one("HTTP/0.9", "GET /v1/predict\r\n" + hidden),
        one("the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden),
        one("a method in lower case", "get /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one("a blank before the method", " GET /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
    ]

    static let connections = [
        one("a tunnel", "CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n" + hidden),
        one("TRACE", "TRACE /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n" + hidden),
        one(
            "h2c: an upgrade that hides what follows",
            post(
                "Connection: Upgrade, HTTP2-Settings",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQAAP__",
                then: hidden
            )
        ),
        one("h2c without its connection line", post("Upgrade: h2c", then: hidden)),
        one(
            "a WebSocket that nobody allowed",
            "GET /v1/predict HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" + hidden
        ),
        one(
            "a WebSocket of a version that does not exist",
            "GET /v1/predict HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 777\r\n\r\n" + hidden
        ),
        one(
            "Connection takes the length away",
            post("Content-Length: 5", "Connection: Content-Length", then: "hello" + hidden)
        ),
        one(
            "Connection takes the coding away",
            post("Transfer-Encoding: chunked", "Connection: Transfer-Encoding", then: "0\r\n\r\n" + hidden)
        ),
        one("Connection takes the host away", post("Connection: Host", then: hidden)),
        one("Connection with a quoted option", post("Connection: \"close\"", then: hidden)),
        one(
            "an expectation that is not one",
            post("Expect: y 100-continue", "Content-Length: 5", then: "hello" + hidden)
        ),
        one(
            "two expectations",
            post("Expect: 100-continue", "Expect: 100-continue", "Content-Length: 5", then: "hello" + hidden)
        ),
    ]

    // MARK: HTTP/2: what a field turns into

    static let pseudoFields = [
        two(
            "a request in :path",
            request([], MalformedRequestTests.replacing(":path", "/ HTTP/1.1\r\nHost: a\r\n\r\n" + hidden))
        ),
        two("a version in :path", request([], MalformedRequestTests.replacing(":path", "/v1/smuggled HTTP/1.1"))),
        two(
            "a request in :method",
            request([], MalformedRequestTests.replacing(":method", "GET /v1/smuggled HTTP/1.1\r\nHost: a\r\n\r\nGET"))
        ),
        two("a blank in :method", request([], MalformedRequestTests.replacing(":method", "GET /v1/smuggled"))),
        two("a field in :authority", request([], MalformedRequestTests.replacing(":authority", "a\r\nx: y"))),
        two("a URL in :scheme", request([], MalformedRequestTests.replacing(":scheme", "https://evil/v1/smuggled?"))),
        two("a URL in :path", request([], MalformedRequestTests.replacing(":path", "https://evil/v1/smuggled"))),
        two("a path without a slash", request([], MalformedRequestTests.replacing(":path", "@evil/v1/smuggled"))),
        two("two paths", request([(":path", "/v1/smuggled")])),
        two("two authorities", request([(":authority", "evil")])),
        two("a path behind the fields", request([("x", "1"), (":path", "/")], MalformedRequestTests.without(":path"))),
        two("a pseudo field that is not known", request([(":url", "/v1/smuggled")])),
        two("a host beside another authority", request([("host", "evil")])),
        two("two hosts", request([("host", "a"), ("host", "b")], MalformedRequestTests.without(":authority"))),
        two("no host", request([], MalformedRequestTests.without(":authority"))),
        two(
            "a tunnel",
            Frames.headers(1, [(":method", "CONNECT"), (":authority", "db:5432")], ends: false)
                + Frames.data(1, hidden)
        ),
        two(
            "a WebSocket in a stream",
            request([(":protocol", "websocket")], MalformedRequestTests.replacing(":method", "CONNECT"))
        ),
    ]

    static let fields = [
        two("H2.TE: a coding", request([("transfer-encoding", "chunked")])),
        two(
            "H2.TE: a coding beside a length",
            request([("content-length", "\(hidden.utf8.count)"), ("transfer-encoding", "chunked")])
        ),
        two("H2.TE: a coding in capitals", request([("Transfer-Encoding", "chunked")])),
        two("H2.TE: a coding with an underscore", request([("transfer_encoding", "chunked")])),
        two("H2.TE: a coding behind a line end in a value", request([("x", "a\r\ntransfer-encoding: chunked")])),
        two("H2.TE: a coding in a name", request([("transfer-encoding: chunked\r\nx", "a")])),
        two("H2.TE: a coding behind a colon in a name", request([("transfer-encoding: chunked", "")])),
        two("H2.TE: a coding with a blank behind its name", request([("transfer-encoding ", "chunked")])),
        two("H2.CL: a length of nothing", request([("content-length", "0")])),
        two("H2.CL: a length that is too short", request([("content-length", "5")])),
        two("H2.CL: a length that is too long", request([("content-length", "5000")])),
        two("H2.CL: two lengths", request([("content-length", "0"), ("content-length", "\(hidden.utf8.count)")])),
        two("H2.CL: a length with a sign", request([("content-length", "+\(hidden.utf8.count)")])),
        two("H2.CL: a length with an underscore", request([("content_length", "5")])),
        two("a request behind a line end in a value", request([("x", "a\r\n\r\n" + hidden)])),
        two("a line feed alone in a value", request([("x", "a\nhost: evil")])),
        two("a carriage return alone in a value", request([("x", "a\rhost: evil")])),
        two("a NUL in a value", request([("x", "a\0b")])),
        two("a request in a cookie", request([("cookie", "a=b\r\n\r\n" + hidden)])),
        two("connection", request([("connection", "content-length")])),
        two("an upgrade", request([("upgrade", "h2c")])),
        two("te", request([("te", "chunked")])),
        two("proxy-connection", request([("proxy-connection", "keep-alive")])),
    ]

    // MARK: HTTP/2: frames

    static let frames = [
        two(
            "a request in trailers",
            Frames.headers(1, Frames.request(), ends: false) + Frames.headers(1, [("x", "a\r\n\r\n" + hidden)])
        ),
        two(
            "a pseudo field in trailers",
            Frames.headers(1, Frames.request(), ends: false) + Frames.headers(1, [(":path", "/v1/smuggled")])
        ),
        two(
            "a coding in trailers",
            Frames.headers(1, Frames.request(), ends: false) + Frames.headers(1, [("transfer-encoding", "chunked")])
        ),
        two(
            "a second head instead of trailers",
            Frames.headers(1, Frames.request(), ends: false)
                + Frames.headers(1, Frames.request("GET", "/v1/smuggled"), ends: false)
        ),
        two("a body before its head", Frames.data(1, hidden, ends: true)),
        two("a body without a stream", Frames.data(0, hidden)),
        two("a stream of the server's", Frames.headers(2, Frames.request("GET", "/v1/smuggled"))),
        two(
            "a frame between a head and its continuation",
            Frames.headers(1, Frames.request(), endsHeaders: false)
                + Frames.headers(3, Frames.request("GET", "/v1/smuggled"))
        ),
        two(
            "a continuation of another stream",
            Frames.headers(1, Frames.request(), endsHeaders: false)
                + Frames.continuation(3, Frames.block([("x", "1")]), endsHeaders: true)
        ),
        two("a continuation of nothing", Frames.continuation(1, Frames.block(Frames.request()), endsHeaders: true)),
        two(
            "a promise by a client",
            Frames.headers(1, Frames.request(), ends: false)
                + Frames.frame(
                    0x5,
                    flags: 0x4,
                    stream: 1,
                    [0, 0, 0, 2] + Frames.block(Frames.request("GET", "/v1/smuggled"))
                )
        ),
        two(
            "padding that covers the next frame",
            Frames.headers(1, Frames.request(), ends: false)
                + Frames.frame(0x0, flags: 0x8, stream: 1, [255] + Array(hidden.utf8))
        ),
        two("HTTP/1 behind the beginning of HTTP/2", Array(hidden.utf8)),
    ]
}
