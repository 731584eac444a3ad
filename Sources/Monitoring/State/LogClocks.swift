import ZeroTrust

/// Notices that the clock of a log was set right after it had run ahead.
///
/// What was learned while it ran ahead lies in the future: windows that do not end, names that stay new, groups that never
/// close. A record that is late says nothing, since logs of several writers are not in order; many in a row that are an hour
/// or more behind the latest say that it is earlier than was thought.
struct LogClocks: Sendable {
    /// Nanoseconds by which a record has to be behind.
    private static let distance: Int64 = 3_600_000_000_000
    /// How many of them in a row.
    private static let needed = 16

    private struct Clock {
        var latest: Int64?
        /// How many in a row were behind, and the latest of them.
        var behind = 0
        var latestBehind = Int64.min
    }

    private var clocks = [Clock](repeating: Clock(), count: LogSource.allCases.count)

    init() {}

    /// Takes the time of an observation.
    ///
    /// - Returns: what time it is, where the clock of its log turns out to have been set back; else nil.
    mutating func observe(_ observation: Observation) -> Int64? {
        let (time, source) = (observation.time.nanoseconds, Int(observation.source.rawValue))
        guard let latest = clocks[source].latest, latest.subtractingReportingOverflow(time).partialValue > Self.distance
        else {
            clocks[source] = Clock(latest: max(clocks[source].latest ?? time, time))
            return nil
        }
        clocks[source].behind += 1
        clocks[source].latestBehind = max(clocks[source].latestBehind, time)
        guard clocks[source].behind >= Self.needed else { return nil }
        let now = clocks[source].latestBehind
        clocks[source] = Clock(latest: now)
        return now
    }

    func write(to writer: inout StateWriter) {
        for clock in clocks {
            writer.write(clock.latest ?? .min)
            writer.write(UInt64(clock.behind))
            writer.write(clock.latestBehind)
        }
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        for source in clocks.indices {
            let latest = try reader.signed()
            clocks[source] = Clock(
                latest: latest == .min ? nil : latest,
                behind: Int(clamping: try reader.number()),
                latestBehind: try reader.signed()
            )
        }
    }
}
