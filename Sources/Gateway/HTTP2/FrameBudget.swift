import NIOCore

/// How many frames of a kind may come: so many at once, and as many again in each half minute.
///
/// A value that reads no clock. What was used comes back steadily, so that a peer that sends at the allowed rate is
/// never refused.
struct FrameBudget {
    private let limit: Int64
    private var used: Int64 = 0
    private var since: NIODeadline?

    /// So many frames in half a minute.
    init(_ limit: Int) {
        self.limit = Int64(limit)
    }

    /// Uses up some; false where there is not enough left.
    mutating func take(_ count: Int = 1, at now: NIODeadline) -> Bool {
        restore(at: now)
        used += Int64(count)
        return used <= limit
    }

    /// Gives some back, for what was done on the other side.
    mutating func give(_ count: Int) {
        used = max(0, used - Int64(count))
    }

    private mutating func restore(at now: NIODeadline) {
        guard let since else {
            self.since = now
            return
        }
        let window = HTTP2Limits.window * 1_000_000_000
        let restored = Int64(Double((now - since).nanoseconds) / Double(window) * Double(limit))
        guard restored > 0 else { return }
        used = max(0, used - restored)
        self.since = now
    }
}
