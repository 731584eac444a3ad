public import ZeroTrust

/// Counts refusals before an identity is known, for `AggregateRefusalRecord`s: per source, reason and second.
///
/// A second with too many sources counts the further ones together, so that nobody can fill memory or disk.
public struct RefusalTally: Sendable {
    /// The refusals of one source, reason and second.
    public struct Count: Hashable, Sendable {
        /// The second that was counted.
        public let second: Timestamp
        /// Where they came from; nil for the sources that were too many.
        public let source: IPAddress?
        /// A short, stable code for the grounds.
        public let reason: String
        /// How many they were.
        public let count: UInt64

        /// The record of this count.
        public func record(id: RequestID, node: String) -> AggregateRefusalRecord {
            AggregateRefusalRecord(
                id: id,
                second: second,
                node: node,
                source: source,
                reason: reason,
                count: count
            )
        }
    }

    private struct Key: Hashable {
        let source: IPAddress?
        let reason: String
    }

    /// How many pairs of source and reason one second tells apart, unless it is said otherwise.
    public static let maximumSources = 256

    private let maximumKeys: Int
    private var second: Timestamp?
    private var counts: [Key: UInt64] = [:]

    /// A tally with nothing in it.
    ///
    /// - Parameter maximumSources: how many pairs of source and reason are told apart in one second.
    public init(maximumSources: Int = Self.maximumSources) {
        self.maximumKeys = maximumSources
    }

    /// Counts one refusal; returns the counts of an earlier second, where it is over by now.
    public mutating func count(source: IPAddress?, reason: String, at time: Timestamp) -> [Count] {
        let finished = drain(before: time)
        second = time.wholeSecond
        var key = Key(source: source, reason: reason)
        if counts[key] == nil, counts.count >= maximumKeys { key = Key(source: nil, reason: reason) }
        counts[key, default: 0] += 1
        return finished
    }

    /// The counts of the second that is being counted, where it is over at a time.
    public mutating func drain(before time: Timestamp) -> [Count] {
        second.map { $0 != time.wholeSecond } ?? false ? drain() : []
    }

    /// All counts that were not returned yet.
    public mutating func drain() -> [Count] {
        guard let second else { return [] }
        defer {
            counts.removeAll(keepingCapacity: true)
            self.second = nil
        }
        return counts.map { Count(second: second, source: $0.key.source, reason: $0.key.reason, count: $0.value) }
            .sorted { ($0.count, $1.reason) > ($1.count, $0.reason) }
    }
}
