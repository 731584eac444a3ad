import NIOCore
import NIOPosix
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(1))) struct RawClientTests {
    /// Answers whatever comes, and leaves the connection open.
    private final class Answering: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        let parts: [String]

        init(_ parts: [String]) { self.parts = parts }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            for part in parts { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: part)), promise: nil) }
        }
    }

    @Test func `an answer is whole when its head says so, though nobody closes`() async throws {
        let answering = Answering(["HTTP/1.1 403 Forbidden\r\nCONTENT-Length:  5\r\n", "\r\nwh", "y ?"])
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { $0.pipeline.addHandler(answering) }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let client = RawClient(group: .singletonMultiThreadedEventLoopGroup, host: "127.0.0.1", port: port)
        guard
            case .answer(403, _, let body, _) = await client.exchange(
                Array("GET / HTTP/1.1\r\n\r\n".utf8),
                over: .plaintext
            )
        else {
            Issue.record("there is no answer")
            return
        }
        #expect(body == Array("why ?".utf8))
        try await server.close()
    }
}
