import ZeroTrust

/// Counts connections that were refused before anybody was identified, by source and reason, second by second.
///
/// A value that reads no clock. It holds at most ``maximumSources`` counts for a second; what comes from further
/// sources is counted together, so that a flood of addresses costs no more memory and no more records.
struct AggregateRefusals: Sendable {
    /// The sources and reasons that one second tells apart.
    static let maximumSources = 256

    /// What was counted in one second.
    struct Count: Hashable, Sendable {
        /// The address, or nil for those that were not told apart.
        let source: IPAddress?
        let reason: String
        let second: Timestamp
        var count: UInt64
    }

    private struct Key: Hashable {
        let source: IPAddress?
        let reason: String
    }

    private var second = Timestamp(nanoseconds: 0)
    private var counts: [Key: UInt64] = [:]

    /// Counts one refusal; returns the counts of the second before, where it is over.
    mutating func add(source: IPAddress?, reason: String, at time: Timestamp) -> [Count] {
        let finished = take(at: time)
        let key = Key(source: source, reason: reason)
        if counts[key] != nil || counts.count < Self.maximumSources {
            counts[key, default: 0] += 1
        } else {
            counts[Key(source: nil, reason: reason), default: 0] += 1
        }
        return finished
    }

    /// The counts of the second that was being counted, where it is over by now.
    mutating func take(at time: Timestamp) -> [Count] {
        let now = time.wholeSecond
        guard now != second else { return [] }
        defer { second = now }
        return drain()
    }

    /// All that was counted and not yet returned.
    mutating func drain() -> [Count] {
        defer { counts.removeAll(keepingCapacity: true) }
        return counts.map { Count(source: $0.key.source, reason: $0.key.reason, second: second, count: $0.value) }
    }
}
