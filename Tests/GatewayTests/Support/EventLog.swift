import Logging

/// Keeps the messages of log events, for tests that wait for one.
struct EventLog: LogHandler {
    let events: Observed<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    init(_ events: Observed<[String]>) {
        self.events = events
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let message = "\(event.message)"
        events.update { $0.append(message) }
    }
}
