import Logging
import RPC
import SPIFFE
import WireProtos
import ZeroTrust

/// Follows the authority's list of revocations over its socket, for as long as the gateway runs.
///
/// While the authority is away the list that was last heard stays in force.
struct RevocationFollower: Sendable {
    let socket: String
    let logger: Logger

    /// Calls with the whole list at first and at each change; returns when the task is cancelled.
    func follow(_ apply: @Sendable (RevocationSet) -> Void) async throws {
        while !Task.isCancelled {
            do {
                try await watch(apply)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning("revocations not heard; the last list stays", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func watch(_ apply: @Sendable (RevocationSet) -> Void) async throws {
        let client = try await RPCClient.connect(unixSocket: socket, limits: Self.limits, timeout: .seconds(3))
        do {
            let lists: RPCMessages<Revocation_RevocationList> = try await client.serverStreaming(
                "/\(ServiceName.revocations)/Watch",
                Revocation_WatchRequest()
            )
            for try await list in lists { apply(try Self.read(list)) }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    /// The list may be longer than what a call has otherwise: every SVID of a process that has ended is on it until it expires.
    private static let limits = {
        var limits = RPCLimits()
        limits.maximumMessageSize = 16 * 1024 * 1024
        return limits
    }()

    /// A list with an identity that cannot be read is refused whole: one that is left out would go on being accepted.
    private static func read(_ list: Revocation_RevocationList) throws -> RevocationSet {
        RevocationSet(
            ids: Set(try list.spiffeIds.map { try SPIFFEID($0) }),
            serialNumbers: Set(list.serialNumbers)
        )
    }
}
