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
    private var counts: [UInt32: Int] = [:]
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
        let key = FindingKey(
            .undeclaredEdge,
            UInt64(seen.caller) << 32 | UInt64(seen.callee),
            UInt64(observation.verbClass.rawValue)
        )
        if book.book.fold(key, observation) { return }
        let count = counts[seen.caller, default: 0]
        guard count < Self.maximumOfCaller else {
            // Somebody looks around: one finding for all that follows.
            book.report(FindingKey(.undeclaredEdge, UInt64(seen.caller), UInt64.max), seen) { _ in flood(observation) }
            return
        }
        counts[seen.caller] = count + 1
        book.report(key, seen) { _ in signal(observation) }
    }

    private func flood(_ observation: Observation) -> Signal {
        Signal(
            type: .undeclaredEdge,
            severity: .high,
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
        let severity: Severity =
            switch (leaves, wasRefused) {
            case (true, false): .critical
            case (true, true), (false, false): .high
            case (false, true): .medium
            }
        let what = leaves ? "a path out of the estate" : "a path"
        let end = wasRefused ? "was tried and refused" : "is used"
        return Signal(
            type: .undeclaredEdge,
            severity: severity,
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
        for (caller, count) in counts.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(caller))
            writer.write(UInt64(count))
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        counts = [:]
        for _ in 0..<(try reader.count(of: 2)) {
            counts[UInt32(clamping: try reader.number())] = Int(clamping: try reader.number())
        }
    }
}
