public import ZeroTrust

/// A moment as people write it in a search.
public enum QueryTime {
    /// Reads `2026-11-26T01:30:00Z`, `2026-11-26` (its beginning, in UTC), `now`, or how long ago: `90s`, `15m`, `2h`, `7d`.
    ///
    /// Returns nil for anything else.
    public static func read(_ text: String, now: Timestamp) -> Timestamp? {
        if text == "now" { return now }
        if let time = Timestamp(text) { return time }
        if text.utf8.count == 10, let day = Timestamp(text + "T00:00:00Z") { return day }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let last = text.last, let unit = units[last], text.utf8.count <= 8, let count = Int64(text.dropLast()),
            count >= 0
        else { return nil }
        let (seconds, isTooLong) = count.multipliedReportingOverflow(by: unit * 1_000_000_000)
        return Timestamp(nanoseconds: isTooLong ? 0 : max(0, now.nanoseconds - seconds))
    }

    /// What is said of a text that is no moment.
    static let expected =
        "expected a time such as `2026-11-26T01:30:00Z`, a day such as `2026-11-26`, or how long ago: `90s`, `15m`, `2h`, "
        + "`7d`"
}
