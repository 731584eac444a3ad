import Authorization
import MutualTLS
import NIOCore
import NIOPosix
import Synchronization

/// The clients of the providers that were asked so far, with their connections.
///
/// They are told apart by how they are configured. A change of the configuration or of whom we believe begins anew.
final class ExternalAuthorizers: Sendable {
    /// The clients that are kept; a reload that goes beyond begins anew.
    private static let maximumClients = 64

    private let identity: TLSIdentity
    private let group: any EventLoopGroup
    /// Guards the clients that were made.
    private let clients = Mutex<[ExternalProvider: any ExternalAuthorizer]>([:])

    init(identity: TLSIdentity, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.identity = identity
        self.group = group
    }

    /// The client of a provider.
    func authorizer(for provider: ExternalProvider) -> any ExternalAuthorizer {
        clients.withLock { clients in
            if let client = clients[provider] { return client }
            if clients.count >= Self.maximumClients { clients = [:] }
            let client = makeClient(provider)
            clients[provider] = client
            return client
        }
    }

    /// Asks every provider over new connections from now on, so that it has to prove again who it is.
    ///
    /// What is under way ends with its answer, or with its time, and its connection after it.
    func forgetAll() { clients.withLock { $0 = [:] } }

    private func makeClient(_ provider: ExternalProvider) -> any ExternalAuthorizer {
        switch provider.service {
        case .http(let settings):
            HTTPAuthorizer(
                settings,
                connections: CheckConnections(
                    to: provider.transport,
                    timeout: provider.timeout,
                    identity: identity,
                    group: group
                )
            )
        case .grpc:
            GRPCAuthorizer(
                connection: CheckChannel(
                    to: provider.transport,
                    timeout: provider.timeout,
                    identity: identity,
                    group: group
                ),
                packsBytes: provider.body?.isBytes ?? false,
                timeout: provider.timeout
            )
        }
    }
}
