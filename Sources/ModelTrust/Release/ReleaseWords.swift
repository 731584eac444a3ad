internal import FoundationEssentials
internal import ZeroTrust

extension Timestamp {
    /// The moment of a date; the end of time for one that is further away.
    init(_ date: Date) {
        self.init(nanoseconds: Int64(exactly: (date.timeIntervalSince1970 * 1e9).rounded(.down)) ?? .max)
    }

    /// The moment so much later; the end of time where it would be after it.
    func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return Timestamp(nanoseconds: seconds > 0 ? .max : .min) }
        let (sum, tooFar) = nanoseconds.addingReportingOverflow(whole + attoseconds / 1_000_000_000)
        return Timestamp(nanoseconds: tooFar ? (seconds > 0 ? .max : .min) : sum)
    }

    static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }
    static func > (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds > right.nanoseconds }
    static func <= (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds <= right.nanoseconds }
}

extension Duration {
    /// The duration as it is written in a configuration: `36h`, `90s`.
    var text: String {
        let seconds = components.seconds
        if seconds >= 3600, seconds.isMultiple(of: 3600) { return "\(seconds / 3600)h" }
        if seconds >= 60, seconds.isMultiple(of: 60) { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
}

extension [String] {
    /// The words in backticks.
    var quoted: String { map { "`\($0)`" }.joined(separator: ", ") }
}
