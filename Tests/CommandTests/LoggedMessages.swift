import Logging
import Synchronization

/// Counts what is logged, by its level.
struct LoggedMessages: LogHandler {
    /// What all copies of a logger share.
    private final class Counts: Sendable {
        let byLevel = Mutex<[Logger.Level: Int]>([:])
    }

    private let counts = Counts()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    func count(of level: Logger.Level) -> Int { counts.byLevel.withLock { $0[level, default: 0] } }

    func log(event: LogEvent) { counts.byLevel.withLock { $0[event.level, default: 0] += 1 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
