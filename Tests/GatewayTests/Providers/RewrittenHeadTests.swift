import Authorization
import NIOCore
import Testing
import ZeroTrust

@testable import Gateway

@Suite(.timeLimit(.minutes(5))) struct RewrittenHeadTests {
    private static func rewrite(_ text: String, setting header: Exchange.Header) throws -> RewrittenHead {
        let head = ByteBuffer(string: text)
        var scanner = RequestScanner(limits: HTTP1Limits(), allowsUpgrade: true)
        #expect(try scanner.scan(head.readableBytesUInt8Span))
        return try RewrittenHead(
            scanner,
            head,
            ExternalVerdict.Changes(setHeaders: [header]),
            limits: HTTP1Limits()
        )
    }

    @Test func `a client cannot have a provider's line dropped by naming it in Connection`() throws {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-plan\r\nX-Plan: free\r\n\r\n"
        let rewritten = try Self.rewrite(text, setting: Exchange.Header(name: "x-plan", value: "gold"))
        let plans = rewritten.scanner.fields.lines.suffix(2)
        #expect(plans.map(\.name) == [.hopByHop, .other])
        let value = try #require(plans.last?.value)
        #expect(rewritten.head.getString(at: value.lowerBound, length: value.count) == "gold")
    }

    @Test func `a provider's cookie stands beside the upstream's, and its other lines in their place`() throws {
        let head = ByteBuffer(string: "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Told: no\r\nContent-Length: 0\r\n\r\n")
        var scanner = ResponseScanner(limits: HTTP1Limits())
        #expect(try scanner.scan(head.readableBytesUInt8Span, answering: .get))
        let set = [("set-cookie", "b=2"), ("x-told", "yes")].map { Exchange.Header(name: $0.0, value: $0.1) }
        let written = HeadWriter.response(
            scanner,
            head,
            id: RequestID(milliseconds: 1, random: 1),
            closes: false,
            setting: set,
            bodyRoom: 0
        )
        let text = String(buffer: written)
        #expect(text.contains("Set-Cookie: a=1\r\n") && text.contains("set-cookie: b=2\r\n"))
        #expect(!text.contains("X-Told: no") && text.contains("x-told: yes\r\n"))
    }

    @Test func `a request for a WebSocket is still one when a provider has changed it`() throws {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        let rewritten = try Self.rewrite(text, setting: Exchange.Header(name: "x-plan", value: "gold"))
        #expect(rewritten.scanner.fields.upgrade != nil && rewritten.scanner.fields.nominatesUpgrade)
        #expect(rewritten.scanner.fields.lines.last?.name == .other)
    }
}
