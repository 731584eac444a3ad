import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5))) struct RequestScannerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var wire: String
        var expected: HTTP1Refusal.Code?
        var testDescription: String { name }
        init(_ name: String, _ wire: String, _ expected: HTTP1Refusal.Code?) {
            self.name = name
            self.wire = wire
            self.expected = expected
        }
    }

    static let host = "Host: inference.example\r\n"

    @Test(
        arguments: [
            Case("lower-case method", "post / HTTP/1.1\r\n\(host)\r\n", .unknownMethod),
            Case("unknown method", "BREW / HTTP/1.1\r\n\(host)\r\n", .unknownMethod),
            Case("long method", "PROPFIND / HTTP/1.1\r\n\(host)\r\n", .unknownMethod),
            Case("CONNECT", "CONNECT inference.example:443 HTTP/1.1\r\n\(host)\r\n", .unsupportedMethod),
            Case("TRACE", "TRACE / HTTP/1.1\r\n\(host)\r\n", .unsupportedMethod),
            Case("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unknownMethod),
            Case("TLS on a plain port", "\u{16}\u{03}\u{01}\u{02}\r\n", .badStartLine),
            Case("empty line first", "\r\nGET / HTTP/1.1\r\n\(host)\r\n", .badStartLine),
            Case("two spaces", "GET  / HTTP/1.1\r\n\(host)\r\n", .badStartLine),
            Case("tab for space", "GET\t/ HTTP/1.1\r\n\(host)\r\n", .badStartLine),
            Case("space in target", "GET /a b HTTP/1.1\r\n\(host)\r\n", .badStartLine),
            Case("trailing space", "GET / HTTP/1.1 \r\n\(host)\r\n", .badStartLine),
            Case("no version", "GET /\r\n\(host)\r\n", .badTarget),
            Case("HTTP/0.9", "GET / HTTP/0.9\r\n\(host)\r\n", .unsupportedVersion),
            Case("HTTP/1.0", "GET / HTTP/1.0\r\n\(host)\r\n", .unsupportedVersion),
            Case("HTTP/1.2", "GET / HTTP/1.2\r\n\(host)\r\n", .unsupportedVersion),
            Case("HTTP/2.0", "GET / HTTP/2.0\r\n\(host)\r\n", .unsupportedVersion),
            Case("lower-case version", "GET / http/1.1\r\n\(host)\r\n", .badStartLine),
            Case("version of three digits", "GET / HTTP/1.10\r\n\(host)\r\n", .badStartLine),
            Case("fragment", "GET /a#b HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("non-ASCII target", "GET /\u{e9} HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("NUL in target", "GET /\0 HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("DEL in target", "GET /\u{7f} HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("asterisk", "OPTIONS * HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("relative target", "GET v1/predict HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("target too long", "GET /" + String(repeating: "a", count: 8192) + " HTTP/1.1\r\n", .targetTooLong),
            Case("target without end", "GET /" + String(repeating: "a", count: 9000), .targetTooLong),
            Case("absolute, other host", "GET http://other.example/ HTTP/1.1\r\n\(host)\r\n", .authorityMismatch),
            Case("absolute, other port", "GET http://inference.example:1/ HTTP/1.1\r\n\(host)\r\n", .authorityMismatch),
            Case("absolute, user", "GET http://a@inference.example/ HTTP/1.1\r\n\(host)\r\n", .authorityMismatch),
            Case("absolute, ftp", "GET ftp://inference.example/ HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("absolute, no host", "GET http:/// HTTP/1.1\r\n\(host)\r\n", .badTarget),
            Case("no Host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", .missingHost),
            Case("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", .badHost),
            Case("two Hosts", "GET / HTTP/1.1\r\n\(host)\(host)\r\n", .duplicateHost),
            Case("Host with user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", .badHost),
            Case("Host with list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .badHost),
            Case("Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badHost),
            Case("Host with bad port", "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", .badHost),
            Case("Host with empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", .badHost),
            Case("Host with open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .badHost),
            Case(
                "underscore Content_Length",
                "POST / HTTP/1.1\r\n\(host)Content_Length: 3\r\n\r\n",
                .ambiguousFieldName
            ),
            Case(
                "underscore Transfer_Encoding",
                "POST / HTTP/1.1\r\n\(host)Transfer_Encoding: chunked\r\n\r\n",
                .ambiguousFieldName
            ),
            Case("bare LF", "GET / HTTP/1.1\n\(host)\r\n", .bareLineFeed),
            Case("bare LF between fields", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", .bareLineFeed),
            Case("bare CR", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", .bareCarriageReturn),
            Case("CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", .bareCarriageReturn),
            Case("obs-fold", "GET / HTTP/1.1\r\n\(host)X: a\r\n b\r\n\r\n", .foldedField),
            Case("obs-fold with tab", "GET / HTTP/1.1\r\n\(host)X: a\r\n\tb\r\n\r\n", .foldedField),
            Case("space before the first field", "GET / HTTP/1.1\r\n \(host)\r\n", .foldedField),
            Case("space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", .badFieldName),
            Case("tab before colon", "GET / HTTP/1.1\r\n\(host)Content-Length\t: 3\r\n\r\n", .badFieldName),
            Case("no colon", "GET / HTTP/1.1\r\n\(host)Content-Length\r\n\r\n", .badFieldName),
            Case("empty name", "GET / HTTP/1.1\r\n\(host): a\r\n\r\n", .badFieldName),
            Case("NUL in name", "GET / HTTP/1.1\r\n\(host)X\0: a\r\n\r\n", .badFieldName),
            Case("NUL in value", "GET / HTTP/1.1\r\n\(host)X: a\0\r\n\r\n", .badFieldValue),
            Case("control in value", "GET / HTTP/1.1\r\n\(host)X: a\u{1}b\r\n\r\n", .badFieldValue),
            Case("vertical tab before chunked", smuggled("Transfer-Encoding: \u{b}chunked\r\n"), .badFieldValue),
            Case("non-ASCII value", "GET / HTTP/1.1\r\n\(host)X: \u{e9}\r\n\r\n", .badFieldValue),
            Case("CL and TE", smuggled("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), .lengthAndEncoding),
            Case("TE and CL", smuggled("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), .lengthAndEncoding),
            Case("TE and CL 0", smuggled("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), .lengthAndEncoding),
            Case("equal CLs", smuggled("Content-Length: 5\r\nContent-Length: 5\r\n"), .duplicateContentLength),
            Case("different CLs", smuggled("Content-Length: 5\r\nContent-Length: 6\r\n"), .duplicateContentLength),
            Case("CL list", smuggled("Content-Length: 5, 5\r\n"), .badContentLength),
            Case("CL sign", smuggled("Content-Length: +5\r\n"), .badContentLength),
            Case("CL negative", smuggled("Content-Length: -5\r\n"), .badContentLength),
            Case("CL hex", smuggled("Content-Length: 0x5\r\n"), .badContentLength),
            Case("CL leading zero", smuggled("Content-Length: 05\r\n"), .badContentLength),
            Case("CL empty", smuggled("Content-Length:\r\n"), .badContentLength),
            Case("CL overflow", smuggled("Content-Length: 18446744073709551621\r\n"), .badContentLength),
            Case("TE gzip, chunked", smuggled("Transfer-Encoding: gzip, chunked\r\n"), .badTransferEncoding),
            Case("TE chunked, chunked", smuggled("Transfer-Encoding: chunked, chunked\r\n"), .badTransferEncoding),
            Case("TE identity", smuggled("Transfer-Encoding: identity\r\n"), .badTransferEncoding),
            Case("TE Chunked", smuggled("Transfer-Encoding: Chunked\r\n"), .badTransferEncoding),
            Case("TE xchunked", smuggled("Transfer-Encoding: xchunked\r\n"), .badTransferEncoding),
            Case("TE quoted", smuggled("Transfer-Encoding: \"chunked\"\r\n"), .badTransferEncoding),
            Case("TE parameter", smuggled("Transfer-Encoding: chunked;q=1\r\n"), .badTransferEncoding),
            Case("TE empty", smuggled("Transfer-Encoding:\r\n"), .badTransferEncoding),
            Case(
                "TE twice",
                smuggled("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                .badTransferEncoding
            ),
            Case(
                "TE twice, other",
                smuggled("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
                .badTransferEncoding
            ),
            Case(
                "Connection nominates CL",
                smuggled("Content-Length: 5\r\nConnection: content-length\r\n"),
                .badConnection
            ),
            Case(
                "Connection nominates Host",
                "GET / HTTP/1.1\r\n\(host)Connection: close, host\r\n\r\n",
                .badConnection
            ),
            Case("Connection not a list", "GET / HTTP/1.1\r\n\(host)Connection: a b\r\n\r\n", .badConnection),
            Case(
                "Upgrade h2c",
                "GET / HTTP/1.1\r\n\(host)Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
                .unsupportedUpgrade
            ),
            Case("Upgrade websocket", "GET / HTTP/1.1\r\n\(host)Upgrade: websocket\r\n\r\n", .unsupportedUpgrade),
            Case("unknown Expect", "GET / HTTP/1.1\r\n\(host)Expect: 200-ok\r\n\r\n", .unsupportedExpectation),
            Case(
                "two Expects",
                "GET / HTTP/1.1\r\n\(host)Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
                .unsupportedExpectation
            ),
            Case("many fields", "GET / HTTP/1.1\r\n" + String(repeating: "X: a\r\n", count: 101), .tooManyFields),
            Case("large head", "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 32768), .headTooLarge),
            Case("chunk size with sign", chunked("+5\r\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("chunk size with 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("chunk size with underscore", chunked("1_0\r\n0123456789abcdef\r\n0\r\n\r\n"), .badChunk),
            Case("chunk size with space", chunked("5 \r\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("chunk size with leading space", chunked(" 5\r\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("empty chunk size", chunked("\r\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("chunk size of nine digits", chunked("000000005\r\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("chunk size overflow", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("chunk size with bare LF", chunked("5\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("chunk without its CRLF", chunked("5\r\nhello0\r\n\r\n"), .badChunk),
            Case("chunk longer than its size", chunked("5\r\nhello!\r\n0\r\n\r\n"), .badChunk),
            Case("chunk data with bare LF", chunked("5\r\nhello\n0\r\n\r\n"), .badChunk),
            Case("extension with bare LF", chunked("5;a\nhello\r\n0\r\n\r\n"), .badChunk),
            Case("extension without end", chunked("5;" + String(repeating: "a", count: 5000)), .badChunk),
            Case("trailer with space", chunked("0\r\nX : a\r\n\r\n"), .badTrailer),
            Case("trailer folded", chunked("0\r\nX: a\r\n b\r\n\r\n"), .badTrailer),
            Case("trailer bare LF", chunked("0\r\nX: a\n\r\n"), .badTrailer),
            Case("trailer without end", chunked("0\r\nX: " + String(repeating: "a", count: 5000)), .badTrailer),
        ]
    ) func `what could be read in two ways is refused`(_ item: Case) {
        for pieces in [Int.max, 1, 7] {
            let reading = Reading.requests(Array(item.wire.utf8), pieces: pieces)
            #expect(reading.refusal == item.expected, "in pieces of \(pieces)")
            #expect(reading.messages.isEmpty)
        }
    }

    /// A request whose framing two servers could read differently, with a second request inside.
    static func smuggled(_ framing: String) -> String {
        "POST / HTTP/1.1\r\n\(host)\(framing)\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\(host)\r\n"
    }

    /// A request with a chunked body.
    static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n\(body)"
    }

    struct Good: Sendable, CustomTestStringConvertible {
        var wire: String
        var messages: [ReadMessage]
        var testDescription: String { String(wire.prefix(60)).debugDescription }
    }

    @Test(
        arguments: [
            Good(wire: "GET / HTTP/1.1\r\n\(host)\r\n", messages: [ReadMessage(method: "GET", target: "/")]),
            Good(
                wire: "POST /v1/predict?a=b HTTP/1.1\r\nhost:a:8443\r\ncontent-length:5 \t\r\n\r\nhello",
                messages: [ReadMessage(method: "POST", target: "/v1/predict?a=b", body: Array("hello".utf8))]
            ),
            Good(
                wire: "GET http://inference.example/x HTTP/1.1\r\n\(host)\r\n",
                messages: [ReadMessage(method: "GET", target: "http://inference.example/x")]
            ),
            Good(
                wire: "GET / HTTP/1.1\r\nHost: [::1]:443\r\n\r\nDELETE /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                messages: [ReadMessage(method: "GET", target: "/"), ReadMessage(method: "DELETE", target: "/a")]
            ),
            Good(
                wire: chunked("5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n")
                    + "GET /next HTTP/1.1\r\n\(host)\r\n",
                messages: [
                    ReadMessage(method: "POST", target: "/", body: Array("hello world".utf8)),
                    ReadMessage(method: "GET", target: "/next"),
                ]
            ),
        ]
    ) func `what can be read in one way is read, however it is cut`(_ item: Good) {
        for pieces in [Int.max, 1, 2, 3, 5, 16] {
            let reading = Reading.requests(Array(item.wire.utf8), pieces: pieces)
            #expect(reading == Reading(messages: item.messages), "in pieces of \(pieces)")
        }
    }

    @Test func `a scanner tells what the connection and the body do`() throws {
        var scanner = RequestScanner(limits: HTTP1Limits())
        let wire =
            "PUT / HTTP/1.1\r\n\(Self.host)Connection: Close, X-Drop\r\nx_drop: 1\r\nExpect: 100-Continue\r\n"
            + "Content-Length: 3\r\nX-Keep: 1\r\n\r\n"
        #expect(try scanner.scan(Array(wire.utf8).span))
        #expect(!scanner.keepsAlive)
        #expect(scanner.expectsContinue)
        #expect(scanner.framing == .length(3))
        #expect(scanner.fields.lines.map(\.name) == [.host, .connection, .hopByHop, .expect, .contentLength, .other])
        scanner.reset()
        #expect(scanner.isAtStart)
        #expect(try scanner.scan(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span))
        #expect(scanner.keepsAlive && !scanner.expectsContinue && scanner.framing == .none)
    }

    @Test(
        arguments: [
            "X-Forwarded-For", "x-forwarded-client-cert", "Forwarded", "X-Real-IP", "X-Envoy-External-Address",
            "X-Lapwing-Spiffe-Id", "x_lapwing_spiffe_id", "X-SPIFFE-ID", "X-Original-URL", "X-Rewrite-URL",
            "X-HTTP-Method-Override", "x_http_method_override", "X-Method-Override", "X-Request-Id", "Client-Cert",
            "X-SSL-Client-Cert", "SSL-Client-Verify", "True-Client-IP", "X_Forwarded_Host", "X-Forwarded-",
        ]
    ) func `a field by which another hop would speak is told by its name`(_ name: String) throws {
        #expect(try fieldName(name) == .forwarding)
    }

    @Test(
        arguments: [
            ("Host", FieldName.host), ("CONTENT-LENGTH", .contentLength), ("transfer-Encoding", .transferEncoding),
            ("Connection", .connection), ("TE", .hopByHop), ("Proxy-Authorization", .hopByHop), ("Proxy", .hopByHop),
            ("Keep-Alive", .hopByHop), ("Proxy_Connection", .hopByHop), ("Traceparent", .traceparent),
            ("tracestate", .tracestate), ("Alt-Svc", .alternativeService), ("Upgrade", .upgrade), ("Expect", .expect),
            ("Accept", .other), ("X-Forwarde", .other), ("X-Lapwin", .other), ("Authorization", .other), ("X", .other),
            ("Content-Type", .other), ("X-Tenant", .other), ("Upgrade-Insecure-Requests", .other),
            ("Content-Length-Of-The-Body", .other),
        ]
    ) func `a name is told without regard to case`(_ name: String, _ expected: FieldName) throws {
        #expect(try fieldName(name) == expected)
    }

    private func fieldName(_ name: String) throws -> FieldName {
        let text = Array("\(name): value\r\n".utf8)
        return try FieldLine(text.span, 0..<text.count - 2, allowsOpaque: false).name
    }
}
