import NIOCore
import NIOHTTP1
import NIOPosix
import ZeroTrust

/// The endpoint's HTTP server: loopback only, `GET` of one path, a connection for each request.
public struct CredentialServer: Sendable {
    /// The path that SDKs are given.
    public static let path = "/v1/credentials"
    /// The most connections at a time.
    static let maximumConnections = 256

    private let channel: any Channel

    /// Listens on 127.0.0.1.
    ///
    /// - Parameters:
    ///   - port: the port; 0 for any that is free.
    ///   - answer: answers a request over a connection.
    /// - Returns: the server, listening.
    /// - Throws: where the port is taken.
    public static func start(
        port: Int,
        answer: @escaping @Sendable (CredentialEndpoint.Connection) async -> CredentialEndpoint.Answer
    ) async throws -> CredentialServer {
        let open = ManagedCount(limit: maximumConnections)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard open.enter() else { throw ChannelError.connectTimeout(.zero) }
                    channel.closeFuture.whenComplete { _ in open.leave() }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(CredentialHandler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        return CredentialServer(channel: channel)
    }

    /// The port that it listens on.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// What an SDK is told, in `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
    public var url: String { "http://127.0.0.1:\(port)\(Self.path)" }

    /// Stops listening.
    public func stop() async throws { try await channel.close() }
}
