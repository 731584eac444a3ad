/// Puts requests that were seen to old and to new policies.
///
/// ```swift
/// let report = PolicyReplay(old: current, new: proposed).run(requests)
/// for change in report.changes { print(change.count, change.old.outcome, "→", change.new.outcome) }
/// ```
public struct PolicyReplay: Sendable {
    private let old: PolicyEngine
    private let new: PolicyEngine

    /// A replay on two engines.
    public init(old: PolicyEngine, new: PolicyEngine) {
        self.old = old
        self.new = new
    }

    /// Decides each request twice and gathers what differs.
    ///
    /// - Parameters:
    ///   - requests: the requests, equal ones counted together.
    ///   - progress: called now and then with how many different requests were decided.
    /// - Returns: what changes.
    public func run(_ requests: some Sequence<ObservedRequest>, progress: (Int) -> Void = { _ in }) -> ReplayReport {
        var groups: [ReplayReport.Key: ReplayReport.Change] = [:]
        var total = 0
        var otherRule = 0
        var distinct = 0
        for request in requests {
            if distinct.isMultiple(of: 65_536) { progress(distinct) }
            distinct += 1
            total += request.count
            let before = old.evaluate(request.attributes, answer: request.answer)
            let after = new.evaluate(request.attributes, answer: request.answer)
            if before.outcome == after.outcome {
                if before.matchedPolicy(differsFrom: after) { otherRule += request.count }
                continue
            }
            let key = ReplayReport.Key(old: before, new: after)
            groups[key, default: ReplayReport.Change(old: before, new: after)].add(request)
        }
        let changes = groups.values.sorted { $0.precedes($1) }.map { change in
            var change = change
            if let first = change.requests.first {
                let side = change.new.outcome == .deny ? new : old
                change.explanation = side.explain(first.attributes, external: first.answer?.verdict)
            }
            return change
        }
        return ReplayReport(
            total: total,
            distinct: distinct,
            otherRule: otherRule,
            changes: changes
        )
    }
}

extension Decision {
    /// Whether another rule decides, whatever its place in a file.
    fileprivate func matchedPolicy(differsFrom other: Decision) -> Bool {
        switch (rule, other.rule) {
        case (nil, nil): false
        case (let left?, let right?):
            (left.rule, left.policy, left.namespace) != (right.rule, right.policy, right.namespace)
        default: true
        }
    }
}
