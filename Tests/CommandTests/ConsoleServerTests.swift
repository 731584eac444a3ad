import Console
import NIOCore
import NIOPosix
import Testing

@testable import lapwing

/// The console's port is the console's on both addresses of loopback.
@Suite struct ConsoleServerTests {
    private static func start(port: Int) async throws -> ConsoleServer {
        try await ConsoleServer.start(port: port) { _ in
            .whole(ConsoleResponse(contentType: "text/plain", text: "here"))
        }
    }

    private static func listener(on host: String, _ port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: port)
            .get()
    }

    @Test(arguments: ["127.0.0.1", "::1"]) func `nobody else can listen on its port`(_ host: String) async throws {
        let server = try await Self.start(port: 0)
        await #expect(throws: (any Error).self) { _ = try await Self.listener(on: host, server.port) }
        await server.stop()
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `it does not begin on a port that somebody has on either address`(_ host: String) async throws {
        // Without IPv6 there is nothing to be taken.
        guard let other = try? await Self.listener(on: host, 0) else { return }
        let port = try #require(other.localAddress?.port)
        await #expect(throws: (any Error).self) { _ = try await Self.start(port: port) }
        try await other.close()
    }
}
