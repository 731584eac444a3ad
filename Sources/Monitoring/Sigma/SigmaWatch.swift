import ZeroTrust

/// Rules of Sigma: records that somebody said to be a finding, by themselves or several together.
struct SigmaWatch: Sendable {
    private let rules: SigmaRules
    private var windows: [CorrelationWindows]
    /// For each rule, the correlations that it is part of.
    private let members: [[Int]]
    /// Rules that only their correlations speak for.
    private let isQuiet: [Bool]

    init(_ rules: SigmaRules) {
        self.rules = rules
        windows = rules.correlations.map { CorrelationWindows($0) }
        var members = [[Int]](repeating: [], count: rules.rules.count)
        var isQuiet = [Bool](repeating: false, count: rules.rules.count)
        for (place, correlation) in rules.correlations.enumerated() {
            for rule in Set(correlation.rules) {
                members[rule].append(place)
                if !correlation.generates { isQuiet[rule] = true }
            }
        }
        self.members = members
        self.isQuiet = isQuiet
    }

    /// Puts a record to the rules of its log.
    ///
    /// - Parameters:
    ///   - event: the record's fields.
    ///   - observation: where it stands, when it was made, and who it is about.
    ///   - book: where findings go.
    mutating func examine(_ event: SigmaEvent, _ observation: Observation, _ book: inout FindingBook) {
        guard let log = rules.logs[observation.source] else { return }
        for place in log.rules where rules.rules[place].matches(event) {
            if !isQuiet[place] { report(rules.rules[place].head, observation, &book) }
            for correlation in members[place] {
                guard let hit = windows[correlation].take(event, of: place, at: observation.time.nanoseconds) else {
                    continue
                }
                report(rules.correlations[correlation], hit, observation, &book)
            }
        }
    }

    private func report(_ head: SigmaHead, _ observation: Observation, _ book: inout FindingBook) {
        let key = FindingKey(.sigmaRule, StableHash.of(observation.caller), StableHash.of(head.id))
        guard !book.fold(key, observation, severity: head.level, amount: 1) else { return }
        book.take(
            Signal(
                type: .sigmaRule,
                severity: head.level,
                subject: observation.caller,
                object: head.id,
                cause: "the rule `\(head.title)` matches what `\(observation.caller)` did",
                measure: .init(baseline: nil, observed: 1, threshold: 1, unit: "records that match"),
                attack: head.attack,
                atlas: head.atlas
            ),
            for: key,
            observation
        )
    }

    private func report(
        _ correlation: SigmaCorrelation,
        _ hit: CorrelationWindows.Hit,
        _ observation: Observation,
        _ book: inout FindingBook
    ) {
        let head = correlation.head
        let key = FindingKey(.sigmaRule, hit.group, StableHash.of(head.id))
        guard !book.fold(key, observation, severity: head.level, amount: Double(hit.count)) else { return }
        let unit =
            switch correlation.kind {
            case .events: "records"
            case .values(let field): "different values of `\(field)`"
            case .temporal: "rules"
            }
        let span = Volumes.words(correlation.span / 1_000_000_000)
        let subject = hit.name.isEmpty ? "all callers" : hit.name
        book.take(
            Signal(
                type: .sigmaRule,
                severity: head.level,
                subject: subject,
                object: head.id,
                cause: "the rule `\(head.title)` matches what `\(subject)` did: \(hit.count) \(unit) in \(span)",
                measure: .init(
                    baseline: nil,
                    observed: Double(hit.count),
                    threshold: Double(correlation.threshold),
                    unit: "\(unit) in \(span)"
                ),
                attack: head.attack,
                atlas: head.atlas
            ),
            for: key,
            observation
        )
    }

    /// Forgets what was counted at later times than this.
    mutating func setBack(to time: Int64) {
        for place in windows.indices { windows[place].setBack(to: time) }
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(windows.count))
        for window in windows { window.write(to: &writer) }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        guard try reader.count(of: 1) == windows.count else { throw reader.damaged("the rules' windows") }
        for place in windows.indices { try windows[place].restore(from: &reader) }
    }
}
