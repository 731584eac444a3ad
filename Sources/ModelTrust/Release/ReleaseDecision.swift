/// What the release policy says of a model, condition by condition.
public struct ReleaseDecision: Hashable, Sendable {
    /// One condition with what became of it.
    public struct Outcome: Hashable, Sendable {
        /// The condition.
        public let condition: ReleaseCondition
        /// Whether it holds.
        public let holds: Bool
        /// Why it does or does not, as a sentence that starts in lower case.
        public let detail: String
    }

    /// Every condition of the policy.
    public let outcomes: [Outcome]
    /// What to remember of the index, where it is believed and the model admitted or not.
    public let memory: ReleaseMemory?
    /// What was found and could not be used.
    public let remarks: [String]

    /// Whether every condition holds; none at all is no admission.
    public var isAdmitted: Bool { !outcomes.isEmpty && outcomes.allSatisfy(\.holds) }

    /// What does not hold.
    public var missing: [Outcome] { outcomes.filter { !$0.holds } }

    init(outcomes: [Outcome], memory: ReleaseMemory?, remarks: [String]) {
        self.outcomes = outcomes
        self.memory = memory
        self.remarks = remarks
    }

    /// What several policies say together: every condition of each.
    ///
    /// The index is remembered only where all of them believe it.
    init(all decisions: [ReleaseDecision]) {
        var seen: Set<Outcome> = []
        outcomes = decisions.flatMap(\.outcomes).filter { seen.insert($0).inserted }
        memory = decisions.allSatisfy { $0.memory != nil } ? decisions.first?.memory : nil
        var known: Set<String> = []
        remarks = decisions.flatMap(\.remarks).filter { known.insert($0).inserted }
    }
}
