import FoundationEssentials

/// When each source is to be asked: at once, then every so often, later after failures, and sooner for a key that is
/// missed, though never as often as anybody likes.
///
/// A value that reads no clock.
struct FetchSchedule {
    /// The least time between two fetches that unknown keys bring about: anyone can name one.
    static let leastTimeBetweenMisses: TimeInterval = 10
    private static let firstRetry: TimeInterval = 1
    private static let lastRetry: TimeInterval = 60

    private struct Entry {
        let refresh: TimeInterval
        var next: Date
        var last = Date.distantPast
        var failures = 0
        var isUnderWay = false
    }

    private var entries: [String: Entry] = [:]

    /// Follows these sources, by their URLs and how often each is asked, and no others.
    mutating func follow(_ sources: [String: TimeInterval], at now: Date) {
        entries = entries.filter { sources[$0.key] == $0.value.refresh }
        for (url, refresh) in sources where entries[url] == nil {
            entries[url] = Entry(refresh: refresh, next: now)
        }
    }

    /// A source has changed: what was known of it does not count.
    mutating func forget(_ url: String) { entries[url] = nil }

    /// The sources that are to be asked now, which are under way from then on.
    mutating func takeDue(missed: Set<String>, at now: Date) -> [String] {
        for url in missed {
            // Where asking fails anyway, its own time holds.
            guard var entry = entries[url], entry.failures == 0 else { continue }
            entry.next = min(entry.next, entry.last + Self.leastTimeBetweenMisses)
            entries[url] = entry
        }
        let due = entries.filter { !$0.value.isUnderWay && $0.value.next <= now }.map(\.key).sorted()
        for url in due {
            entries[url]?.isUnderWay = true
            entries[url]?.last = now
        }
        return due
    }

    /// A source was asked.
    ///
    /// `jitter`, from 0 to 1, keeps many gateways from asking at the same moment.
    mutating func finished(_ url: String, succeeded: Bool, at now: Date, jitter: Double) {
        guard var entry = entries[url] else { return }
        entry.isUnderWay = false
        if succeeded {
            entry.failures = 0
            entry.next = now + entry.refresh * (0.9 + 0.1 * jitter)
        } else {
            let pause = min(Self.lastRetry, Self.firstRetry * Double(1 << min(entry.failures, 10)), entry.refresh)
            entry.failures += 1
            entry.next = now + pause * (0.8 + 0.2 * jitter)
        }
        entries[url] = entry
    }
}
