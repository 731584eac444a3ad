import ZeroTrust

/// M1: what was observed and no policy declares.
///
/// Exact: nothing is learned and nothing estimated.
///
/// What Lapwing itself decided is undeclared where its policies refused it for want of a rule. What other logs tell of is
/// held against the declared edges.
struct UndeclaredEdges: Detector {
    let declared: (any DeclaredEdges)?

    /// The edges of other logs that were held against the declared ones, so that each is asked once for as long as the
    /// set stands; true where it is declared.
    ///
    /// Bounded.
    private var known: [Key: Bool] = [:]

    /// How many findings each caller has opened; past a limit, one takes all that follows.
    private var counts: [Count: Int] = [:]

    private struct Count: Hashable, Comparable {
        var caller: UInt32
        /// What ``outcome(of:)`` says.
        var outcome: UInt64

        static func < (left: Count, right: Count) -> Bool {
            (left.caller, left.outcome) < (right.caller, right.outcome)
        }
    }

    /// The most findings of one caller, besides the one for all that follows.
    private static let maximumOfCaller = 256

    private struct Key: Hashable {
        var caller: UInt32
        var callee: UInt32
        var verbClass: VerbClass
    }

    private static let maximumKnown = 1 << 20

    init(declared: (any DeclaredEdges)?) {
        self.declared = declared
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let observation = seen.observation
        if observation.source == .lapwing {
            guard observation.marks.contains(.undeclared) else { return }
        } else {
            guard let declared, Self.isTraffic(observation.source), !isDeclared(seen, declared) else { return }
        }
        // What came of it, and where it leads, make it another finding: a way that was refused and then stood open is news.
        let outcome = Self.outcome(of: observation)
        let key = FindingKey(
            .undeclaredEdge,
            Self.ends(of: seen),
            outcome << 8 | UInt64(observation.verbClass.rawValue)
        )
        let severity = Self.severity(of: observation)
        if book.book.fold(key, observation, severity: severity, amount: 1) { return }
        let count = Count(caller: seen.caller, outcome: outcome)
        guard counts[count, default: 0] < Self.maximumOfCaller else {
            // Somebody looks around: one finding for all that follows.
            let rest = FindingKey(.undeclaredEdge, UInt64(seen.caller), UInt64.max - outcome)
            let amount = Double(Self.maximumOfCaller + 1)
            book.report(rest, seen, severity: max(severity, .high), amount: amount) { _ in flood(observation) }
            return
        }
        counts[count, default: 0] += 1
        book.report(key, seen, severity: severity, amount: 1) { _ in signal(observation) }
    }

    /// A number for both ends: their own where both have one, else a hash of their names, as of calls that were refused,
    /// whose names are the caller's to make up and are not kept.
    private static func ends(of seen: Observed) -> UInt64 {
        guard seen.observation.decision != .deny, seen.caller != 0, seen.callee != 0 else {
            return StableHash.of(StableHash.of(seen.observation.caller), StableHash.of(seen.observation.callee))
        }
        return UInt64(seen.caller) << 32 | UInt64(seen.callee)
    }

    /// Whether it was refused, and whether it leaves the estate.
    private static func outcome(of observation: Observation) -> UInt64 {
        (observation.decision == .deny ? 1 : 0) | (observation.marks.contains(.leaves) ? 2 : 0)
    }

    private static func severity(of observation: Observation) -> Severity {
        switch (observation.marks.contains(.leaves), observation.decision == .deny) {
        case (true, false): .critical
        case (true, true), (false, false): .high
        case (false, true): .medium
        }
    }

    private func flood(_ observation: Observation) -> Signal {
        Signal(
            type: .undeclaredEdge,
            severity: max(Self.severity(of: observation), .high),
            subject: observation.caller,
            cause: "`\(observation.caller)` goes on trying or using paths that no policy declares, after "
                + "\(Self.maximumOfCaller) that have findings of their own; the last was \(Edge(observation))",
            measure: .init(
                baseline: 0,
                observed: Double(Self.maximumOfCaller + 1),
                threshold: Double(Self.maximumOfCaller),
                unit: "undeclared paths of one caller"
            ),
            attack: ["T1046", "T1021"]
        )
    }

    private static func isTraffic(_ source: LogSource) -> Bool { source == .envoy || source == .flow }

    private mutating func isDeclared(_ seen: Observed, _ declared: any DeclaredEdges) -> Bool {
        // Names that found no room share a number, and what is shared proves nothing.
        guard declared.dependsOnEdgeOnly, seen.caller != 0, seen.callee != 0 else {
            return declared.declares(seen.observation)
        }
        let key = Key(caller: seen.caller, callee: seen.callee, verbClass: seen.observation.verbClass)
        if let answer = known[key] { return answer }
        let answer = declared.declares(seen.observation)
        if known.count >= Self.maximumKnown { known.removeAll(keepingCapacity: true) }
        known[key] = answer
        return answer
    }

    private func signal(_ observation: Observation) -> Signal {
        let wasRefused = observation.decision == .deny
        let leaves = observation.marks.contains(.leaves)
        let what = leaves ? "a path out of the estate" : "a path"
        let end = wasRefused ? "was tried and refused" : "is used"
        return Signal(
            type: .undeclaredEdge,
            severity: Self.severity(of: observation),
            subject: observation.caller,
            object: observation.callee,
            cause: "\(what) that no policy declares \(end): \(Edge(observation))",
            measure: .init(baseline: 0, observed: 1, threshold: 0, unit: "undeclared paths"),
            attack: leaves ? ["T1048", "T1071"] : ["T1021"]
        )
    }

    // What is known follows from the declared set, which may be another one next time.
    func write(to writer: inout StateWriter) {
        writer.write(UInt64(counts.count))
        for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(key.caller))
            writer.write(key.outcome)
            writer.write(UInt64(count))
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        counts = [:]
        for _ in 0..<(try reader.count(of: 3)) {
            let key = Count(caller: UInt32(clamping: try reader.number()), outcome: try reader.number())
            counts[key] = Int(clamping: try reader.number())
        }
    }
}
