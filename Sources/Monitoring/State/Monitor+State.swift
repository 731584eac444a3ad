import ZeroTrust

extension Monitor {
    private static let magic = "lapwing-monitor-state-6"

    /// The state as bytes; equal states are equal bytes.
    public func encoded() -> [UInt8] {
        var writer = StateWriter()
        writer.write(Self.magic)
        writer.write(settings.fingerprint)
        writer.write(observed)
        writer.write(latest)
        writer.write(toldRefused)
        for source in LogSource.allCases {
            writer.write(next[source] ?? 0)
            writer.write(began[Int(source.rawValue)] ?? .min)
        }
        casebook.names.write(to: &writer)
        casebook.book.write(to: &writer)
        pending.write(to: &writer)
        clock.write(to: &writer)
        for detector in detectors { detector.write(to: &writer) }
        writer.write(settings.rules.digest)
        sigma.write(to: &writer)
        return writer.bytes
    }

    /// Takes a state up again.
    ///
    /// Under other rules of Sigma than it was made under, what their correlations had counted is left out.
    ///
    /// - Throws: ``MonitoringError`` where the bytes are no state, or one that was made under other settings; the log then
    ///   gives it anew.
    public init(
        encoded bytes: [UInt8],
        settings: MonitorSettings,
        declared: (any DeclaredEdges)?
    ) throws(MonitoringError) {
        self.init(settings: settings, declared: declared)
        var reader = StateReader(bytes)
        guard try reader.string() == Self.magic else { throw reader.damaged("no state of a monitor of this version") }
        guard try reader.string() == settings.fingerprint else {
            throw MonitoringError(
                .state,
                "the monitor's state was made under other settings; it is rebuilt from the log"
            )
        }
        observed = try reader.number()
        latest = try reader.signed()
        toldRefused = try reader.number()
        for source in LogSource.allCases {
            let record = try reader.number()
            if record > 0 { next[source] = record }
            let start = try reader.signed()
            if start != .min { began[Int(source.rawValue)] = start }
        }
        casebook = Casebook(names: try NameTable(from: &reader), book: try FindingBook(from: &reader))
        pending = try PendingRequests(from: &reader)
        clock = try RecordClock(from: &reader)
        try undeclaredEdges.restore(from: &reader)
        try firstSeenEdges.restore(from: &reader)
        try firstModelAccess.restore(from: &reader)
        try volumes.restore(from: &reader)
        try coverage.restore(from: &reader)
        try modelExtraction.restore(from: &reader)
        try adversarialInput.restore(from: &reader)
        try integrity.restore(from: &reader)
        try fleet.restore(from: &reader)
        // What was counted for other rules, which stands last, says nothing of these; all else was learned without them.
        guard try reader.number() == settings.rules.digest else { return }
        try sigma.restore(from: &reader)
        guard reader.isAtEnd else { throw reader.damaged("bytes are left over") }
    }

    /// Nothing that is remembered is later than a time: see ``RecordClock``.
    mutating func setBack(to time: Int64) {
        latest = time
        for source in began.indices { began[source] = began[source].map { min($0, time) } }
        casebook.book.setBack(to: time)
        firstSeenEdges.setBack(to: time)
        firstModelAccess.setBack(to: time)
        volumes.setBack(to: time)
        coverage.setBack(to: time)
        adversarialInput.setBack(to: time)
        integrity.setBack(to: time)
        fleet.setBack(to: time)
        sigma.setBack(to: time)
    }

    private var detectors: [any Detector] {
        [
            undeclaredEdges, firstSeenEdges, firstModelAccess, volumes, coverage, modelExtraction, adversarialInput,
            integrity, fleet,
        ]
    }
}
