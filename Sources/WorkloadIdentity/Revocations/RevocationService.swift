public import RPC
import SPIFFE
import WireProtos
import ZeroTrust

/// Tells gateways what is revoked: the whole list at once, and again at every change.
///
/// ```swift
/// let revocations = RevocationService(registry: registry, allowedUIDs: [gatewayUID])
/// let server = RPCServer(services: [revocations.service])
/// ```
public struct RevocationService: Sendable {
    private let registry: EntryRegistry
    private let allowedUIDs: Set<UInt32>

    /// A service over a registry, for the users that a gateway may run as.
    public init(registry: EntryRegistry, allowedUIDs: Set<UInt32>) {
        self.registry = registry
        self.allowedUIDs = allowedUIDs
    }

    /// The service, for an `RPCServer`.
    public var service: RPCService {
        RPCService(
            ServiceName.revocations,
            methods: [.serverStreaming("Watch", handler: watch)],
            intercept: { [allowedUIDs] context in
                guard let uid = context.credentials?.uid, allowedUIDs.contains(uid) else {
                    throw RPCStatus(.permissionDenied, "the list of revocations is for the gateway's user only")
                }
            }
        )
    }

    private func watch(
        _ request: Revocation_WatchRequest,
        _ context: RPCContext,
        _ writer: RPCWriter<Revocation_RevocationList>
    ) async throws {
        var sent: RevocationSet?
        // Observed before the first look, so that no change falls in between.
        var changes = registry.changes.changes.makeAsyncIterator()
        while true {
            let revoked = registry.snapshot.revocations
            if revoked != sent {
                var list = Revocation_RevocationList()
                list.spiffeIds = revoked.ids.map(\.description).sorted()
                list.serialNumbers = revoked.serialNumbers.sorted()
                try await writer.write(list)
                sent = revoked
            }
            guard await changes.next() != nil else { return }
        }
    }
}
