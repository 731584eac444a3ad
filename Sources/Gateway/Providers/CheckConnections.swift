import Authorization
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import Synchronization

/// The connections to one provider over HTTP: those that are free wait for the next check.
final class CheckConnections: Sendable {
    private struct Idle {
        let connection: NIOLoopBound<CheckConnection>
        let channel: any Channel
        let since: NIODeadline
    }

    private struct State {
        var idle: [Idle] = []
        var open = 0
    }

    /// The connections that one provider may have, over all event loops.
    private static let maximumOpen = 256
    private static let maximumIdle = 32
    /// How long a free connection is kept: less than common servers keep theirs.
    private static let idleTime = TimeAmount.seconds(4)

    private let transport: Upstream.Transport
    private let timeout: Duration
    private let identity: TLSIdentity
    private let group: any EventLoopGroup
    /// Guards the free connections, and how many there are.
    private let state = Mutex(State())

    init(to transport: Upstream.Transport, timeout: Duration, identity: TLSIdentity, group: any EventLoopGroup) {
        self.transport = transport
        self.timeout = timeout
        self.identity = identity
        self.group = group
    }

    deinit {
        for idle in state.withLock({ $0.idle }) { idle.channel.close(promise: nil) }
    }

    /// Sends a check and gives the answer.
    ///
    /// - Throws: ``ExternalFailure`` where there is no answer.
    func ask(_ request: ByteBuffer, method: HTTP1Method) async throws -> HTTPAnswer {
        if let free = takeIdle() {
            do {
                return try await ask(request, method: method, free.connection, free.channel)
            } catch let failure as ExternalFailure where failure.code == .unreachable && !Task.isCancelled {
                // It may have been closed while it was free: a new one tells.
            }
        }
        let (connection, channel) = try await connect()
        return try await ask(request, method: method, connection, channel)
    }

    private func ask(
        _ request: ByteBuffer,
        method: HTTP1Method,
        _ connection: NIOLoopBound<CheckConnection>,
        _ channel: any Channel
    ) async throws -> HTTPAnswer {
        try await withTaskCancellationHandler {
            let promise = channel.eventLoop.makePromise(of: HTTPAnswer.self)
            channel.eventLoop.execute { connection.value.ask(request, method: method, promise) }
            return try await promise.futureResult.get()
        } onCancel: {
            channel.eventLoop.execute { connection.value.close() }
        }
    }

    private func takeIdle() -> Idle? {
        let (found, stale) = state.withLock { state -> (Idle?, [Idle]) in
            let horizon = NIODeadline.now() - Self.idleTime
            let stale = state.idle.filter { $0.since < horizon || !$0.channel.isActive }
            state.idle.removeAll { $0.since < horizon || !$0.channel.isActive }
            return (state.idle.popLast(), stale)
        }
        for idle in stale { idle.channel.close(promise: nil) }
        return found
    }

    /// A connection is free again.
    func release(_ connection: CheckConnection, on channel: any Channel) {
        let idle = Idle(
            connection: NIOLoopBound(connection, eventLoop: channel.eventLoop),
            channel: channel,
            since: .now()
        )
        let isKept = state.withLock { state in
            guard state.idle.count < Self.maximumIdle else { return false }
            state.idle.append(idle)
            return true
        }
        if !isKept { channel.close(promise: nil) }
    }

    private func connect() async throws -> (NIOLoopBound<CheckConnection>, any Channel) {
        let hasRoom = state.withLock { state in
            guard state.open < Self.maximumOpen else { return false }
            state.open += 1
            return true
        }
        guard hasRoom else { throw ExternalFailure(.overloaded, "too many checks wait for the provider") }
        let transport = transport
        let identity = identity
        let isPlain = if case .mutualTLS = transport { false } else { true }
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = CheckConnection(pool: self, isPlain: isPlain)
                    let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
                    if case .mutualTLS(_, _, let id, let serverName) = transport {
                        try channel.pipeline.syncOperations.addHandlers(
                            identity.clientHandlers(expecting: id, serverName: serverName) { refused in
                                bound.value.refused(refused.refusal.message)
                            }
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(to: transport).get()
        } catch {
            state.withLock { $0.open -= 1 }
            throw ExternalFailure(.unreachable, "the provider cannot be reached: \(error)")
        }
        channel.closeFuture.whenComplete { [weak self] _ in self?.state.withLock { $0.open -= 1 } }
        do {
            let connection = try await channel.eventLoop.submit {
                NIOLoopBound(
                    try channel.pipeline.syncOperations.handler(type: CheckConnection.self),
                    eventLoop: channel.eventLoop
                )
            }.get()
            return (connection, channel)
        } catch {
            throw ExternalFailure(.unreachable, "the provider closed the connection: \(error)")
        }
    }
}

extension ClientBootstrap {
    /// Connects as a transport says; TLS is the caller's to add.
    fileprivate func connect(to transport: Upstream.Transport) -> EventLoopFuture<any Channel> {
        switch transport {
        case .unixSocket(let path): connect(unixDomainSocketPath: path)
        case .mutualTLS(let host, let port, _, _): connect(host: host, port: port)
        case .plaintext(let address, let port): connect(host: address, port: port)
        }
    }
}
