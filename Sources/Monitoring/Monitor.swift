public import ZeroTrust

/// Watches what the logs tell: every detector sees every observation in turn, and what they find goes into one book.
///
/// A monitor is a value without a clock. Its findings follow from its settings, the declared edges and the observations in
/// their order, so that whoever has the log can have the same findings.
///
/// ```swift
/// var monitor = Monitor(settings: MonitorSettings(), declared: edges)
/// for observation in observations { monitor.observe(observation) }
/// for finding in monitor.findings.findings { print(finding.id, finding.cause) }
/// ```
public struct Monitor: Sendable {
    /// What it is set to.
    public let settings: MonitorSettings
    /// How many observations it has seen.
    public internal(set) var observed: UInt64 = 0
    /// The record of each log that is to be read next.
    public internal(set) var next: [LogSource: UInt64] {
        get {
            var all = others
            if own > 0 { all[.lapwing] = own }
            return all
        }
        set {
            own = newValue[.lapwing] ?? 0
            others = newValue
        }
    }

    /// The record of the node's own log that is to be read next: of it there are far more than of any other.
    private var own: UInt64 = 0
    private var others: [LogSource: UInt64] = [:]

    var casebook: Casebook
    var pending = PendingRequests()
    /// When each log began, by the source's number.
    var began = [Int64?](repeating: nil, count: LogSource.allCases.count)
    /// The latest time that any log told of.
    var latest: Int64 = 0
    /// Tells that a clock which ran ahead was set right.
    var clock = RecordClock()
    /// How many names found no room when that was last told of.
    var toldRefused: UInt64 = 0

    var undeclaredEdges: UndeclaredEdges
    var firstSeenEdges: FirstSeenEdges
    var firstModelAccess: FirstModelAccess
    var volumes: Volumes
    var coverage: Coverage
    var modelExtraction: ModelExtraction
    var adversarialInput: AdversarialInput
    var integrity: IntegrityWatch
    var fleet = FleetSeries()
    var sigma: SigmaWatch

    /// A monitor that knows nothing yet.
    ///
    /// - Parameters:
    ///   - settings: what it is set to.
    ///   - declared: what the enforcing policies allow; nil where no log is to be held against them.
    public init(settings: MonitorSettings = MonitorSettings(), declared: (any DeclaredEdges)? = nil) {
        self.settings = settings
        self.casebook = Casebook(
            names: NameTable(limit: settings.maximumNames),
            book: FindingBook(limit: settings.maximumFindings)
        )
        undeclaredEdges = UndeclaredEdges(declared: declared)
        firstSeenEdges = FirstSeenEdges(memory: settings.memory / 86_400_000_000_000, limit: settings.maximumEdges)
        firstModelAccess = FirstModelAccess(memory: settings.memory, maximumCallers: settings.maximumIdentities)
        volumes = Volumes(
            .init(
                window: settings.window,
                learning: settings.volumeLearning,
                minimum: settings.minimumVolume,
                maximumIdentities: settings.maximumIdentities
            )
        )
        coverage = Coverage(
            .init(memory: settings.memory, share: settings.coverage, sizes: settings.datasetSizes)
        )
        modelExtraction = ModelExtraction()
        adversarialInput = AdversarialInput(maximumCallers: settings.maximumIdentities)
        integrity = IntegrityWatch(checkpointLimit: settings.checkpointAge)
        sigma = SigmaWatch(settings.rules)
    }

    /// What has been found.
    public var findings: FindingBook { casebook.book }

    /// The findings that somebody should hear of since the last call: see ``FindingBook/takeChanges()``.
    public mutating func takeChanges() -> [Finding] { casebook.book.takeChanges() }

    /// Looks at one observation.
    public mutating func observe(_ observation: Observation) {
        observed += 1
        let seen = number(observation)
        let disabled = settings.disabled
        if observation.marks.contains(.continuation) {
            if !disabled.contains(.bulkExtraction) {
                volumes.observe(seen, &casebook)
                fleet.observe(seen, &casebook)
            }
            if !disabled.contains(.modelExtraction) { modelExtraction.complete(seen) }
            if !disabled.contains(.adversarialInput) { adversarialInput.observe(seen, &casebook) }
            skip(to: observation.record + 1, of: observation.source)
            return
        }
        if !disabled.contains(.undeclaredEdge) { undeclaredEdges.observe(seen, &casebook) }
        if !disabled.contains(.firstSeenEdge) { firstSeenEdges.observe(seen, &casebook) }
        if !disabled.contains(.firstModelAccess) { firstModelAccess.observe(seen, &casebook) }
        if !disabled.contains(.bulkExtraction) { volumes.observe(seen, &casebook) }
        if !disabled.contains(.lowAndSlow) { coverage.observe(seen, &casebook) }
        if !disabled.contains(.modelExtraction) { modelExtraction.observe(seen, &casebook) }
        if !disabled.contains(.adversarialInput) { adversarialInput.observe(seen, &casebook) }
        if !disabled.contains(.integrity) { integrity.observe(seen, &casebook) }
        if !disabled.contains(.bulkExtraction) { fleet.observe(seen, &casebook) }
        skip(to: observation.record + 1, of: observation.source)
        let refused = casebook.names.refused + firstModelAccess.refusedNames
        if refused > toldRefused {
            toldRefused = refused
            if !disabled.contains(.integrity) { integrity.take(.namesRefused(refused), seen, &casebook) }
        }
    }

    /// Looks at one record of a log of others, as its bytes stand; one that cannot be read is a finding of
    /// ``FindingType/integrity``, since what it tells of is not seen.
    ///
    /// - Parameters:
    ///   - bytes: the record, as a ``LogSplitter`` gives it.
    ///   - source: of which log it is.
    ///   - time: when it is read, for a finding; else the latest that the logs told of.
    /// - Returns: what was wrong with it; nil where nothing was.
    @discardableResult public mutating func observe(
        _ bytes: LogSplitter.Record,
        of source: LogSource,
        at time: Timestamp? = nil
    ) -> MonitoringError? {
        defer { skip(to: bytes.next, of: source) }
        do throws(MonitoringError) {
            if let problem = bytes.problem { throw MonitoringError(.malformed, problem) }
            let seen = try LogParser.observation(in: bytes.bytes, of: source, record: bytes.index)
            if let seen { observe(seen) }
            if settings.rules.reads(source) {
                examine(
                    bytes.bytes,
                    of: source,
                    record: bytes.index,
                    at: seen?.time ?? time,
                    caller: seen?.caller ?? ""
                )
            }
            return nil
        } catch {
            take(.unreadable(error.message), of: source, record: bytes.index, at: time)
            return error
        }
    }

    /// Looks at the beginning of something whose amounts are told of later, by ``complete(_:record:at:bytes:tokens:guardRule:)``.
    public mutating func observe(_ observation: Observation, until id: UInt64) {
        observe(observation)
        pending.begin(
            id,
            PendingRequests.Request(
                caller: observation.caller,
                callee: observation.callee,
                wasDenied: observation.decision == .deny,
                model: observation.prompt == nil ? nil : observation.model
            )
        )
    }

    /// Looks at the end of something that began under an id; what began too long ago, or before the log, is passed over.
    public mutating func complete(
        _ id: UInt64,
        record: UInt64,
        at time: Timestamp,
        bytes: UInt64,
        tokens: UInt64 = 0,
        guardRule: String? = nil
    ) {
        skip(to: record + 1, of: .lapwing)
        guard let begun = pending.end(id) else { return }
        observe(
            Observation(
                source: .lapwing,
                record: record,
                time: time,
                caller: begun.caller,
                callee: begun.callee,
                verb: "",
                verbClass: .call,
                model: begun.model,
                decision: begun.wasDenied ? .deny : .allow,
                bytes: bytes,
                tokens: tokens,
                guardRule: guardRule,
                wasGuarded: guardRule != nil,
                marks: [.continuation]
            )
        )
    }

    /// Puts a record to the rules of Sigma that are about its log; one that is no JSON is none that they are about.
    ///
    /// - Parameters:
    ///   - bytes: the record as it stands.
    ///   - source: of which log it is.
    ///   - record: its index in that log.
    ///   - time: when it was made; nil for the latest that the logs told of.
    ///   - caller: who it is about.
    ///   - id: under which something began whose end it is, so that it has the caller of that beginning: see
    ///     ``observe(_:until:)``.
    public mutating func examine(
        _ bytes: some Collection<UInt8>,
        of source: LogSource,
        record: UInt64,
        at time: Timestamp? = nil,
        caller: String,
        endOf id: UInt64? = nil
    ) {
        guard let log = settings.rules.logs[source], !settings.disabled.contains(.sigmaRule),
            let text = try? JSONText(bytes)
        else { return }
        var event = SigmaEvent(text, wanted: log.fields)
        var caller = caller
        if let id, let begun = pending.caller(of: id) {
            caller = begun
            if log.fields?.contains("caller.spiffe_id") ?? true { event.complete("caller.spiffe_id", with: begun) }
        }
        let observation = Observation(
            source: source,
            record: record,
            time: time ?? Timestamp(nanoseconds: latest),
            caller: caller,
            callee: "",
            verb: ""
        )
        sigma.examine(event, observation, &casebook.book)
        if event.isCut {
            take(
                .unreadable(
                    "more than \(SigmaEvent.maximumValues) values, or than \(SigmaEvent.maximumLength) bytes in one"
                ),
                of: source,
                record: record,
                at: time
            )
        }
    }

    /// Says that the records of a log before an index need not be read again, since there was nothing to observe in them.
    public mutating func skip(to record: UInt64, of source: LogSource) {
        if source == .lapwing {
            own = max(own, record)
        } else {
            others[source] = max(others[source] ?? 0, record)
        }
    }

    /// Takes what is known about the state of the record, at a time, or else at the latest that the logs told of.
    public mutating func take(_ reading: IntegrityReading, at time: Timestamp? = nil) {
        take(reading, of: .lapwing, record: own > 0 ? own - 1 : 0, at: time)
    }

    /// Takes what is known about the state of a log of others.
    ///
    /// - Parameters:
    ///   - reading: what is known.
    ///   - source: of which log.
    ///   - record: the index of the record that shows it.
    ///   - time: when; nil for the latest that the logs told of.
    public mutating func take(
        _ reading: IntegrityReading,
        of source: LogSource,
        record: UInt64,
        at time: Timestamp? = nil
    ) {
        guard !settings.disabled.contains(.integrity) else { return }
        let seen = Observed(
            observation: Observation(
                source: source,
                record: record,
                time: time ?? Timestamp(nanoseconds: latest),
                caller: "",
                callee: "",
                verb: ""
            ),
            caller: 0,
            callee: 0,
            verb: 0,
            isPastLearning: true
        )
        integrity.take(reading, seen, &casebook)
    }

    /// Does something to a finding.
    ///
    /// - Throws: ``MonitoringError`` where there is no such finding, or it is past that act.
    public mutating func apply(_ act: FindingAct, to id: String, by actor: String, at time: Timestamp)
        throws(MonitoringError)
    {
        try casebook.book.apply(act, to: id, by: actor, at: time)
    }

    private mutating func number(_ observation: Observation) -> Observed {
        latest = max(latest, observation.time.nanoseconds)
        if let now = clock.observe(observation) { setBack(to: now) }
        let source = Int(observation.source.rawValue)
        let start = began[source] ?? observation.time.nanoseconds
        began[source] = start
        let isNobody = observation.marks.contains(.anonymous)
        let caller = casebook.names.number(of: observation.caller, for: isNobody ? NameTable.nobody : nil)
        let (callee, verb): (UInt32, UInt32)
        if observation.decision == .deny, !observation.marks.contains(.controlPlane) {
            // What was refused named whatever the caller liked: nothing of it is kept that is not there already.
            callee = casebook.names.existing(observation.callee) ?? 0
            verb = casebook.names.existing(observation.verb) ?? 0
        } else {
            let owner = isNobody ? NameTable.nobody : caller
            callee = casebook.names.number(of: observation.callee, for: owner)
            verb = casebook.names.number(of: observation.verb, for: owner)
        }
        return Observed(
            observation: observation,
            caller: caller,
            callee: callee,
            verb: verb,
            isPastLearning: observation.time.nanoseconds - start >= settings.learning
        )
    }
}
