import Logging
import NIOCore
import ZeroTrust

/// Whom a connection to an egress listener serves, and by what it was found out.
struct AttestedCaller: Sendable {
    let channel: any Channel
    let owner: ConnectionOwner
    /// The SPIFFE IDs that the caller was entitled to when it was let in.
    let identities: [SPIFFEID]

    /// How often somebody who cannot be asked is tried again.
    private static let attempts = 4

    /// Finds out who the caller is now, and has the connection closed where it has lost an identity.
    func attestAgain(_ attestor: any LocalCallerAttestor, logger: Logger) async {
        for attempt in 1...Self.attempts where channel.isActive {
            do {
                let found = try await attestor.identities(of: owner.peer)
                guard !owner.isUnchanged || !identities.allSatisfy(found.contains) else { return }
                return withdraw("it is no longer entitled to what it was let in by", logger)
            } catch {
                // A gateway that stops says nothing of its callers, and drains them.
                if Task.isCancelled { return }
                guard attestor.isSilence(error), attempt < Self.attempts else {
                    return withdraw("\(error)", logger)
                }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func withdraw(_ reason: String, _ logger: Logger) {
        logger.notice("egress caller withdrawn", metadata: ["caller": "\(identities[0])", "reason": "\(reason)"])
        channel.pipeline.fireUserInboundEventTriggered(EgressWithdrawal())
    }
}
