import CloudIdentity
import Gateway
import RPC
import WireProtos
import ZeroTrust

/// Who is connected to the credential endpoint, and their tokens: asked of the authority by the owner of the connection.
struct RemoteCallers: Sendable {
    private let socket: String
    private let attestor: RemoteCallerAttestor

    init(socket: String) {
        self.socket = socket
        self.attestor = RemoteCallerAttestor(socket: socket)
    }

    /// The SPIFFE IDs of the process at the other end.
    @Sendable func identities(of connection: CredentialEndpoint.Connection) async throws -> [SPIFFEID] {
        let owner = try owner(of: connection)
        let ids = try await attestor.identities(of: owner.peer)
        guard owner.isUnchanged else { throw Self.gone }
        return ids
    }

    /// A JWT-SVID of the process at the other end.
    @Sendable func token(
        of connection: CredentialEndpoint.Connection,
        _ id: SPIFFEID,
        _ audience: String
    ) async throws -> Redacted<String> {
        let owner = try owner(of: connection)
        guard case .socket(let inode, let uid) = owner.peer else { throw Self.gone }
        var request = Attestation_IssueCallerTokenRequest()
        request.socket.inode = inode
        request.socket.uid = uid
        request.spiffeID = id.description
        request.audience = audience
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        defer { Task { await client.close() } }
        let response: Attestation_IssueCallerTokenResponse = try await client.unary(
            "/\(ServiceName.callerTokens)/IssueCallerToken",
            request,
            timeout: .seconds(5)
        )
        guard owner.isUnchanged else { throw Self.gone }
        return Redacted(response.token)
    }

    private static var gone: RPCStatus { RPCStatus(.permissionDenied, "the caller is not on this machine any more") }

    private func owner(of connection: CredentialEndpoint.Connection) throws -> ConnectionOwner {
        guard let owner = ConnectionOwner(.init(own: connection.client, other: connection.server)) else {
            throw Self.gone
        }
        return owner
    }
}
