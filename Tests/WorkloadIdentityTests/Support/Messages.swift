import Logging
import Synchronization

/// Keeps what is told.
struct Messages: LogHandler {
    final class Kept: Sendable {
        private let list = Mutex<[String]>([])
        func add(_ message: String) { list.withLock { $0.append(message) } }
        func count(_ part: String) -> Int { list.withLock { $0.count { $0.contains(part) } } }
    }

    let kept: Kept
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { kept.add("\(event.message)") }
}
