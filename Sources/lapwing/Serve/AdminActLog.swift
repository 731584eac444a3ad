import AuditLog
import Logging
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// Puts what administrators do at the gateway, and what they are not let do, into its log.
///
/// What is refused is told at most twice a second for each caller, and where nobody knows who it is, as a number for each
/// address: anybody may ask, and nobody can fill the log with it.
final class AdminActLog: Sendable {
    private let log: LogWriter
    private let node: String
    private let logger: Logger
    /// Guards what was refused in this second.
    private let denied = Mutex(DeniedActs())
    /// Guards how often somebody was refused in this second of whom nobody knows who they are.
    private let unknown = Mutex(RefusalTally())

    init(log: LogWriter, node: String, logger: Logger) {
        self.log = log
        self.node = node
        self.logger = logger
    }

    /// Records that an act was refused.
    func record(
        refused action: AdminAction,
        on subject: String,
        by caller: AdminCaller,
        reason: String = "no role of an AdminPolicy permits it"
    ) {
        let act = act(action.rawValue, on: subject, by: caller, outcome: .deny, reason: reason)
        let told = denied.withLock { $0.add(act) }
        // As few lines of the log as records.
        if told.contains(where: { $0.id == act.id }) {
            logger.warning(
                "admin act refused",
                metadata: ["admin.caller": "\(caller)", "admin.action": "\(action.rawValue)", "reason": "\(reason)"]
            )
        }
        append(told)
    }

    /// Counts a connection that was refused before anybody knew who is at its other end.
    ///
    /// - Parameters:
    ///   - reason: a short, stable code for the grounds.
    ///   - source: where it came from; nil where that is not known.
    func record(refusedFor reason: String, from source: IPAddress?) {
        append(unknown.withLock { $0.count(source: source, reason: reason, at: .now()) })
    }

    /// An act that is on the disk.
    struct Recorded: Sendable {
        /// The record's id.
        let id: RequestID
        /// Its entry in the log.
        let index: UInt64
    }

    /// Returns once an act that is about to be done is on the disk.
    ///
    /// - Throws: where the log takes no record: what is not recorded is not done.
    @discardableResult
    func record(
        _ action: String,
        on subject: String,
        by caller: AdminCaller,
        reason: String? = nil
    ) async throws -> Recorded {
        let act = act(action, on: subject, by: caller, outcome: .allow, reason: reason)
        let bytes = act.encoded()
        let index: UInt64 = try await withCheckedThrowingContinuation { continuation in
            log.append(bytes, immediately: true) { continuation.resume(with: $0.mapError { $0 as any Error }) }
        }
        return Recorded(id: act.id, index: index)
    }

    /// Records the numbers of what was refused, each second, until the task is cancelled; then what is left.
    func tellRefusals() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            append(denied.withLock { $0.take(at: .now()) })
            append(unknown.withLock { $0.drain(before: .now()) })
        }
        append(denied.withLock { $0.drain() })
        append(unknown.withLock { $0.drain() })
    }

    private func act(
        _ action: String,
        on subject: String,
        by caller: AdminCaller,
        outcome: ActRecord.Outcome,
        reason: String?
    ) -> ActRecord {
        let now = Timestamp.now()
        return ActRecord(
            id: RequestID(milliseconds: now.milliseconds, random: .random(in: 0 ... .max)),
            time: now,
            node: node,
            actor: caller.description,
            action: action,
            subject: String(subject.prefix(512)),
            outcome: outcome,
            reason: reason
        )
    }

    private func append(_ counts: [RefusalTally.Count]) {
        for count in counts {
            let id = RequestID(milliseconds: Timestamp.now().milliseconds, random: .random(in: 0 ... .max))
            do { _ = try log.append(count.record(id: id, node: node).encoded()) } catch {
                logger.error("refusals not recorded", metadata: ["error": "\(error)"])
            }
        }
    }

    private func append(_ acts: [ActRecord]) {
        for act in acts {
            do { _ = try log.append(act.encoded()) } catch {
                logger.error("admin act not recorded", metadata: ["error": "\(error)"])
            }
        }
    }
}
