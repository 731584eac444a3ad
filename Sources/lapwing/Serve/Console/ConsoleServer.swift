import Console
import Federation
import Glibc
import MutualTLS
import NIOCore
import NIOHTTP1
import NIOPosix
import SPIFFE
import Synchronization
import ZeroTrust

/// The console's HTTP server: on loopback or over mutual TLS, a connection for each request, bounded in all that a request
/// can be.
struct ConsoleServer: Sendable {
    /// Answers a request, of a caller whose certificate was verified where the connection has one.
    typealias Ask = @Sendable (ConsoleRequest, Peer?) async -> Answer

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
        /// The most of them from one address, so that nobody alone keeps the others out.
        var perAddress = Int.max
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
        let open = Connections(bounds)
        let way = Way(bounds: bounds, open: open, ask: { request, _ in await answer(request) })
        var attempts = 0
        while true {
            attempts += 1
            let first: any Channel
            do { first = try await listener(on: "127.0.0.1", port, way) } catch {
                throw ListenError(host: "127.0.0.1", port: port, cause: error)
            }
            let chosen = first.localAddress?.port ?? port
            do {
                let second = try await listener(on: "::1", chosen, way)
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

    /// Listens over mutual TLS.
    ///
    /// - Parameters:
    ///   - address: the address.
    ///   - port: the port; 0 for any that is free.
    ///   - bounds: what a connection may take.
    ///   - identity: what is shown, and by what callers are judged; nil where there is nothing to show, and connections
    ///     are closed.
    ///   - onRefusal: hears of each connection whose caller was not verified.
    ///   - answer: answers a request of a caller whose certificate was verified.
    /// - Returns: the server, which listens.
    /// - Throws: ``ListenError`` where the port is taken.
    static func start(
        overTLSOn address: IPAddress,
        port: Int,
        bounds: Bounds = Bounds(perAddress: 16),
        identity: @escaping @Sendable () -> TLSIdentity?,
        onRefusal: @escaping @Sendable (RefusedConnection) -> Void,
        answer: @escaping @Sendable (ConsoleRequest, Peer) async -> Answer
    ) async throws -> ConsoleServer {
        let open = Connections(bounds)
        let way = Way(
            bounds: bounds,
            open: open,
            tls: Way.TLS(identity: identity, onRefusal: onRefusal),
            ask: { request, peer in
                // Without a caller nothing comes so far.
                guard let peer else { return .whole(ConsoleService.message(403, "Who are you?", ["Refused."])) }
                return await answer(request, peer)
            }
        )
        do {
            let channel = try await listener(on: address.description, port, way)
            return ConsoleServer(channels: [channel], open: open)
        } catch {
            throw ListenError(host: address.description, port: port, cause: error)
        }
    }

    /// How connections are taken.
    private struct Way: Sendable {
        struct TLS: Sendable {
            let identity: @Sendable () -> TLSIdentity?
            let onRefusal: @Sendable (RefusedConnection) -> Void
        }

        let bounds: Bounds
        let open: Connections
        var tls: TLS?
        let ask: Ask
    }

    private static func listener(on host: String, _ port: Int, _ way: Way) async throws -> any Channel {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ConsoleIntake.maximumHead
        limits.maxHeaderListSize = ConsoleIntake.maximumHead
        limits.maxHeaderFieldCount = 100
        let headLimits = limits
        return try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let open = way.open
                    // A closed channel does not say any more where it came from.
                    let address = HTTPSEndpoint.source(channel.remoteAddress?.ipAddress)
                    guard open.enter(channel, from: address) else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    channel.closeFuture.whenComplete { _ in open.leave(channel, from: address) }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls = way.tls {
                        guard let identity = tls.identity() else { throw ChannelError.inappropriateOperationForState }
                        try pipeline.addHandlers(try identity.serverHandlers(onRefusal: tls.onRefusal))
                    }
                    try pipeline.addHandler(ConsoleIntake())
                    try pipeline.configureHTTPServerPipeline(
                        withErrorHandling: true,
                        withEncoderConfiguration: .init(),
                        withDecoderLimitConfiguration: headLimits
                    )
                    try pipeline.addHandler(ConsoleHandler(way.bounds, isVerified: way.tls != nil, way.ask))
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
            /// How many each address has.
            var counts: [String: Int] = [:]
            var hasEnded = false
        }

        private let limit: Int
        private let limitPerAddress: Int
        /// Guards the connections.
        private let state = Mutex(State())

        init(_ bounds: Bounds) {
            limit = bounds.connections
            limitPerAddress = bounds.perAddress
        }

        /// Takes one more from an address; false where there is no room.
        func enter(_ channel: any Channel, from address: String) -> Bool {
            state.withLock { state in
                let count = state.counts[address] ?? 0
                guard !state.hasEnded, state.channels.count < limit, count < limitPerAddress else { return false }
                state.channels[ObjectIdentifier(channel)] = channel
                state.counts[address] = count + 1
                return true
            }
        }

        /// Takes one away that was taken in from an address.
        func leave(_ channel: any Channel, from address: String) {
            state.withLock { state in
                state.channels[ObjectIdentifier(channel)] = nil
                let left = (state.counts[address] ?? 0) - 1
                state.counts[address] = left > 0 ? left : nil
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
