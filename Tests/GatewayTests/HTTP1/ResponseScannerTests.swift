import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5))) struct ResponseScannerTests {
    @Test(
        arguments: [
            ("no space after the status", "HTTP/1.1 200\r\n\r\n", HTTP1Refusal.Code.badStartLine),
            ("no HTTP", "ICY 200 OK of it\r\n\r\n", .unsupportedVersion),
            ("HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
            ("two digits", "HTTP/1.1 20 OK\r\n\r\n", .badStatus),
            ("four digits", "HTTP/1.1 2000 OK\r\n\r\n", .badStatus),
            ("status 600", "HTTP/1.1 600 OK\r\n\r\n", .badStatus),
            ("status 099", "HTTP/1.1 099 OK\r\n\r\n", .badStatus),
            ("NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n", .badStartLine),
            ("bare LF", "HTTP/1.1 200 OK\n\r\n", .bareLineFeed),
            (
                "CL and TE", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                .lengthAndEncoding
            ),
            ("equal CLs", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .duplicateContentLength),
            ("TE gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .badTransferEncoding),
            ("chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .badTransferEncoding),
            ("folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", .foldedField),
            ("space before colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", .badFieldName),
            ("switching protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n", .unsupportedUpgrade),
            ("204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nbody", .unexpectedBody),
            ("204 chunked", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", .unexpectedBody),
            ("100 with a body", "HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\nbody", .unexpectedBody),
            ("bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", .badChunk),
        ]
    ) func `a response that could be read in two ways is refused`(
        _ name: String,
        _ wire: String,
        _ expected: HTTP1Refusal.Code
    ) {
        for pieces in [Int.max, 1] {
            #expect(Reading.response(Array(wire.utf8), pieces: pieces).refusal == expected)
        }
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", HTTP1Method.get, [200], "ok"),
            ("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", .get, [200], "ok"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", .head, [200], ""),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", .get, [304], ""),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", .delete, [204], ""),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", .get, [200], "ok"),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", .get, [200], "until the end"),
            ("HTTP/1.0 200 OK\r\nServer: simple\r\n\r\nuntil the end", .get, [200], "until the end"),
            (
                "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .get,
                [103, 200], ""
            ),
            ("HTTP/1.1 200 OK\r\nX-Name: \u{e9}\r\nContent-Length: 0\r\n\r\n", .get, [200], ""),
        ]
    ) func `a response is framed by its fields and its request`(
        _ wire: String,
        _ method: HTTP1Method,
        _ statuses: [Int],
        _ body: String
    ) {
        for pieces in [Int.max, 1, 3] {
            let reading = Reading.response(Array(wire.utf8), to: method, pieces: pieces)
            #expect(reading.refusal == nil)
            #expect(reading.messages.map(\.status) == statuses)
            #expect(reading.messages.last?.body == Array(body.utf8))
        }
    }
}
