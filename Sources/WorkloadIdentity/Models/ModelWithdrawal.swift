public import FoundationEssentials
public import Logging
import SPIFFE
import ZeroTrust

/// Withdraws proofs: what was issued on one is revoked, which closes the connections that stand on it.
public struct ModelWithdrawal: Sendable {
    /// Who is named as the one that revoked.
    public static let creator = "model proof withdrawn"

    let proofs: ModelProofs
    let registry: EntryRegistry
    let clock: @Sendable () -> Date
    let logger: Logger

    /// Withdraws the proofs of a registry's workloads.
    public init(
        proofs: ModelProofs,
        registry: EntryRegistry,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger
    ) {
        self.proofs = proofs
        self.registry = registry
        self.clock = clock
        self.logger = logger
    }

    /// Ends a proof and revokes what was issued on it; what cannot be stored is tried again until it can.
    ///
    /// Not to be called from a task that may be cancelled: the store would do nothing there.
    ///
    /// - Returns: whether the proof was held until now.
    func withdraw(_ proof: ModelProof, reason: String) async -> Bool {
        guard let issued = proofs.withdraw(proof.number) else { return false }
        if !issued.isEmpty { await revoke(issued.map(\.serialNumber), reason) }
        logger.notice(
            "model proof withdrawn",
            metadata: [
                "model.digest": "\(proof.claim.digest)", "proof": "\(proof.number)", "reason": "\(reason)",
                "revoked": "\(issued.count)",
            ]
        )
        return true
    }

    private func revoke(_ serialNumbers: [String], _ reason: String) async {
        var reason = reason
        while reason.utf8.count > Revocation.maximumReason { reason.removeLast() }
        var delay = Duration.milliseconds(50)
        while true {
            do {
                let revocations = try serialNumbers.map { number in
                    let subject = Revocation.Subject.serialNumber(RevocationSet.serialNumber(number) ?? number)
                    return try Revocation(subject, reason: reason, creator: Self.creator, at: clock())
                }
                return try await registry.revoke(all: revocations)
            } catch {
                logger.critical(
                    "SVIDs whose model proof was withdrawn are not revoked yet",
                    metadata: ["serials": "\(serialNumbers.joined(separator: " "))", "error": "\(error)"]
                )
            }
            // Who calls does not cancel this.
            try? await Task.sleep(for: delay)
            delay = min(delay * 2, .seconds(2))
        }
    }

    /// Takes the revocations of certificates that have long expired off the list, so that it does not grow for ever.
    public func prune() async {
        let before = clock() - ModelProofs.maximumLifetime - 2 * ModelProofs.slack
        let old = registry.revocations.filter { $0.creator == Self.creator && $0.createdAt < before }
        do { try await registry.restore(all: old.map(\.subject)) } catch {
            logger.warning("old revocations stay on the list", metadata: ["error": "\(error)"])
        }
    }
}
