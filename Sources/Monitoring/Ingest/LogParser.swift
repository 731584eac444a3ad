import ZeroTrust

/// Reads the lines, or files, of a foreign log.
///
/// What a line says is taken as it stands: whoever writes the log is believed, and findings name the log that they rest on.
/// Bytes that are no line of the log are an error, and never an observation.
public enum LogParser {
    /// The most bytes of a line.
    public static let maximumLineLength = 1 << 20

    /// What one line holds.
    ///
    /// - Parameters:
    ///   - line: the line, without its end.
    ///   - source: which log it is of.
    ///   - record: the line's index in the log.
    /// - Returns: what was observed; nil for a line that says nothing of the kind, such as a header or another message of
    ///   the database.
    /// - Throws: ``MonitoringError`` for a line that is not of that log's form.
    public static func observation(
        in line: some Collection<UInt8>,
        of source: LogSource,
        record: UInt64
    ) throws(MonitoringError) -> Observation? {
        guard line.count <= maximumLineLength else {
            throw MonitoringError(.tooLarge, "line \(record) of the \(source.name) log has \(line.count) bytes")
        }
        let line = trimmed(Array(line))
        guard !line.isEmpty else { return nil }
        switch source {
        case .envoy: return try EnvoyAccessLog.observation(try JSONText(line), record)
        case .flow: return try FlowLog.observation(try JSONText(line), record)
        case .postgres: return try PostgresAudit.observation(line, record)
        case .s3: return try S3AccessLog.observation(line, record)
        case .cloudTrail: return try CloudTrail.observation(try JSONText(line), record)
        case .lapwing:
            throw MonitoringError(.malformed, "Lapwing's own records are read from its log, and not from lines")
        }
    }

    /// What a file of CloudTrail holds: `{"Records": […]}`, a list of events, or an event on each line.
    ///
    /// - Parameters:
    ///   - file: the file's bytes, unpacked.
    ///   - first: the index of its first event.
    /// - Returns: what was observed, in the order of the file.
    /// - Throws: ``MonitoringError`` for a file that is none of the three, or an event that cannot be read.
    public static func cloudTrail(file: some Collection<UInt8>, first: UInt64 = 0) throws(MonitoringError)
        -> [Observation]
    {
        var observations: [Observation] = []
        var problem: MonitoringError?
        try cloudTrail(file: file, first: first) { _, event in
            switch event {
            case .success(let observation?): observations.append(observation)
            case .success(nil): break
            case .failure(let error): problem = problem ?? error
            }
        }
        if let problem { throw problem }
        return observations
    }

    /// Hands over one by one what a file of CloudTrail holds, so that an event that cannot be read hides no other.
    ///
    /// - Parameters:
    ///   - file: the file's bytes, unpacked.
    ///   - first: the index of its first event.
    ///   - take: is given the index of each event, and what was observed, nil for an event that says nothing of the kind, or
    ///     why it cannot be read.
    /// - Throws: ``MonitoringError`` for a file that is none of the three.
    public static func cloudTrail(
        file: some Collection<UInt8>,
        first: UInt64,
        _ take: (UInt64, Result<Observation?, MonitoringError>) -> Void
    ) throws(MonitoringError) {
        for (index, event) in try cloudTrailEvents(file).enumerated() {
            let record = first + UInt64(index)
            take(record, Result { () throws(MonitoringError) in try CloudTrail.observation(event.get(), record) })
        }
    }

    private static func cloudTrailEvents(
        _ file: some Collection<UInt8>
    ) throws(MonitoringError) -> [Result<JSONText, MonitoringError>] {
        if let document = try? JSONText(file, .file) {
            switch document["Records"] ?? document {
            case .array(let events): return events.map { .success($0) }
            case .object where document["Records"] == nil: return [.success(document)]
            default: throw MonitoringError(.malformed, "the file holds no list of CloudTrail's events under `Records`")
            }
        }
        let lines = Array(file).split(separator: UInt8(ascii: "\n")).filter { !trimmed(Array($0)).isEmpty }
        let events = lines.map { line in Result { () throws(MonitoringError) in try JSONText(line) } }
        // A file of which no line can be read is no log.
        if let first = events.first, events.allSatisfy({ (try? $0.get()) == nil }) { _ = try first.get() }
        return events
    }

    private static func trimmed(_ line: [UInt8]) -> [UInt8] {
        var line = line[...]
        while let last = line.last, [0x0d, 0x0a, 0x20, 0x09].contains(last) { line = line.dropLast() }
        return Array(line)
    }
}
