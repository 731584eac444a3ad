import Logging
import RPC
import WireProtos

/// Hears from the authority when local callers may not be who they were, for as long as the gateway runs.
struct CallerFollower: Sendable {
    let socket: String
    let logger: Logger

    /// Calls at first, at each change, and whenever the authority is heard again; returns when the task is cancelled.
    func follow(_ look: @Sendable () async -> Void) async throws {
        while !Task.isCancelled {
            do {
                try await watch(look)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning("changes of callers not heard", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func watch(_ look: @Sendable () async -> Void) async throws {
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        do {
            let changes: RPCMessages<Attestation_CallersChanged> = try await client.serverStreaming(
                "/\(ServiceName.attestation)/Watch",
                Attestation_WatchCallersRequest()
            )
            for try await _ in changes { await look() }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
}
