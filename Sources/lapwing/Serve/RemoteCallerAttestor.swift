import Gateway
import RPC
import SPIFFE
import SwiftProtobuf
import Synchronization
import WireProtos
import ZeroTrust

/// Asks the authority over its socket who a local caller is, and which models a local process has loaded.
///
/// One connection serves all questions; where it is lost, another is made.
final class RemoteCallerAttestor: LocalCallerAttestor, LocalModelAttestor {
    private let socket: String
    /// Guards the connection.
    private let connection = Mutex<RPCClient?>(nil)

    init(socket: String) {
        self.socket = socket
    }

    func identities(of peer: LocalPeer) async throws -> [SPIFFEID] {
        let response: Attestation_AttestCallerResponse = try await ask("AttestCaller", of: peer)
        return try response.spiffeIds.map { try SPIFFEID($0) }
    }

    func models(of peer: LocalPeer) async throws -> [ModelClaim] {
        let response: Attestation_AttestModelsResponse = try await ask("AttestModels", of: peer)
        return response.models.compactMap { ModelClaim(digest: $0.digest, signer: $0.signer) }
    }

    func isSilence(_ error: any Error) -> Bool {
        guard let status = error as? RPCStatus else { return true }
        return status.code != .permissionDenied && status.code != .invalidArgument
    }

    private func ask<Response: Message>(_ method: String, of peer: LocalPeer) async throws -> Response {
        var request = Attestation_AttestCallerRequest()
        switch peer {
        case .process(let credentials):
            request.process.pid = credentials.pid
            request.process.uid = credentials.uid
            request.process.gid = credentials.gid
            request.process.groups = credentials.groups
        case .socket(let inode, let uid):
            request.socket.inode = inode
            request.socket.uid = uid
        }
        do {
            return try await ask(method, request)
        } catch let status as RPCStatus {
            // A connection that was lost between two questions says nothing about this one.
            guard status.code == .unavailable else { throw status }
            connection.withLock { $0 = nil }
            return try await ask(method, request)
        }
    }

    private func ask<Response: Message>(
        _ method: String,
        _ request: Attestation_AttestCallerRequest
    ) async throws -> Response {
        try await client().unary("/\(ServiceName.attestation)/\(method)", request, timeout: .seconds(5))
    }

    private func client() async throws -> RPCClient {
        if let client = connection.withLock({ $0 }) { return client }
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        connection.withLock { $0 = client }
        return client
    }
}
