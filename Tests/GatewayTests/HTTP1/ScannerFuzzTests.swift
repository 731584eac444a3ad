import Testing

@testable import Gateway

/// A small, repeatable campaign; `scripts/fuzz` runs the large one with coverage as its guide.
@Suite(.timeLimit(.minutes(5))) struct ScannerFuzzTests {
    @Test func `bytes are read alike however they are cut`() {
        var random = Random(seed: 0xf22)
        for round in 0..<1_500 {
            var stream = RequestGrammar.stream(&random)
            for _ in 0..<Int.random(in: 0...4, using: &random) { RequestGrammar.mutate(&stream, &random) }
            let whole = Reading.requests(stream)
            let pieces = Int.random(in: 1...9, using: &random)
            #expect(Reading.requests(stream, pieces: pieces) == whole, "round \(round), pieces of \(pieces)")
        }
    }

    @Test func `random bytes are refused or waited for`() {
        var random = Random(seed: 0xbad)
        for _ in 0..<2_000 {
            let stream = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            #expect(Reading.requests(stream).messages.isEmpty)
            #expect(Reading.response(stream).messages.isEmpty)
        }
    }

    @Test func `small limits hold`() {
        var limits = HTTP1Limits()
        limits.headBytes = 64
        limits.fields = 2
        limits.targetBytes = 8
        let target = "GET /12345678 HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(Reading.requests(Array(target.utf8), limits: limits).refusal == .targetTooLong)
        let fields = "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n"
        #expect(Reading.requests(Array(fields.utf8), limits: limits).refusal == .tooManyFields)
        let head = "GET / HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "b", count: 64) + "\r\n\r\n"
        #expect(Reading.requests(Array(head.utf8), limits: limits).refusal == .headTooLarge)
        #expect(Reading.requests(Array(head.utf8), pieces: 1, limits: limits).refusal == .headTooLarge)
    }

    @Test func `a body larger than its limit is refused before it is read`() throws {
        #expect(throws: HTTP1Refusal(.bodyTooLarge)) { try BodyScanner(.length(11), limit: 10) }
        var chunks = try BodyScanner(.chunked, limit: 10)
        _ = try chunks.next(Array("5\r\nhello\r\n".utf8).span)
        #expect(throws: HTTP1Refusal(.bodyTooLarge)) { try chunks.next(Array("6\r\n".utf8).span) }
    }
}
