import ZeroTrust

/// M2: a path, or an action on a cloud's or database's settings, that was never used within memory.
///
/// What is new is grouped, so that one roll-out is one finding: new edges of one caller together, or, where many callers
/// begin to call one new callee, those. How unusual it is that anything new appears at all decides how much it matters.
struct FirstSeenEdges: Detector {
    /// How many days an edge is remembered after its last use.
    let memory: Int64
    let limit: Int

    /// The day on which each edge was last used.
    private var lastUsed: [Key: Int32] = [:]
    /// What is new, among everybody.
    private var rate = DecayedRate()
    /// The day of the last clearing out.
    private var cleared: Int32 = 0
    /// When each caller and callee was first seen, for the grouping.
    private var began: [UInt32: Int64] = [:]
    /// The group that new edges of a caller, or to a new callee, go into, and until when.
    private var groups: [UInt32: Group] = [:]
    private var groupCount: UInt64 = 0
    /// What each caller made, by the noun of the action: that it takes it away again is no news.
    private var made: [Key: Int32] = [:]

    private struct Group {
        var number: UInt64
        var last: Int64
    }

    /// Nanoseconds without a new edge after which a group is over.
    private static let gap: Int64 = 600_000_000_000

    private struct Key: Hashable, Comparable {
        var caller: UInt32
        var callee: UInt32
        /// A kind of verb, or the number of an action.
        var verb: UInt32

        static func < (left: Key, right: Key) -> Bool {
            (left.caller, left.callee, left.verb) < (right.caller, right.callee, right.verb)
        }
    }

    init(memory: Int64, limit: Int) {
        self.memory = memory
        self.limit = limit
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let observation = seen.observation
        let isAction = observation.marks.contains(.controlPlane)
        // What was refused was no use of an edge, though an action that was tried counts; and what a platform does by
        // itself says nothing of a caller.
        guard observation.decision != .deny || isAction, !observation.marks.contains(.automatic) else { return }
        // Classes of verbs lie above all numbers of names.
        let verb = isAction ? seen.verb : UInt32.max - UInt32(observation.verbClass.rawValue)
        let key = Key(caller: seen.caller, callee: seen.callee, verb: verb)
        let today = Int32(clamping: seen.time / 86_400_000_000_000)
        clear(today)
        if let last = lastUsed[key] {
            if last != today { lastUsed[key] = max(last, today) }
            return
        }
        let isOwn = isAction && takesOwnAway(seen, &book, today)
        rate.begin(at: seen.time)
        let isNewCaller = note(seen.caller, seen.time)
        let isNewCallee = note(seen.callee, seen.time)
        if lastUsed.count < limit { lastUsed[key] = today }
        defer { rate.add(at: seen.time) }
        guard seen.isPastLearning, !isOwn else { return }

        let chance = rate.chance(within: 600e9, at: seen.time)
        let perDay = rate.perDay(at: seen.time)
        let group = group(seen, isNewCallee: isNewCallee)
        let severity = severity(observation, chance, isNewCaller)
        book.report(group.key, seen, severity: severity, amount: 1) { _ in
            Signal(
                type: .firstSeenEdge,
                severity: severity,
                subject: observation.caller,
                object: isAction && observation.verbClass != .read ? observation.callee : "",
                cause: cause(observation, isAction, isNewCaller),
                measure: .init(baseline: perDay, observed: 1, threshold: 0, unit: "new edges (usual: a day)"),
                member: isAction
                    ? "\(observation.caller) \(observation.callee) \(observation.verb)" : "\(Edge(observation))",
                attack: isAction ? CloudTechniques.of(observation) : nil,
                groupCause: group.isByCallee
                    ? "new edges to `\(observation.callee)`"
                    : "\(isAction ? "actions" : "new edges") of `\(observation.caller)`"
                        + (isAction ? " for the first time" : "")
            )
        }
    }

    /// Which new edges belong together: those of one caller, and those of many callers to one new callee, as long as they
    /// follow one another.
    private mutating func group(_ seen: Observed, isNewCallee: Bool) -> (key: FindingKey, isByCallee: Bool) {
        let observation = seen.observation
        if observation.marks.contains(.controlPlane) {
            // Looking around is one thing, wherever; changing things is one thing for each service.
            let isReading = observation.verbClass == .read
            return (
                FindingKey(.firstSeenEdge, UInt64(seen.caller), isReading ? 1 : UInt64(seen.callee) << 8 | 2), false
            )
        }
        func isLive(_ group: Group) -> Bool { seen.time - group.last <= Self.gap }
        if let group = groups[seen.caller], isLive(group) {
            groups[seen.caller]?.last = seen.time
            if isNewCallee { join(seen.callee, group.number, seen.time) }
            return (FindingKey(.firstSeenEdge, group.number, 3), false)
        }
        if isNewCallee, let group = groups[seen.callee], isLive(group) {
            groups[seen.callee]?.last = seen.time
            return (FindingKey(.firstSeenEdge, group.number, 3), true)
        }
        groupCount += 1
        join(seen.caller, groupCount, seen.time)
        if isNewCallee { join(seen.callee, groupCount, seen.time) }
        return (FindingKey(.firstSeenEdge, groupCount, 3), false)
    }

    private mutating func join(_ name: UInt32, _ number: UInt64, _ time: Int64) {
        if groups.count >= limit { groups = groups.filter { time - $0.value.last <= Self.gap } }
        guard groups.count < limit, name != 0 else { return }
        groups[name] = Group(number: number, last: time)
    }

    /// Notes what an action makes, and says of one that takes away whether the caller made it before.
    ///
    /// What keeps a record of others is never one's own.
    private mutating func takesOwnAway(_ seen: Observed, _ book: inout Casebook, _ today: Int32) -> Bool {
        let verb = seen.observation.verb
        let start = verb.utf8.dropFirst().firstIndex { (0x41...0x5a).contains($0) } ?? verb.utf8.endIndex
        let noun = Key(
            caller: seen.caller,
            callee: seen.callee,
            verb: book.names.number(of: String(verb[start...]), for: seen.caller)
        )
        switch seen.observation.verbClass {
        case .write, .administer:
            if made.count < limit { made[noun] = today }
            return false
        case .delete:
            let kind = CloudTechniques.kind(of: seen.observation)
            return kind != .record && kind != .account && made[noun] != nil
        default: return false
        }
    }

    private func severity(_ observation: Observation, _ chance: Double, _ isNewCaller: Bool) -> Severity {
        if observation.marks.contains(.leaves) { return .high }
        if observation.marks.contains(.controlPlane) { return CloudTechniques.severity(of: observation) }
        return chance < 0.01 ? .medium : .low
    }

    private func cause(_ observation: Observation, _ isAction: Bool, _ isNewCaller: Bool) -> String {
        let who = isNewCaller ? "the new caller `\(observation.caller)`" : "`\(observation.caller)`"
        return isAction
            ? "\(who) did `\(observation.verb)` on `\(observation.callee)` for the first time"
            : "\(who) used a path for the first time: \(Edge(observation))"
    }

    /// Whether a name began within the last grouping gap; it is noted where it is new.
    private mutating func note(_ name: UInt32, _ time: Int64) -> Bool {
        guard name != 0 else { return false }
        if let first = began[name] { return time - first <= 600_000_000_000 }
        if began.count < limit { began[name] = time }
        return true
    }

    /// Once a day, edges that were not used for long are forgotten.
    private mutating func clear(_ today: Int32) {
        guard today > cleared else { return }
        defer { cleared = today }
        guard cleared != 0 else { return }
        let oldest = Int64(today) - memory
        lastUsed = lastUsed.filter { Int64($0.value) >= oldest }
        made = made.filter { Int64($0.value) >= oldest }
    }

    mutating func setBack(to time: Int64) {
        let today = Int32(clamping: time / 86_400_000_000_000)
        cleared = min(cleared, today)
        lastUsed = lastUsed.mapValues { min($0, today) }
        made = made.mapValues { min($0, today) }
        rate.setBack(to: time)
        began = began.mapValues { min($0, time) }
        groups = groups.filter { $0.value.last <= time }
    }

    func write(to writer: inout StateWriter) {
        rate.write(to: &writer)
        writer.write(Int64(cleared))
        for table in [lastUsed, made] {
            writer.write(UInt64(table.count))
            for (key, day) in table.sorted(by: { $0.key < $1.key }) {
                writer.write(UInt64(key.caller))
                writer.write(UInt64(key.callee))
                writer.write(UInt64(key.verb))
                writer.write(Int64(day))
            }
        }
        writer.write(UInt64(began.count))
        for (name, time) in began.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(name))
            writer.write(time)
        }
        writer.write(groupCount)
        writer.write(UInt64(groups.count))
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(name))
            writer.write(group.number)
            writer.write(group.last)
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        rate = try DecayedRate(from: &reader)
        cleared = Int32(clamping: try reader.signed())
        lastUsed = try Self.table(&reader)
        made = try Self.table(&reader)
        began = [:]
        for _ in 0..<(try reader.count(of: 2)) {
            began[UInt32(clamping: try reader.number())] = try reader.signed()
        }
        groupCount = try reader.number()
        groups = [:]
        for _ in 0..<(try reader.count(of: 3)) {
            groups[UInt32(clamping: try reader.number())] = Group(
                number: try reader.number(),
                last: try reader.signed()
            )
        }
    }

    private static func table(_ reader: inout StateReader) throws(MonitoringError) -> [Key: Int32] {
        var table: [Key: Int32] = [:]
        for _ in 0..<(try reader.count(of: 4)) {
            let key = Key(
                caller: UInt32(clamping: try reader.number()),
                callee: UInt32(clamping: try reader.number()),
                verb: UInt32(clamping: try reader.number())
            )
            table[key] = Int32(clamping: try reader.signed())
        }
        return table
    }
}
