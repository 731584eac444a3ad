import Synchronization
public import ZeroTrust

/// What a process knows of its configuration: which one is in force, and how the last attempt to change it ended.
///
/// Metrics, the admin socket and `lapwing doctor` tell it.
public final class ConfigurationHistory: Sendable {
    /// What is known at one moment.
    public struct Status: Hashable, Sendable {
        /// The SHA-256 of the configuration in force, in hexadecimal.
        public var digest: String
        /// Since when it is in force.
        public var since: Timestamp
        /// The attempts that were applied.
        public var applied: UInt64 = 0
        /// The attempts that were refused, by the code of the reason.
        public var refused: [String: UInt64] = [:]
        /// The last attempt; nil where there was none since the start.
        public var last: ConfigurationAttempt?

        /// Whether the last attempt was applied, or there was none.
        public var isSettled: Bool { last?.outcome != .refused }
    }

    /// Guards what is known.
    private let state: Mutex<Status>

    /// A history that begins with the configuration of the start.
    public init(digest: String, since: Timestamp = .now()) {
        state = Mutex(Status(digest: digest, since: since))
    }

    /// What is known now.
    public var status: Status { state.withLock { $0 } }

    /// Takes note of an attempt.
    public func add(_ attempt: ConfigurationAttempt) {
        state.withLock { status in
            status.last = attempt
            switch attempt.outcome {
            case .refused: status.refused[attempt.reason ?? "", default: 0] += 1
            case .applied:
                status.applied += 1
                status.digest = attempt.new ?? status.digest
                status.since = attempt.time
            }
        }
    }
}
