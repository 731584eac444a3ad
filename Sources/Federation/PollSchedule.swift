import Foundation
import ZeroTrust

/// When each bundle endpoint is asked: at once, then as often as the bundle itself asks for (SPIFFE Federation §4.1, §6.2).
///
/// A failed poll waits for the next one. An endpoint that has never answered is asked again sooner, and later each time,
/// until it is asked no more often than the others. A value that reads no clock.
struct PollSchedule {
    /// Where the bundle does not say how often: five minutes (§4.1).
    static let defaultInterval: TimeInterval = 300
    /// No bundle has itself asked for more, or less, often than this.
    static let allowedIntervals: ClosedRange<TimeInterval> = 5...86400
    private static let firstRetry: TimeInterval = 5

    private struct Entry {
        let relationship: String
        var interval: TimeInterval
        var next: Date
        var hasAnswered = false
        var failures = 0
        var isUnderWay = false
    }

    private var entries: [TrustDomain: Entry] = [:]

    /// Asks these, by the digests of what is configured about each, and no others.
    mutating func follow(_ relationships: [TrustDomain: String], at now: Date) {
        entries = entries.filter { relationships[$0.key] == $0.value.relationship }
        for (domain, relationship) in relationships where entries[domain] == nil {
            entries[domain] = Entry(relationship: relationship, interval: Self.defaultInterval, next: now)
        }
    }

    /// Asks every one now.
    mutating func hurry(at now: Date) {
        for domain in entries.keys { entries[domain]?.next = now }
    }

    /// The trust domains whose endpoints are to be asked now, which are under way from then on.
    mutating func takeDue(at now: Date) -> [TrustDomain] {
        let due = entries.filter { !$0.value.isUnderWay && $0.value.next <= now }.map(\.key)
        for domain in due { entries[domain]?.isUnderWay = true }
        return due.sorted { $0.name < $1.name }
    }

    /// An endpoint was asked.
    ///
    /// - Parameters:
    ///   - domain: whose it is.
    ///   - relationship: under which configuration it was asked.
    ///   - hint: how often the bundle asks to be fetched, in seconds; nil where it does not say.
    ///   - succeeded: whether a bundle came that counts.
    ///   - now: the time.
    ///   - jitter: from 0 to 1; it keeps many from asking at the same moment.
    mutating func finished(
        _ domain: TrustDomain,
        under relationship: String,
        hint: UInt64?,
        succeeded: Bool,
        at now: Date,
        jitter: Double
    ) {
        guard var entry = entries[domain], entry.relationship == relationship else { return }
        entry.isUnderWay = false
        if succeeded {
            let wanted = hint.map { TimeInterval($0) } ?? Self.defaultInterval
            entry.interval = min(max(wanted, Self.allowedIntervals.lowerBound), Self.allowedIntervals.upperBound)
            entry.hasAnswered = true
            entry.failures = 0
        } else {
            entry.failures += 1
        }
        let pause =
            entry.hasAnswered
            ? entry.interval : min(entry.interval, Self.firstRetry * Double(1 << min(entry.failures - 1, 10)))
        entry.next = now + pause * (0.9 + 0.1 * jitter)
        entries[domain] = entry
    }
}
