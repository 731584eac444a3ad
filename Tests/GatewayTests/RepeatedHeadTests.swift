import NIOCore
import NIOEmbedded
import Testing

@testable import Gateway

/// A head that is the same bytes as the one before on its connection is not read again, and means the same.
@Suite(.timeLimit(.minutes(5))) struct RepeatedHeadTests {
    /// Sends a request in some pieces; returns what came out at the upstream, and lets that answer.
    private func exchange(_ pieces: [String], _ bench: RetryTests.Bench) throws -> (sent: String, heard: String) {
        for piece in pieces { try bench.client.writeInbound(ByteBuffer(string: piece)) }
        var sent = ""
        while let bytes = try bench.upstreams[0].channel.readOutbound(as: ByteBuffer.self) {
            sent += String(buffer: bytes)
        }
        if sent.isEmpty { return ("", try bench.heard()) }
        return (sent, try bench.answer(0))
    }

    @Test func `the same head goes on as often as it comes, each time with its own body`() throws {
        let bench = try RetryTests.Bench(upstreams: 1)
        var ids: Set<Substring> = []
        for body in ["one", "two", "six", "ten"] {
            let (sent, heard) = try exchange([TestGateway.post("/v1/predict", body)], bench)
            #expect(sent.hasPrefix("POST /v1/predict HTTP/1.1\r\n") && sent.hasSuffix("\r\n\r\n" + body))
            #expect(heard.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let id = try #require(sent.split(separator: "\r\n").first { $0.hasPrefix("x-request-id: ") })
            #expect(heard.contains(id))
            ids.insert(id)
        }
        #expect(ids.count == 4)
        #expect(bench.log.entries.filter { $0["kind"] == "decision" }.count == 4)
    }

    @Test func `a head that differs in a byte is read`() throws {
        let bench = try RetryTests.Bench(upstreams: 1)
        let allowed = TestGateway.post("/v1/predict", "{}")
        let denied = TestGateway.post("/v1/predicT", "{}")
        #expect(allowed.utf8.count == denied.utf8.count)
        for _ in 0..<3 {
            #expect(try exchange([allowed], bench).heard.hasPrefix("HTTP/1.1 200"))
            let (sent, heard) = try exchange([denied], bench)
            #expect(sent.isEmpty && heard.hasPrefix("HTTP/1.1 403"))
        }
        // The same beginning, and another length.
        let (sent, _) = try exchange([TestGateway.post("/v1/predict", "{\"a\":1}", headers: "X-A: 1\r\n")], bench)
        #expect(sent.contains("\r\nX-A: 1\r\n") && sent.hasSuffix("\r\n\r\n{\"a\":1}"))
        #expect(try !exchange([allowed], bench).sent.contains("X-A"))
    }

    @Test func `a head that comes in pieces is read, and so is the next`() throws {
        let bench = try RetryTests.Bench(upstreams: 1)
        let request = TestGateway.post("/v1/predict", "body")
        for cut in stride(from: 1, to: request.utf8.count, by: 7) {
            let middle = request.utf8.index(request.startIndex, offsetBy: cut)
            for pieces in [[request], [String(request[..<middle]), String(request[middle...])]] {
                let (sent, heard) = try exchange(pieces, bench)
                #expect(sent.hasPrefix("POST /v1/predict HTTP/1.1\r\n") && sent.hasSuffix("\r\n\r\nbody"), "\(cut)")
                #expect(heard.hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
        }
    }

    @Test func `the policy in force decides, whatever was decided before on the same head`() throws {
        let bench = try RetryTests.Bench(upstreams: 1)
        let request = TestGateway.post("/v1/predict", "{}")
        #expect(try exchange([request], bench).heard.hasPrefix("HTTP/1.1 200"))
        #expect(try exchange([request], bench).heard.hasPrefix("HTTP/1.1 200"))
        let snapshots = bench.worker.context.snapshots
        let other = try TestGateway.snapshot(TestGateway.policy(#"{ methods: ["POST"], paths: ["/v1/other"] }"#))
        snapshots.replace(GatewaySnapshot(snapshots.current.configuration, policy: other))
        let (sent, heard) = try exchange([request], bench)
        #expect(sent.isEmpty && heard.hasPrefix("HTTP/1.1 403"))
    }
}
