/// What one correlation has counted, by group, within its span.
///
/// Memory is bounded: a group keeps no more times or values than the threshold asks for, and where there are too many groups,
/// or times and values over all of them, those groups that were quiet for longest are forgotten.
struct CorrelationWindows: Sendable {
    /// What reached the threshold.
    struct Hit: Equatable, Sendable {
        /// What the group is called by.
        let group: UInt64
        /// What it is grouped by, for people.
        let name: String
        let count: Int
    }

    private struct Group: Sendable {
        var last: Int64 = 0
        /// Of `event_count`, the times; of `value_count`, the hashes of the values with the last time of each.
        var marks: [Mark] = []
        /// Of `temporal`, by place in the list of rules, when it was seen last, or when the sequence began that it is in.
        var seen: [Int64?] = []
    }

    private struct Mark: Sendable {
        var value: UInt64
        var time: Int64
    }

    private let correlation: SigmaCorrelation
    private let maximumMarks: Int
    private var groups: [UInt64: Group] = [:]
    /// How many times and values all groups keep.
    private(set) var markCount = 0

    static let maximumGroups = 8_192
    /// The most times and values that all groups keep together.
    static let maximumMarks = 1 << 18

    init(_ correlation: SigmaCorrelation, maximumMarks: Int = Self.maximumMarks) {
        self.correlation = correlation
        self.maximumMarks = maximumMarks
    }

    /// Takes a record that a rule matches.
    ///
    /// - Returns: what has reached the threshold with it; nil where nothing has.
    mutating func take(_ event: SigmaEvent, of rule: Int, at time: Int64) -> Hit? {
        let parts = correlation.groupFields(of: rule).map { event.text($0) ?? "" }
        let name = String(parts.joined(separator: ", ").prefix(200))
        let key = parts.reduce(UInt64(0)) { StableHash.of($0, StableHash.of($1)) }
        if groups[key] == nil, groups.count >= Self.maximumGroups { makeRoom() }
        var group = groups.removeValue(forKey: key) ?? Group()
        markCount -= group.marks.count
        // The group at hand is not among those that make room.
        while markCount + group.marks.count >= maximumMarks, !groups.isEmpty { makeRoom() }
        // A log whose clock stepped back goes on where it was.
        let now = max(group.last, time)
        group.last = now
        let count: Int
        switch correlation.kind {
        case .events:
            group.marks.removeAll { now - $0.time > correlation.span }
            group.marks.append(Mark(value: 0, time: now))
            count = group.marks.count
            if count > correlation.threshold { group.marks.removeFirst() }
        case .values(let field):
            group.marks.removeAll { now - $0.time > correlation.span }
            for value in event[field] {
                let hash = StableHash.of(String(decoding: value.folded, as: UTF8.self))
                if let place = group.marks.firstIndex(where: { $0.value == hash }) { group.marks.remove(at: place) }
                group.marks.append(Mark(value: hash, time: now))
            }
            count = group.marks.count
            if count > correlation.threshold { group.marks.removeFirst(count - correlation.threshold) }
        case .temporal(let isOrdered): count = advance(&group, rule, now, isOrdered)
        }
        groups[key] = group
        markCount += group.marks.count
        return count >= correlation.threshold ? Hit(group: key, name: name, count: count) : nil
    }

    /// How many of the rules were seen within the span; for a sequence, how far it is.
    private func advance(_ group: inout Group, _ rule: Int, _ now: Int64, _ isOrdered: Bool) -> Int {
        if group.seen.count != correlation.rules.count { group.seen = correlation.rules.map { _ in nil } }
        for place in group.seen.indices {
            if let time = group.seen[place], now - time > correlation.span { group.seen[place] = nil }
        }
        // From the last to the first, so that one record is one step.
        for place in correlation.rules.indices.reversed() where correlation.rules[place] == rule {
            if !isOrdered || place == 0 {
                group.seen[place] = now
            } else if let start = group.seen[place - 1] {
                group.seen[place] = start
            }
        }
        if isOrdered {
            guard group.seen[correlation.rules.count - 1] != nil, correlation.rules.last == rule else { return 0 }
            group.seen[correlation.rules.count - 1] = nil
            return correlation.rules.count
        }
        return group.seen.count { $0 != nil }
    }

    /// Forgets the half that was quiet for longest.
    private mutating func makeRoom() {
        let order = groups.sorted { ($0.value.last, $0.key) < ($1.value.last, $1.key) }
        for (key, group) in order.prefix((order.count + 1) / 2) {
            markCount -= group.marks.count
            groups[key] = nil
        }
    }

    /// Forgets what was counted at later times than this.
    mutating func setBack(to time: Int64) {
        for (key, group) in groups where group.last > time {
            markCount -= group.marks.count
            groups[key] = nil
        }
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(groups.count))
        for (key, group) in groups.sorted(by: { $0.key < $1.key }) {
            writer.write(key)
            writer.write(group.last)
            writer.write(UInt64(group.marks.count))
            for mark in group.marks {
                writer.write(mark.value)
                writer.write(mark.time)
            }
            writer.write(UInt64(group.seen.count))
            for time in group.seen { writer.write(time ?? .min) }
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        (groups, markCount) = ([:], 0)
        for _ in 0..<(try reader.count(of: 4)) {
            let key = try reader.number()
            var group = Group(last: try reader.signed())
            for _ in 0..<(try reader.count(of: 2)) {
                group.marks.append(Mark(value: try reader.number(), time: try reader.signed()))
            }
            for _ in 0..<(try reader.count(of: 1)) {
                let time = try reader.signed()
                group.seen.append(time == .min ? nil : time)
            }
            markCount += group.marks.count - (groups[key]?.marks.count ?? 0)
            groups[key] = group
        }
    }
}
