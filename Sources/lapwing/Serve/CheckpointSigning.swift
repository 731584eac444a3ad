import AuditLog
import Dispatch
import Glibc
import RPC
import SwiftProtobuf
import Synchronization
import WireProtos

/// The authority's half of signing: answers the gateway's log, and nobody else's.
struct SigningService: Sendable {
    let authority: CheckpointAuthority
    /// The uids that a gateway may run as.
    let allowedUIDs: Set<UInt32>

    var service: RPCService {
        RPCService(
            ServiceName.signing,
            methods: [
                .unary("SignCheckpoint") { (request: Signing_SignCheckpointRequest, _) in try sign(request) },
                .unary("GetVerifierKey") { (request: Signing_GetVerifierKeyRequest, _) in
                    guard request.origin.isEmpty || request.origin == authority.verifier.name else {
                        throw RPCStatus(.notFound, "the authority signs for `\(authority.verifier.name)`")
                    }
                    var response = Signing_GetVerifierKeyResponse()
                    response.verifierKey = authority.verifier.description
                    response.size = authority.lastSize ?? 0
                    return response
                },
            ],
            intercept: { context in
                guard let uid = context.credentials?.uid, allowedUIDs.contains(uid) else {
                    throw RPCStatus(.permissionDenied, "checkpoints are signed for the gateway's user only")
                }
            }
        )
    }

    private func sign(_ request: Signing_SignCheckpointRequest) throws -> Signing_SignCheckpointResponse {
        guard let root = MerkleHash(Array(request.rootHash)) else {
            throw RPCStatus(.invalidArgument, "the root hash has \(request.rootHash.count) bytes; expected 32")
        }
        let proof = request.consistencyProof.compactMap { MerkleHash(Array($0)) }
        guard proof.count == request.consistencyProof.count else {
            throw RPCStatus(.invalidArgument, "a hash of the proof has not 32 bytes")
        }
        do {
            var response = Signing_SignCheckpointResponse()
            response.signedNote = .init(
                try authority.sign(
                    CheckpointRequest(
                        origin: request.origin,
                        size: request.size,
                        root: root,
                        oldSize: request.oldSize,
                        consistencyProof: proof
                    )
                )
            )
            return response
        } catch let refusal as CheckpointRefusal {
            switch refusal {
            case .conflict(let size): throw RPCStatus(.aborted, "\(size)")
            case .inconsistent: throw RPCStatus(.failedPrecondition, refusal.description)
            case .unknownOrigin: throw RPCStatus(.notFound, refusal.description)
            }
        }
    }
}

/// The gateway's half: asks the authority over its socket, from the log's own thread.
final class RemoteCheckpointSigner: CheckpointSigner {
    private let socket: String

    init(socket: String) {
        self.socket = socket
    }

    func sign(_ request: CheckpointRequest) throws -> [UInt8] {
        var message = Signing_SignCheckpointRequest()
        message.origin = request.origin
        message.size = request.size
        message.rootHash = .init(request.root.bytes)
        message.oldSize = request.oldSize
        message.consistencyProof = request.consistencyProof.map { .init($0.bytes) }
        do {
            let response: Signing_SignCheckpointResponse = try blocking { [socket, message] in
                try await Self.call(socket, "SignCheckpoint", message)
            }
            return Array(response.signedNote)
        } catch let status as RPCStatus {
            switch status.code {
            case .aborted: throw CheckpointRefusal.conflict(lastSize: UInt64(status.message) ?? 0)
            case .failedPrecondition: throw CheckpointRefusal.inconsistent
            case .notFound: throw CheckpointRefusal.unknownOrigin
            default: throw status
            }
        }
    }

    /// The key that the log's checkpoints verify with.
    func verifierKey() async throws -> String {
        let response: Signing_GetVerifierKeyResponse = try await Self.call(
            socket,
            "GetVerifierKey",
            Signing_GetVerifierKeyRequest()
        )
        return response.verifierKey
    }

    private static func call<Request: Message, Response: Message>(
        _ socket: String,
        _ method: String,
        _ request: Request
    ) async throws -> Response {
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        do {
            let response: Response = try await client.unary(
                "/\(ServiceName.signing)/\(method)",
                request,
                timeout: .seconds(3)
            )
            await client.close()
            return response
        } catch {
            await client.close()
            throw error
        }
    }
}

/// Waits on this thread for asynchronous work; only for threads that are not Swift concurrency's own.
private func blocking<Success: Sendable>(_ work: @escaping @Sendable () async throws -> Success) throws -> Success {
    let outcome = Outcome<Success>()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        let result: Result<Success, any Error>
        do { result = .success(try await work()) } catch { result = .failure(error) }
        outcome.result.withLock { $0 = result }
        done.signal()
    }
    done.wait()
    guard let result = outcome.result.withLock({ $0 }) else { throw CancellationError() }
    return try result.get()
}

/// Carries a result from a task to the thread that waits for it.
private final class Outcome<Success: Sendable>: Sendable {
    let result = Mutex<Result<Success, any Error>?>(nil)
}
