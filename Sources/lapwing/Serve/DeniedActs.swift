import ZeroTrust

/// Tells of what was refused at most twice a second for each caller: the first refusal whole, the others as a number.
///
/// A value that reads no clock. Whoever asks for what it may not have cannot make more of the record than this, however
/// fast it asks; callers beyond ``maximumActors`` in a second are counted together.
struct DeniedActs: Sendable {
    /// The callers that one second tells apart.
    static let maximumActors = 64
    /// Who did what callers beyond those did.
    static let others = "others"

    private struct Count {
        /// How many there were beside the one that is told whole.
        var more: UInt64
        var last: ActRecord
    }

    private var second = Timestamp(nanoseconds: 0)
    private var counts: [String: Count] = [:]

    /// Counts a refusal.
    ///
    /// - Returns: what is to be recorded now: the refusal itself where it is the first of its caller in this second, and
    ///   before it the numbers of the second that is over.
    mutating func add(_ act: ActRecord) -> [ActRecord] {
        var records = take(at: act.time)
        if counts[act.actor] != nil {
            counts[act.actor]?.more += 1
            counts[act.actor]?.last = act
        } else if counts.count < Self.maximumActors {
            counts[act.actor] = Count(more: 0, last: act)
            records.append(act)
        } else {
            var act = act
            act.actor = Self.others
            // The first of these is told as a number as well.
            counts[Self.others] = Count(more: (counts[Self.others]?.more ?? 0) + 1, last: act)
        }
        return records
    }

    /// The numbers of the second that was being counted, where it is over by now.
    mutating func take(at time: Timestamp) -> [ActRecord] {
        let now = time.wholeSecond
        guard now != second else { return [] }
        defer { second = now }
        return drain()
    }

    /// All that was counted and not told yet, in the order of the callers.
    mutating func drain() -> [ActRecord] {
        defer { counts.removeAll(keepingCapacity: true) }
        return counts.values.filter { $0.more > 0 }.sorted { $0.last.actor < $1.last.actor }.map { count in
            var act = count.last
            act.id = RequestID(milliseconds: act.time.milliseconds, random: .random(in: 0 ... .max))
            act.reason = "\(count.more) more refused in this second, of which this is the last: \(act.reason ?? "")"
            return act
        }
    }
}
