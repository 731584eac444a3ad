import Authorization
import MutualTLS
import NIOCore
import RPC
import WireProtos

/// Asks a provider over gRPC: `envoy.service.auth.v3.Authorization/Check`.
struct GRPCAuthorizer: ExternalAuthorizer {
    private static let path = "/\(ServiceName.externalAuthorization)/Check"

    private let connection: CheckChannel
    private let packsBytes: Bool
    private let timeout: Duration

    init(connection: CheckChannel, packsBytes: Bool, timeout: Duration) {
        self.connection = connection
        self.packsBytes = packsBytes
        self.timeout = timeout
    }

    func decide(_ question: ExternalQuestion, _ request: ExternalRequest) async -> ExternalVerdict {
        let message = CheckMessage.request(request, packsBytes: packsBytes)
        let began = ContinuousClock.now
        var asked: RPCClient?
        do {
            let client = try await connection.client()
            asked = client
            let response: ExtAuthz_CheckResponse = try await client.unary(Self.path, message, timeout: timeout)
            return CheckMessage.verdict(response)
        } catch {
            // Whoever waits here may give up a moment before the call does.
            let isSilent =
                (error as? RPCStatus)?.code == .deadlineExceeded
                || Task.isCancelled && ContinuousClock.now - began >= timeout * 0.9
            if let asked, isSilent { await connection.discard(asked) }
            return .failed(Self.failure(error))
        }
    }

    private static func failure(_ error: any Error) -> ExternalFailure {
        guard let status = error as? RPCStatus else { return ExternalFailure(.badAnswer, "\(error)") }
        let code: ExternalFailure.Code =
            switch status.code {
            case .deadlineExceeded: .timedOut
            case .unavailable: .unreachable
            case .resourceExhausted: .answerTooLarge
            case .internalError: .badAnswer
            default: .failed
            }
        return ExternalFailure(code, status.description)
    }
}

/// The one connection to a provider over gRPC, made when it is needed and again when it is lost.
actor CheckChannel {
    private let transport: Upstream.Transport
    private let timeout: Duration
    private let identity: TLSIdentity
    private let group: any EventLoopGroup
    private var attempt: Task<RPCClient, any Error>?

    init(to transport: Upstream.Transport, timeout: Duration, identity: TLSIdentity, group: any EventLoopGroup) {
        self.transport = transport
        self.timeout = timeout
        self.identity = identity
        self.group = group
    }

    /// A client whose connection stands.
    ///
    /// - Throws: `RPCStatus` UNAVAILABLE where there is none to be had.
    func client() async throws -> RPCClient {
        if let attempt {
            let client = try? await attempt.value
            if let client, client.isUsable { return client }
            // Whoever comes first makes the next one, and the others wait for that.
            if self.attempt == attempt { self.attempt = nil }
        }
        if let attempt { return try await attempt.value }
        let (transport, timeout, identity, group) = (transport, timeout, identity, group)
        let next = Task { try await Self.connect(transport, timeout, identity, group) }
        attempt = next
        return try await next.value
    }

    /// Takes a client out of use that gave no answer in time: its connection may be dead without saying so.
    ///
    /// The calls that are under way on it end as they would, and the connection with the last of them.
    func discard(_ client: RPCClient) async {
        guard let attempt, let current = try? await attempt.value, current === client, self.attempt == attempt else {
            return
        }
        self.attempt = nil
    }

    private static func connect(
        _ transport: Upstream.Transport,
        _ timeout: Duration,
        _ identity: TLSIdentity,
        _ group: any EventLoopGroup
    ) async throws -> RPCClient {
        var limits = RPCLimits()
        limits.maximumMessageSize = HTTPAnswer.maximumBody + HTTPAnswer.maximumHead
        switch transport {
        case .unixSocket(let path):
            return try await RPCClient.connect(unixSocket: path, limits: limits, timeout: timeout, group: group)
        case .plaintext(let host, let port):
            return try await RPCClient.connect(host: host, port: port, limits: limits, timeout: timeout, group: group)
        case .mutualTLS(let host, let port, let id, let serverName):
            return try await RPCClient.connect(host: host, port: port, limits: limits, timeout: timeout, group: group) {
                try $0.pipeline.syncOperations.addHandlers(
                    identity.clientHandlers(expecting: id, serverName: serverName, carrying: .http2)
                )
            }
        }
    }
}
