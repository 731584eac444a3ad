import Glibc
public import NIOCore
import NIOHTTP1
public import NIOPosix

/// How a registry is reached, and what the bytes travel in.
public struct RegistryConnector: Sendable {
    /// Where it is.
    public enum Address: Sendable {
        /// A Unix socket.
        case unixSocket(String)
        /// A host and a port.
        case host(String, port: Int)
    }

    private let address: Address
    private let group: any EventLoopGroup
    private let transport: @Sendable () throws -> [any ChannelHandler]

    /// A way to a registry.
    ///
    /// - Parameters:
    ///   - address: where it is.
    ///   - group: the event loops.
    ///   - transport: the handlers of a new connection that stand before HTTP, such as those of TLS.
    public init(
        _ address: Address,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        transport: @escaping @Sendable () throws -> [any ChannelHandler] = { [] }
    ) {
        self.address = address
        self.group = group
        self.transport = transport
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// Sends a request on a connection of its own and reads the answer as it comes.
    func exchange<Result: Sendable>(
        _ head: HTTPRequestHead,
        _ content: BodyPieces?,
        _ take: (HTTPResponseHead, BodyPieces) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect()
        return try await connection.executeThenClose { parts, output in
            var failure: (any Error)?
            do {
                try await output.write(.head(head))
                while let content, let piece = try await content() {
                    try await output.write(.body(.byteBuffer(piece)))
                }
                try await output.write(.end(nil))
            } catch {
                // A server that refuses what comes may answer, and close, before all of it has come.
                failure = error
            }
            var iterator = parts.makeAsyncIterator()
            while true {
                let part: HTTPClientResponsePart?
                do { part = try await iterator.next(isolation: #isolation) } catch { throw failure ?? error }
                guard case .head(let answer) = part else {
                    throw failure ?? RegistryClientError(.unreachable, "the registry closed the connection unasked")
                }
                if answer.status.code < 200 { continue }
                return try await take(answer) {
                    switch try await iterator.next(isolation: #isolation) {
                    case .body(let bytes): return bytes
                    case .end: return nil
                    case .head, nil:
                        throw RegistryClientError(.unreachable, "the registry closed the connection in the middle")
                    }
                }
            }
        }
    }

    /// Makes a connection for several requests, one after the other.
    func converse<Result: Sendable>(
        _ work: (inout RegistryConversation) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect()
        return try await connection.executeThenClose { answers, output in
            var conversation = RegistryConversation(answers.makeAsyncIterator(), output)
            return try await work(&conversation)
        }
    }

    private func connect() async throws -> Connection {
        let bootstrap = ClientBootstrap(group: group).connectTimeout(.seconds(10))
        let prepare: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers(self.transport())
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                return try Connection(wrappingChannelSynchronously: channel)
            }
        }
        do {
            switch address {
            case .unixSocket(let path):
                return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: prepare)
            case .host(let host, let port):
                return try await bootstrap.connect(host: host, port: port, channelInitializer: prepare)
            }
        } catch {
            throw RegistryClientError(
                .unreachable,
                "the registry at `\(place)` cannot be reached: \(Self.reason(of: error))"
            )
        }
    }

    private var place: String {
        switch address {
        case .unixSocket(let path): path
        case .host(let host, let port): "\(host):\(port)"
        }
    }

    /// What the system says of a connection that was not made, without the names of types.
    private static func reason(of error: any Error) -> String {
        guard let failures = error as? NIOConnectionError else {
            // Sound: the text is copied before anything else can ask for one.
            return (error as? IOError).map { unsafe String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        }
        return failures.connectionErrors.first.map { reason(of: $0.error) } ?? "nothing of that name is known"
    }
}
