import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct StreamingTests {
    @Test func `each event reaches the client before the next one is made`() async throws {
        let responders = Observed<[TestUpstream.Responder]>([])
        try await TestGateway.with({ _, responder in
            responder.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            responders.update { $0.append(responder) }
        }) { gateway, _ in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/stream"))
            await client.wait(for: "text/event-stream")
            let upstream = try #require(await responders.wait { !$0.isEmpty }.first)
            for event in 1...5 {
                upstream.write("9\r\ndata: \(event)\n\n\r\n")
                await client.wait(for: "data: \(event)\n\n")
                #expect(!client.heard.value.text.contains("data: \(event + 1)"))
            }
            upstream.write("0\r\n\r\n")
            await client.wait(for: "\r\n0\r\n\r\n")
            let completion = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(completion["ended"] == "complete" && completion["response.bytes"] == "45")
            await client.close()
        }
    }

    @Test func `an upstream is not read faster than the client reads`() async throws {
        let total = 64 << 20
        let sent = Observed(0)
        try await TestGateway.with({ _, responder in
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            Self.pour(total, into: responder.channel, sent)
        }) { gateway, _ in
            let client = try await gateway.client(autoRead: false)
            client.send(TestGateway.post("/v1/stream"))
            // The upstream can send only what the buffers between it and a client that does not read will hold.
            let ready = await sent.wait { $0 > 0 }
            #expect(ready > 0)
            let held = try await Self.settled(sent, gateway)
            #expect(held < total / 2, "\(held) of \(total) bytes left the upstream")
            try await client.resume()
            await sent.wait { $0 == total }
            await client.heard.wait { $0.text.utf8.count >= total }
            let completions = await gateway.log.entries.wait { $0.contains { $0["response.bytes"] == "\(total)" } }
            #expect(completions.last?["ended"] == "complete")
            await client.close()
        }
    }

    @Test func `a client is not read faster than the upstream reads`() async throws {
        let total = 64 << 20
        let sent = Observed(0)
        let stopped = Observed<TestUpstream.Responder?>(nil)
        let upstream = try await SilentUpstream.start(stopped)
        let gateway = try await TestGateway.start(upstream: nil, transport: upstream.transport) { configuration in
            configuration.routes[0].bodyLimit = 1 << 30
        }
        let client = try await gateway.client()
        client.send("POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\n\r\n")
        _ = await stopped.wait { $0 != nil }
        client.pour(total, sent)
        let held = try await Self.settled(sent, gateway)
        #expect(held < total / 2, "\(held) of \(total) bytes left the client")
        try await stopped.value?.channel.setOption(.autoRead, value: true).get()
        await sent.wait { $0 == total }
        await client.close()
        await gateway.stop()
        await upstream.stop()
    }

    /// Writes so many bytes, a piece after each piece that left.
    static func pour(_ left: Int, into channel: any Channel, _ sent: Observed<Int>) {
        guard left > 0 else { return }
        let count = min(left, 64 * 1024)
        channel.writeAndFlush(ByteBuffer(repeating: UInt8(ascii: "x"), count: count)).whenSuccess {
            sent.update { $0 += count }
            pour(left - count, into: channel, sent)
        }
    }

    /// The count once it no longer grows: when it stayed the same over several whole requests through the same loop.
    static func settled(_ count: Observed<Int>, _ gateway: TestGateway) async throws -> Int {
        let other = try await gateway.client("/ns/ml-training/sa/trainer")
        var last = -1
        var same = 0
        var requests = 0
        while same < 5 {
            let now = count.value
            same = now == last ? same + 1 : 0
            last = now
            requests += 1
            _ = await other.request(TestGateway.post(), responses: requests)
        }
        await other.close()
        return last
    }
}

/// An upstream that accepts, and stops reading after the first bytes.
final class SilentUpstream: Sendable {
    let transport: Upstream.Transport
    private let channel: any Channel

    private init(_ channel: any Channel) {
        self.channel = channel
        self.transport = .plaintext(address: "127.0.0.1", port: channel.localAddress?.port ?? 0)
    }

    static func start(_ stopped: Observed<TestUpstream.Responder?>) async throws -> SilentUpstream {
        SilentUpstream(
            try await TestUpstream.bind { channel in
                try channel.pipeline.syncOperations.addHandler(Stopper(stopped))
            }
        )
    }

    func stop() async { try? await channel.close() }

    private final class Stopper: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let stopped: Observed<TestUpstream.Responder?>

        init(_ stopped: Observed<TestUpstream.Responder?>) {
            self.stopped = stopped
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard stopped.value == nil else { return }
            let stopped = stopped
            let channel = context.channel
            channel.setOption(.autoRead, value: false).whenComplete { _ in
                stopped.update { $0 = TestUpstream.Responder(channel: channel) }
            }
        }
    }
}
