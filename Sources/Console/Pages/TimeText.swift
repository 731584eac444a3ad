package import ZeroTrust

/// Moments as a page shows them.
package enum TimeText {
    /// `2026-11-26 05:12:33`.
    package static func plain(_ time: Timestamp) -> String {
        String(time.wholeSecond.description.prefix(19)).replacing("T", with: " ")
    }

    /// `2026-11-26 05:12:33`, in full for machines.
    static func whole(_ time: Timestamp) -> HTML {
        "<time datetime=\"\(time.description)\">\(plain(time))</time>"
    }

    /// `05:12:33` of today, and the whole of another day.
    static func short(_ time: Timestamp, now: Timestamp) -> HTML {
        let text = plain(time)
        let isToday = text.prefix(10) == plain(now).prefix(10)
        return "<time datetime=\"\(time.description)\">\(isToday ? String(text.suffix(8)) : text)</time>"
    }

    /// `7 min ago`.
    package static func ago(_ time: Timestamp, now: Timestamp) -> String {
        let seconds = Double(now.nanoseconds - time.nanoseconds) / 1e9
        return seconds < 1 ? "now" : Count.span(seconds) + " ago"
    }
}
