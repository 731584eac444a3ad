import Foundation
import ZeroTrust

/// When each bundle endpoint is asked: at once, then as often as the bundle itself asks for (SPIFFE Federation §4.1, §6.2).
///
/// A failed poll waits for the next one. An endpoint that has never answered is asked again sooner, and later each time,
/// until it is asked no more often than the others; so is one whose answer nobody could take. It goes by the time that
/// passes, whatever the time of day is set to. A value that reads no clock.
struct PollSchedule {
    /// Where the bundle does not say how often: five minutes (§4.1).
    static let defaultInterval: TimeInterval = 300
    /// No bundle has itself asked for more, or less, often than this.
    static let allowedIntervals: ClosedRange<TimeInterval> = 5...86400
    private static let firstRetry: TimeInterval = 5

    /// What came of a poll.
    enum Outcome {
        /// A bundle that counts; how often it asks to be fetched, in seconds, where it says so.
        case taken(hint: UInt64?)
        /// No bundle, or one that does not count.
        case refused
        /// A bundle of which nobody could say whether it counts.
        case unheard
    }

    private struct Entry {
        let relationship: String
        var interval: TimeInterval
        var next: ContinuousClock.Instant
        var hasAnswered = false
        var failures = 0
        var isUnderWay = false
        /// Whether it is to be asked again as soon as what is under way has ended.
        var isWanted = false
    }

    private var entries: [TrustDomain: Entry] = [:]

    /// Asks these, by the digests of what is configured about each, and no others.
    mutating func follow(_ relationships: [TrustDomain: String], at now: ContinuousClock.Instant) {
        entries = entries.filter { relationships[$0.key] == $0.value.relationship }
        for (domain, relationship) in relationships where entries[domain] == nil {
            entries[domain] = Entry(relationship: relationship, interval: Self.defaultInterval, next: now)
        }
    }

    /// Asks every one now, and one that is being asked once more.
    mutating func hurry(at now: ContinuousClock.Instant) {
        for domain in entries.keys {
            entries[domain]?.next = now
            if entries[domain]?.isUnderWay == true { entries[domain]?.isWanted = true }
        }
    }

    /// The trust domains whose endpoints are to be asked now, which are under way from then on.
    mutating func takeDue(at now: ContinuousClock.Instant) -> [TrustDomain] {
        let due = entries.filter { !$0.value.isUnderWay && $0.value.next <= now }.map(\.key)
        for domain in due { entries[domain]?.isUnderWay = true }
        return due.sorted { $0.name < $1.name }
    }

    /// An endpoint was asked.
    ///
    /// - Parameters:
    ///   - domain: whose it is.
    ///   - relationship: under which configuration it was asked.
    ///   - outcome: what came of it.
    ///   - now: the moment.
    ///   - jitter: from 0 to 1; it keeps many from asking at the same moment.
    mutating func finished(
        _ domain: TrustDomain,
        under relationship: String,
        _ outcome: Outcome,
        at now: ContinuousClock.Instant,
        jitter: Double
    ) {
        guard var entry = entries[domain], entry.relationship == relationship else { return }
        entry.isUnderWay = false
        let waits: Bool
        switch outcome {
        case .taken(let hint):
            let wanted = hint.map { TimeInterval($0) } ?? Self.defaultInterval
            entry.interval = min(max(wanted, Self.allowedIntervals.lowerBound), Self.allowedIntervals.upperBound)
            entry.hasAnswered = true
            entry.failures = 0
            waits = true
        case .refused:
            entry.failures += 1
            waits = entry.hasAnswered
        case .unheard:
            entry.failures += 1
            waits = false
        }
        let retry = Self.firstRetry * Double(1 << min(max(entry.failures - 1, 0), 10))
        let pause = waits ? entry.interval : min(entry.interval, retry)
        entry.next = entry.isWanted ? now : now + .seconds(pause * (0.9 + 0.1 * jitter))
        entry.isWanted = false
        entries[domain] = entry
    }
}
