import ZeroTrust

/// Notices that the clock of Lapwing's own record was set right after it had run ahead.
///
/// What was learned while it ran ahead lies in the future: windows that do not end, names that stay new, groups that never
/// close. A record that is late says nothing, since it may have waited for others; many in a row that are an hour or more
/// behind the latest say that it is earlier than was thought. Other logs do not tell: what a cloud delivers comes hours late
/// as a matter of course, and whoever can have it come late could have what was counted forgotten.
struct RecordClock: Sendable {
    /// Nanoseconds by which a record has to be behind.
    private static let distance: Int64 = 3_600_000_000_000
    /// How many of them in a row.
    private static let needed = 16

    private var latest: Int64?
    /// How many in a row were behind, and the latest of them.
    private var behind = 0
    private var latestBehind = Int64.min

    init() {}

    private init(latest: Int64) { self.latest = latest }

    /// Takes the time of an observation.
    ///
    /// - Returns: what time it is, where the clock turns out to have been set back; else nil.
    mutating func observe(_ observation: Observation) -> Int64? {
        guard observation.source == .lapwing else { return nil }
        let time = observation.time.nanoseconds
        guard let latest, latest.subtractingReportingOverflow(time).partialValue > Self.distance else {
            self = RecordClock(latest: max(latest ?? time, time))
            return nil
        }
        behind += 1
        latestBehind = max(latestBehind, time)
        guard behind >= Self.needed else { return nil }
        let now = latestBehind
        self = RecordClock(latest: now)
        return now
    }

    func write(to writer: inout StateWriter) {
        writer.write(latest ?? .min)
        writer.write(UInt64(behind))
        writer.write(latestBehind)
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        let latest = try reader.signed()
        self.latest = latest == .min ? nil : latest
        behind = Int(clamping: try reader.number())
        latestBehind = try reader.signed()
    }
}
