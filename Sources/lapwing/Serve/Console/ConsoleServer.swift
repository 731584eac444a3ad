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

    /// How much, and how long, a connection may take.
    struct Bounds: Sendable {
        /// How long a request's head may take to come.
        var headPatience = TimeAmount.seconds(3)
        /// How long its body may take then.
        var bodyPatience = TimeAmount.seconds(10)
        /// How long a reader may take to read what was written for it.
        var writePatience = TimeAmount.seconds(30)
        /// The most connections at a time.
        var connections = 128
    }

    /// The console cannot listen on an address.
    struct ListenError: Error, CustomStringConvertible {
        let host: String
        let port: Int
        let cause: any Error

        var description: String { "port \(port) of \(host) cannot be used: \(cause)" }
    }

    /// How often another port is tried where any would do.
    private static let maximumAttempts = 16

    /// What listens: on 127.0.0.1, and on ::1 where the machine has it.
    private let channels: [any Channel]
    private let open: Connections

    /// Listens on loopback, on one port of both its addresses.
    ///
    /// A browser that is given a name under `localhost` asks ::1 first. Whoever else listened there on our port would be
    /// sent the tokens and the cookies that are ours.
    ///
    /// - Throws: ``ListenError`` where the port is taken on either address.
    static func start(
        port: Int,
        bounds: Bounds = Bounds(),
        answer: @escaping @Sendable (ConsoleRequest) async -> Answer
    ) async throws -> ConsoleServer {
        let open = Connections(limit: bounds.connections)
        var attempts = 0
        while true {
            attempts += 1
            let first: any Channel
            do { first = try await listener(on: "127.0.0.1", port, bounds, open, answer) } catch {
                throw ListenError(host: "127.0.0.1", port: port, cause: error)
            }
            let chosen = first.localAddress?.port ?? port
            do {
                let second = try await listener(on: "::1", chosen, bounds, open, answer)
                return ConsoleServer(channels: [first, second], open: open)
            } catch {
                let code = (error as? IOError)?.errnoCode ?? 0
                // Without IPv6 nobody can listen there.
                if code == EADDRNOTAVAIL || code == EAFNOSUPPORT { return ConsoleServer(channels: [first], open: open) }
                try? await first.close()
                guard port == 0, code == EADDRINUSE, attempts < maximumAttempts else {
                    throw ListenError(host: "::1", port: chosen, cause: error)
                }
            }
        }
    }

    private static func listener(
        on host: String,
        _ port: Int,
        _ bounds: Bounds,
        _ open: Connections,
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
                    guard open.enter(channel) else { throw ChannelError.inappropriateOperationForState }
                    channel.closeFuture.whenComplete { _ in open.leave(channel) }
                    try channel.pipeline.syncOperations.addHandler(ConsoleIntake())
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withErrorHandling: true,
                        withEncoderConfiguration: .init(),
                        withDecoderLimitConfiguration: headLimits
                    )
                    try channel.pipeline.syncOperations.addHandler(ConsoleHandler(bounds, answer))
                }
            }
            .bind(host: host, port: port)
            .get()
    }

    /// The port that it listens on.
    var port: Int { channels.first?.localAddress?.port ?? 0 }

    /// Stops listening, and ends what is open.
    func stop() async {
        for channel in channels { try? await channel.close() }
        for channel in open.end() { try? await channel.close() }
    }

    /// The connections that are open.
    private final class Connections: Sendable {
        private struct State {
            var channels: [ObjectIdentifier: any Channel] = [:]
            var hasEnded = false
        }

        private let limit: Int
        /// Guards the connections.
        private let state = Mutex(State())

        init(limit: Int) {
            self.limit = limit
        }

        /// Takes one more; false where there is no room.
        func enter(_ channel: any Channel) -> Bool {
            state.withLock { state in
                guard !state.hasEnded, state.channels.count < limit else { return false }
                state.channels[ObjectIdentifier(channel)] = channel
                return true
            }
        }

        func leave(_ channel: any Channel) {
            state.withLock { state in
                state.channels[ObjectIdentifier(channel)] = nil
            }
        }

        /// Lets nobody in any more; returns those that are to be closed.
        func end() -> [any Channel] {
            state.withLock { state in
                state.hasEnded = true
                return Array(state.channels.values)
            }
        }
    }
}
