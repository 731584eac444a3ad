import Logging
import RPC
import WireProtos

/// Hears from the authority when local callers may not be who they were, for as long as the gateway runs.
struct CallerFollower: Sendable {
    let socket: String
    let logger: Logger

    /// Calls at first, at each change, and whenever the authority is heard again, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - onChange: called at once each time, however long a look takes.
    ///   - look: called after it; changes that come while one is looked at are looked at once, when that is over.
    /// - Throws: `CancellationError` once the task is cancelled.
    func follow(
        onChange: @escaping @Sendable () -> Void = {},
        _ look: @Sendable () async -> Void
    ) async throws {
        while !Task.isCancelled {
            do {
                try await watch(onChange, look)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning("changes of callers not heard", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func watch(
        _ onChange: @escaping @Sendable () -> Void,
        _ look: @Sendable () async -> Void
    ) async throws {
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        do {
            let changes: RPCMessages<Attestation_CallersChanged> = try await client.serverStreaming(
                "/\(ServiceName.attestation)/Watch",
                Attestation_WatchCallersRequest()
            )
            let (looks, ask) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { ask.finish() }
                    for try await _ in changes {
                        onChange()
                        ask.yield()
                    }
                }
                for await _ in looks { await look() }
                try await group.waitForAll()
            }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
}
