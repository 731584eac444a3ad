import Console
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The console's HTTP server: on loopback, a connection for each request, bounded in all that a request can be.
struct ConsoleServer: Sendable {
    /// What is answered.
    enum Answer: Sendable {
        case whole(ConsoleResponse)
        /// Server-sent events as they come; nil ends them, and then, or when the reader has gone, `done` is called.
        case events(next: @Sendable () async -> String?, done: @Sendable () -> Void)
    }

    /// The most connections at a time.
    static let maximumConnections = 128

    /// How often another port is tried where any would do.
    private static let maximumAttempts = 16

    /// What listens: on 127.0.0.1, and on ::1 where the machine has it.
    private let channels: [any Channel]

    /// Listens on loopback, on one port of both its addresses.
    ///
    /// A browser that is given a name under `localhost` asks ::1 first. Whoever else listened there on our port would be
    /// sent the tokens and the cookies that are ours.
    ///
    /// - Throws: where the port is taken on either address.
    static func start(
        port: Int,
        answer: @escaping @Sendable (ConsoleRequest) async -> Answer
    ) async throws -> ConsoleServer {
        let open = Count(limit: maximumConnections)
        var attempts = 0
        while true {
            attempts += 1
            let first = try await listener(on: "127.0.0.1", port, open, answer)
            do {
                let second = try await listener(on: "::1", first.localAddress?.port ?? port, open, answer)
                return ConsoleServer(channels: [first, second])
            } catch {
                let code = (error as? IOError)?.errnoCode ?? 0
                // Without IPv6 nobody can listen there.
                if code == EADDRNOTAVAIL || code == EAFNOSUPPORT { return ConsoleServer(channels: [first]) }
                try? await first.close()
                guard port == 0, code == EADDRINUSE, attempts < maximumAttempts else { throw error }
            }
        }
    }

    private static func listener(
        on host: String,
        _ port: Int,
        _ open: Count,
        _ answer: @escaping @Sendable (ConsoleRequest) async -> Answer
    ) async throws -> any Channel {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ConsoleIntake.maximumHead
        limits.maxHeaderListSize = ConsoleIntake.maximumHead
        limits.maxHeaderFieldCount = 100
        let headLimits = limits
        return try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard open.enter() else { throw ChannelError.inappropriateOperationForState }
                    channel.closeFuture.whenComplete { _ in open.leave() }
                    try channel.pipeline.syncOperations.addHandler(ConsoleIntake())
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withErrorHandling: true,
                        withEncoderConfiguration: .init(),
                        withDecoderLimitConfiguration: headLimits
                    )
                    try channel.pipeline.syncOperations.addHandler(ConsoleHandler(answer))
                }
            }
            .bind(host: host, port: port)
            .get()
    }

    /// The port that it listens on.
    var port: Int { channels.first?.localAddress?.port ?? 0 }

    /// Stops listening.
    func stop() async {
        for channel in channels { try? await channel.close() }
    }

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
