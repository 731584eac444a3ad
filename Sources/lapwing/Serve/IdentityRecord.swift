import Foundation
import Registry
import WorkloadIdentity
import ZeroTrust

/// Puts what the identity authority hands out into the node's record, which the gateway keeps.
///
/// A token that cannot be recorded is not handed out: without a gateway there are no JWT-SVIDs.
struct IdentityRecord: Sendable {
    private let log: any ActLog
    private let node: String

    init(_ settings: Settings) {
        self.init(log: RemoteActLog(socket: settings.recordSocket), node: settings.node.value)
    }

    init(log: any ActLog, node: String) {
        self.log = log
        self.node = node
    }

    /// Returns once the issuing of a token is recorded; the token itself never is.
    @Sendable func record(_ token: TokenIssuance) async throws {
        let expiry = token.expiresAt.formatted(.iso8601)
        try await record(
            actor: token.id.description,
            action: "identity.token.issue",
            subject: token.audiences.joined(separator: " "),
            after: "jti:\(token.tokenID)",
            reason:
                "by entry `\(token.entry)` to process \(token.pid) of uid \(token.uid); key \(token.keyID); expires \(expiry)"
        )
    }

    /// Returns once the issuing of X.509-SVIDs is recorded; their keys never are.
    @Sendable func record(_ issued: [SVIDIssuance]) async throws {
        for svid in issued {
            try await record(
                actor: svid.id.description,
                action: "identity.x509.issue",
                subject: svid.id.description,
                after: "serial:\(svid.serialNumber)",
                reason:
                    "by entry `\(svid.entry)` to process \(svid.pid) of uid \(svid.uid); authority \(svid.authority); "
                    + "expires \(svid.notAfter.formatted(.iso8601))"
            )
        }
    }

    /// Returns once the issuing of X.509-SVIDs to a workload of another machine is recorded.
    @Sendable func record(_ issued: [RemoteIssuance]) async throws {
        for svid in issued {
            try await record(
                actor: svid.id.description,
                action: "identity.x509.issue",
                subject: svid.id.description,
                after: "serial:\(svid.serialNumber)",
                reason:
                    "by entry `\(svid.entry)` to \(svid.workload) at \(svid.remoteAddress), which showed \(svid.kind); "
                    + "authority \(svid.authority); expires \(svid.notAfter.formatted(.iso8601))"
            )
        }
    }

    /// Returns once it is recorded that SVIDs stand for nobody any more.
    @Sendable func record(_ withdrawal: Withdrawal) async throws {
        let count = withdrawal.numbers.count
        try await record(
            actor: ContinuousAttestation.creator,
            action: "identity.svid.withdraw",
            subject: withdrawal.id.description,
            // As many as have room; each is on the list of revocations.
            after: "numbers:" + withdrawal.numbers.prefix(8).joined(separator: " "),
            reason: "\(withdrawal.reason); \(count) \(count == 1 ? "SVID" : "SVIDs")"
        )
    }

    /// Returns once the change of a foreign trust domain's bundle is recorded.
    @Sendable func record(_ change: FederatedBundles.Change) async throws {
        func text(_ sequence: UInt64?) -> String? { sequence.map { "sequence:\($0)" } }
        try await record(
            actor: change.trustDomain.id.description,
            action: "identity.bundle.update",
            subject: change.trustDomain.id.description,
            before: text(change.before),
            after: text(change.after) ?? "no sequence",
            reason:
                "from \(change.url); \(change.x509Authorities) authorities, \(change.jwtAuthorities) keys for tokens"
        )
    }

    /// Returns once what an administrator did, or was not let do, is recorded; reading alone is not.
    @Sendable func record(_ act: AdminAct) async throws {
        var reason: String?
        var outcome = ActRecord.Outcome.allow
        switch act.outcome {
        case .allowed: guard act.action.isChange else { return }
        case .denied: (outcome, reason) = (.deny, "no role of an AdminPolicy permits it")
        case .failed(let problem):
            guard act.action.isChange else { return }
            (outcome, reason) = (.failed, problem)
        }
        try await record(
            actor: act.caller.description,
            action: act.action.rawValue,
            subject: act.subject,
            outcome: outcome,
            reason: reason
        )
    }

    /// Returns once an act is recorded.
    func record(
        actor: String,
        action: String,
        subject: String,
        before: String? = nil,
        after: String? = nil,
        outcome: ActRecord.Outcome = .allow,
        reason: String? = nil
    ) async throws {
        let now = Timestamp.now()
        try await log.record(
            ActRecord(
                id: RequestID(milliseconds: now.milliseconds, random: .random(in: 0 ... .max)),
                time: now,
                node: node,
                actor: actor,
                action: action,
                // What is recorded is bounded, whatever was asked for.
                subject: String(subject.prefix(512)),
                before: before,
                after: after,
                outcome: outcome,
                reason: reason.map { String($0.prefix(1024)) }
            )
        )
    }
}
