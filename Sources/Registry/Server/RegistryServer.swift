import CLinux
public import Logging
public import NIOCore
import NIOHTTP1
public import NIOPosix
import RPC
import Synchronization
import ZeroTrust

/// Serves a ``ModelRegistry`` over HTTP/1.1 on a Unix socket to one gateway.
///
/// Only processes of the users given can connect, which the kernel says. Whom a request comes from is what the gateway
/// says in `x-lapwing-spiffe-id`: it has verified the certificate, and lets no client send that field. A request without
/// it is refused.
public final class RegistryServer: Sendable {
    /// The field in which the gateway names the caller.
    public static let identityField = "x-lapwing-spiffe-id"
    /// The most that is read and thrown away of a request that is refused, before its connection is closed instead.
    private static let skippedLength = 1 << 20

    private let routes: RegistryRoutes
    private let allowedUIDs: Set<UInt32>
    private let logger: Logger
    private let group: any EventLoopGroup
    private struct State {
        var task: Task<Void, Never>?
        var socket: UnixSocketListener?
    }
    /// Guards what listens.
    private let state = Mutex(State())

    /// A server that listens on nothing yet.
    public init(
        _ registry: ModelRegistry,
        allowedUIDs: Set<UInt32>,
        logger: Logger = Logger(label: "lapwing.registry"),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.routes = RegistryRoutes(registry: registry)
        self.allowedUIDs = allowedUIDs
        self.logger = logger
        self.group = group
    }

    /// Listens on a Unix socket; one that nobody listens on any more is replaced.
    public func bind(unixSocket path: String, mode: UInt32 = 0o600) async throws {
        let socket = try UnixSocketListener(path: path, mode: mode)
        let server: NIOAsyncChannel<Connection?, Never>
        do {
            server = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .bind(socket.descriptor) { channel in
                    channel.eventLoop.makeCompletedFuture { try self.configure(channel) }
                }
        } catch {
            socket.unlinkPath()
            throw error
        }
        let task = Task { await self.accept(server) }
        state.withLock {
            $0.task = task
            $0.socket = socket
        }
    }

    /// Stops listening and ends what is under way: an upload goes on later where it was.
    public func stop() async {
        let (task, socket) = state.withLock { ($0.task, $0.socket) }
        socket?.unlinkPath()
        task?.cancel()
        await task?.value
    }

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    private func configure(_ channel: any Channel) throws -> Connection? {
        let pipeline = channel.pipeline.syncOperations
        let uid = try pipeline.withUnsafeTransportIfAvailable(of: CInt.self) { descriptor -> UInt32? in
            var credentials = lapwing_peer_credentials()
            // Sound: the call writes into the value for its own time only.
            return unsafe lapwing_peer_credentials(descriptor, &credentials) == 0 ? credentials.uid : nil
        }
        guard let uid = uid ?? nil, allowedUIDs.contains(uid) else {
            logger.warning("connection refused", metadata: ["peer.uid": "\((uid ?? nil).map(String.init) ?? "?")"])
            channel.close(promise: nil)
            return nil
        }
        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
        return try Connection(wrappingChannelSynchronously: channel)
    }

    private func accept(_ server: NIOAsyncChannel<Connection?, Never>) async {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        guard let connection else { continue }
                        group.addTask { await self.serve(connection) }
                    }
                }
                group.cancelAll()
            }
        } catch is CancellationError {} catch {
            logger.error("the registry accepts no connections any more", metadata: ["error": "\(error)"])
        }
    }

    private func serve(_ connection: Connection) async {
        do {
            try await connection.executeThenClose { parts, output in
                let body = RequestBody(parts.makeAsyncIterator())
                while let head = try await body.nextHead() {
                    var response = await answer(head, body)
                    let isClean = try await body.skip(limit: Self.skippedLength)
                    if !isClean || !head.isKeepAlive {
                        response.headers.replaceOrAdd(name: "connection", value: "close")
                    }
                    try await send(response, to: output, of: connection.channel, isHead: head.method == .HEAD)
                    guard isClean, head.isKeepAlive else { return }
                }
            }
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
    }

    private func answer(_ head: HTTPRequestHead, _ body: RequestBody) async -> RegistryResponse {
        do {
            let ids = head.headers[Self.identityField]
            guard ids.count == 1, let id = try? SPIFFEID(ids[0]) else {
                throw RegistryError(.unauthorized, "the gateway names no caller")
            }
            let now = Timestamp.now()
            let request =
                head.headers.first(name: "x-request-id").flatMap { RequestID($0) }
                ?? RequestID(milliseconds: now.milliseconds, random: .random(in: 0 ... .max))
            let caller = RegistryCaller(id: id, request: request)
            guard let request = RegistryRequest(head, caller: caller, body: body) else {
                throw RegistryError(.nameInvalid, "the request's target cannot be read")
            }
            return try await routes.answer(request)
        } catch let error as RegistryError {
            return .error(error)
        } catch is CancellationError {
            return .error(RegistryError(.unavailable, "the registry is stopping"))
        } catch {
            logger.error("request failed", metadata: ["uri": "\(head.uri)", "error": "\(error)"])
            return .error(RegistryError(.unavailable, "the registry could not do it"))
        }
    }

    private func send(
        _ response: RegistryResponse,
        to output: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>,
        of channel: any Channel,
        isHead: Bool
    ) async throws {
        var headers = response.headers
        headers.replaceOrAdd(name: "docker-distribution-api-version", value: "registry/2.0")
        headers.replaceOrAdd(name: "x-content-type-options", value: "nosniff")
        switch response.body {
        case .none: if response.status != 204 { headers.replaceOrAdd(name: "content-length", value: "0") }
        case .bytes(let bytes): headers.replaceOrAdd(name: "content-length", value: String(bytes.count))
        case .blob(let reader): headers.replaceOrAdd(name: "content-length", value: String(reader.count))
        case .headOnly: break
        }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: response.status),
            headers: headers
        )
        try await output.write(.head(head))
        if !isHead {
            switch response.body {
            case .none, .headOnly: break
            case .bytes(let bytes): try await output.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
            case .blob(var reader):
                while let piece = try reader.next() {
                    try await output.write(.body(.byteBuffer(ByteBuffer(bytes: piece))))
                }
            }
        }
        // The writer returns when its bytes are queued; a connection that is closed then would lose them.
        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
    }
}
