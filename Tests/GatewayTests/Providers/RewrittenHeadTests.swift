import Authorization
import NIOCore
import Testing
import ZeroTrust

@testable import Gateway

@Suite struct RewrittenHeadTests {
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

    @Test func `a request for a WebSocket is still one when a provider has changed it`() throws {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        let rewritten = try Self.rewrite(text, setting: Exchange.Header(name: "x-plan", value: "gold"))
        #expect(rewritten.scanner.fields.upgrade != nil && rewritten.scanner.fields.nominatesUpgrade)
        #expect(rewritten.scanner.fields.lines.last?.name == .other)
    }
}
