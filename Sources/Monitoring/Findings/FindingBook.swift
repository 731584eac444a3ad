public import ZeroTrust

/// The findings of one monitor: signals grouped, repeated ones folded in, each with its life.
///
/// It is a plain value without a clock: what it holds follows from the signals and acts that it was given, in their order.
public struct FindingBook: Sendable {
    /// Findings by the order in which they were opened.
    public private(set) var findings: [Finding] = []
    /// How many findings were let go of because there were too many.
    public private(set) var dropped: UInt64 = 0
    /// How many findings of each type and severity have been opened.
    public private(set) var opened: [FindingType: [Severity: UInt64]] = [:]
    /// Findings that were opened, or changed in what somebody should hear of, since ``takeChanges()``.
    private var changed: Set<String> = []

    /// Where the finding of a key lies.
    private var places: [FindingKey: Int] = [:]
    private var keys: [FindingKey] = []
    /// The keys that were accepted into the baseline, with what was known when they were.
    private var accepted: [FindingKey: Acceptance] = [:]
    private var ids: Set<String> = []
    let limit: Int

    /// The most findings that are kept unless it is said otherwise.
    public static let defaultLimit = 10_000
    /// The most accepted keys that are remembered.
    static let maximumAccepted = 1_000_000
    /// The most members that are remembered of an accepted key; the oldest are forgotten first, and are found again.
    static let maximumAcceptedMembers = 4_096
    /// How many times as much as was accepted is a new finding.
    static let margin = 1.5

    /// What somebody saw, and said to be how things are: so much of it, so bad, and these members; no more than that.
    private struct Acceptance {
        var observed: Double
        var severity: Severity
        /// The members that the finding named; what it only counted, nobody saw.
        var members: [String]

        /// Whether a signal is of what was accepted.
        func covers(_ type: FindingType, severity: Severity, amount: Double, member: String?) -> Bool {
            guard severity <= self.severity, !type.isMeasured || amount <= margin * observed else { return false }
            return !type.isGrouped || member.map { members.contains($0) } ?? true
        }
    }

    /// An empty book.
    public init(limit: Int = FindingBook.defaultLimit) {
        self.limit = max(limit, 16)
    }

    /// The finding of an id; nil where there is none.
    public subscript(id: String) -> Finding? { findings.first { $0.id == id } }

    /// Whether a key is known and this is no worse, so that a further record is only counted and no signal need be made.
    ///
    /// - Returns: true where the observation was folded into a finding, or is of what was accepted.
    mutating func fold(_ key: FindingKey, _ observation: Observation, severity: Severity, amount: Double) -> Bool {
        if let place = place(of: key, at: observation.time) {
            guard severity <= findings[place].severity, amount <= findings[place].measure.observed else { return false }
            add(observation, to: place)
            return true
        }
        return accepts(key, severity: severity, amount: amount)
    }

    /// Whether somebody has accepted so much of a key, and so bad, into the baseline.
    func accepts(_ key: FindingKey, severity: Severity, amount: Double) -> Bool {
        accepted[key]?.covers(key.type, severity: severity, amount: amount, member: nil) ?? false
    }

    /// Takes a signal: into the finding that is there for its key, or into a new one.
    mutating func take(_ signal: Signal, for key: FindingKey, _ observation: Observation) {
        if let known = accepted[key],
            known.covers(
                key.type,
                severity: signal.severity,
                amount: signal.measure.observed,
                member: signal.member
            )
        {
            return
        }
        if let place = place(of: key, at: observation.time) {
            add(observation, to: place)
            fold(signal, into: place)
        } else {
            open(signal, key, observation)
        }
    }

    /// Does something to a finding.
    ///
    /// - Throws: ``MonitoringError`` where there is no such finding, or it is past that act.
    public mutating func apply(_ act: FindingAct, to id: String, by actor: String, at time: Timestamp)
        throws(MonitoringError)
    {
        guard let place = findings.firstIndex(where: { $0.id == id }) else {
            throw MonitoringError(
                .transition,
                "there is no finding `\(id.prefix(80))`; `lapwing alert list --all` has all"
            )
        }
        let state = findings[place].state
        guard state.isActive else {
            throw MonitoringError(.transition, "the finding `\(id)` is \(state.name) already")
        }
        let key = keys[place]
        if case .accept = act, key.type == .integrity {
            throw MonitoringError(
                .transition,
                "`\(id)` says that the record is in doubt, which is never how things are: mend it and resolve the finding"
            )
        }
        switch act {
        case .acknowledge:
            guard case .open = state else {
                throw MonitoringError(.transition, "the finding `\(id)` is \(state.name) already")
            }
            findings[place].state = .acknowledged(by: actor, at: time)
        case .accept(let reason):
            guard accepted.count < Self.maximumAccepted else {
                throw MonitoringError(
                    .transition,
                    "\(Self.maximumAccepted) findings are accepted; declare more instead"
                )
            }
            findings[place].state = .accepted(by: actor, at: time, reason: reason)
            accept(key, findings[place])
            places[key] = nil
        case .resolve:
            findings[place].state = .resolved(by: actor, at: time)
            places[key] = nil
        }
        changed.insert(id)
    }

    /// Adds what a finding names to what is accepted of its key.
    private mutating func accept(_ key: FindingKey, _ finding: Finding) {
        let known = accepted[key]
        let members = (known?.members ?? []) + finding.members.filter { !(known?.members.contains($0) ?? false) }
        accepted[key] = Acceptance(
            observed: max(finding.measure.observed, known?.observed ?? 0),
            severity: max(finding.severity, known?.severity ?? .info),
            members: members.suffix(Self.maximumAcceptedMembers)
        )
    }

    /// The findings that were opened, became worse, or were acted upon since the last call, oldest first.
    public mutating func takeChanges() -> [Finding] {
        guard !changed.isEmpty else { return [] }
        defer { changed = [] }
        return findings.filter { changed.contains($0.id) }
    }

    /// Findings were last seen at this time at the latest, so that they do not wait for another to be grouped with.
    mutating func setBack(to time: Int64) {
        for place in findings.indices where findings[place].updated.nanoseconds > time {
            findings[place].updated = Timestamp(nanoseconds: time)
        }
    }

    // MARK: - Signals

    /// The finding that further records of a key belong to.
    private func place(of key: FindingKey, at time: Timestamp) -> Int? {
        guard let place = places[key] else { return nil }
        if let gap = key.type.groupingGap, time.nanoseconds - findings[place].updated.nanoseconds > gap { return nil }
        return place
    }

    private mutating func add(_ observation: Observation, to place: Int) {
        if observation.time.nanoseconds > findings[place].updated.nanoseconds {
            findings[place].updated = observation.time
        }
        if let log = findings[place].records.firstIndex(where: { $0.source == observation.source }) {
            findings[place].records[log].add(observation.record)
        } else {
            findings[place].records.append(RecordRanges(observation.source, observation.record))
        }
    }

    private mutating func fold(_ signal: Signal, into place: Int) {
        if signal.severity > findings[place].severity {
            findings[place].severity = signal.severity
            findings[place].cause = signal.cause
            changed.insert(findings[place].id)
        }
        if signal.measure.observed > findings[place].measure.observed {
            findings[place].measure = signal.measure
            if !signal.type.isGrouped { findings[place].cause = signal.cause }
        }
        guard let member = signal.member, !findings[place].members.contains(member) else { return }
        findings[place].memberCount += 1
        if findings[place].members.count < Finding.maximumMembers { findings[place].members.append(member) }
        if let words = signal.groupCause { findings[place].cause = "\(findings[place].memberCount) \(words)" }
        if findings[place].measure.unit.hasPrefix("new ") {
            findings[place].measure.observed = Double(findings[place].memberCount)
        }
    }

    private mutating func open(_ signal: Signal, _ key: FindingKey, _ observation: Observation) {
        makeRoom()
        let id = identifier(signal.type, observation)
        findings.append(
            Finding(
                id: id,
                type: signal.type,
                severity: signal.severity,
                subject: signal.subject,
                object: signal.object,
                cause: signal.cause,
                measure: signal.measure,
                members: signal.member.map { [$0] } ?? [],
                memberCount: signal.member == nil ? 0 : 1,
                records: [RecordRanges(observation.source, observation.record)],
                opened: observation.time,
                updated: observation.time,
                state: .open,
                attack: signal.attack ?? signal.type.attackTechniques,
                atlas: signal.atlas ?? signal.type.atlasTechniques
            )
        )
        keys.append(key)
        ids.insert(id)
        places[key] = findings.count - 1
        opened[signal.type, default: [:]][signal.severity, default: 0] += 1
        changed.insert(id)
    }

    /// `M1-4711`; other logs are named (`M1-flow-17`), and a record that opens several of a type numbers them.
    private mutating func identifier(_ type: FindingType, _ observation: Observation) -> String {
        let log = observation.source == .lapwing ? "" : "\(observation.source.name)-"
        let base = "\(type.code)-\(log)\(observation.record)"
        var id = base
        var number = 1
        while ids.contains(id) {
            number += 1
            id = "\(base)-\(number)"
        }
        return id
    }

    /// Lets go of what is over first, then of what matters least, oldest first: half of the room at a time.
    private mutating func makeRoom() {
        guard findings.count >= limit else { return }
        let order = findings.indices.sorted { left, right in
            let (a, b) = (findings[left], findings[right])
            if a.state.isActive != b.state.isActive { return !a.state.isActive }
            if a.severity != b.severity { return a.severity < b.severity }
            return left < right
        }
        let gone = Set(order.prefix(limit / 2))
        dropped += UInt64(gone.count)
        for place in gone { changed.remove(findings[place].id) }
        let kept = findings.indices.filter { !gone.contains($0) }
        findings = kept.map { findings[$0] }
        keys = kept.map { keys[$0] }
        rebuildPlaces()
    }

    /// The last finding of a key that is still active is the one that goes on.
    private mutating func rebuildPlaces() {
        places = [:]
        ids = Set(findings.map(\.id))
        for (place, key) in keys.enumerated() where findings[place].state.isActive { places[key] = place }
    }
}

// MARK: - State

extension FindingBook {
    func write(to writer: inout StateWriter) {
        writer.write(UInt64(limit))
        writer.write(dropped)
        writer.write(UInt64(findings.count))
        for (finding, key) in zip(findings, keys) {
            writer.write(key)
            finding.write(to: &writer)
        }
        writer.write(UInt64(accepted.count))
        for (key, known) in accepted.sorted(by: { $0.key < $1.key }) {
            writer.write(key)
            writer.write(known.observed)
            writer.write(UInt64(known.severity.rawValue))
            writer.write(known.members)
        }
        for type in FindingType.allCases {
            for severity in Severity.allCases { writer.write(opened[type]?[severity] ?? 0) }
        }
        writer.write(UInt64(changed.count))
        for id in changed.sorted() { writer.write(id) }
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        self.init(limit: Int(clamping: try reader.number()))
        dropped = try reader.number()
        for _ in 0..<(try reader.count(of: 8)) {
            keys.append(try reader.key())
            findings.append(try Finding(from: &reader))
        }
        for _ in 0..<(try reader.count(of: 13)) {
            let key = try reader.key()
            let observed = try reader.double()
            guard let severity = Severity(rawValue: UInt8(clamping: try reader.number())) else {
                throw reader.damaged("what was accepted")
            }
            accepted[key] = Acceptance(observed: observed, severity: severity, members: try reader.strings())
        }
        for type in FindingType.allCases {
            for severity in Severity.allCases {
                let count = try reader.number()
                if count > 0 { opened[type, default: [:]][severity] = count }
            }
        }
        for _ in 0..<(try reader.count(of: 1)) { changed.insert(try reader.string()) }
        rebuildPlaces()
    }
}
