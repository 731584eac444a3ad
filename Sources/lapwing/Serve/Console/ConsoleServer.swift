import Console
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The console's HTTP server: on 127.0.0.1, a connection for each request, bounded in all that a request can be.
struct ConsoleServer: Sendable {
    /// What is answered.
    enum Answer: Sendable {
        case whole(ConsoleResponse)
        /// Server-sent events as they come; nil ends them, and then, or when the reader has gone, `done` is called.
        case events(next: @Sendable () async -> String?, done: @Sendable () -> Void)
    }

    /// The most connections at a time.
    static let maximumConnections = 128

    private let channel: any Channel

    /// Listens on loopback.
    ///
    /// - Throws: where the port is taken.
    static func start(
        port: Int,
        answer: @escaping @Sendable (ConsoleRequest) async -> Answer
    ) async throws -> ConsoleServer {
        let open = Count(limit: maximumConnections)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard open.enter() else { throw ChannelError.inappropriateOperationForState }
                    channel.closeFuture.whenComplete { _ in open.leave() }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(ConsoleHandler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        return ConsoleServer(channel: channel)
    }

    /// The port that it listens on.
    var port: Int { channel.localAddress?.port ?? 0 }

    /// Stops listening.
    func stop() async { try? await channel.close() }

    /// How many there are of something that is limited.
    final class Count: Sendable {
        private let limit: Int
        /// Guards the number.
        private let number = Mutex(0)

        init(limit: Int) {
            self.limit = limit
        }

        /// Counts one more; false where there is no room.
        func enter() -> Bool {
            number.withLock { number in
                guard number < limit else { return false }
                number += 1
                return true
            }
        }

        func leave() { number.withLock { $0 -= 1 } }
    }
}
