/// What has to change in a database for its catalog to say what an estate says, and how.
public struct PostgreSQLPlan: Hashable, Sendable {
    /// The changes, in the order in which they are made.
    public let changes: [Change]

    /// One thing that changes.
    public struct Change: Hashable, Sendable {
        /// What it is about.
        public let key: PostgreSQLState.Key
        /// What the catalog says; nil for nothing.
        public let old: String?
        /// What it will say; nil for nothing.
        public let new: String?

        /// The statements that make the change.
        public var statements: [String] {
            if let new { return PostgreSQLState.statements(setting: key, to: new, from: old) }
            return old.map { PostgreSQLState.statements(clearing: key, from: $0) } ?? []
        }
    }

    /// The changes that lead from one state to another.
    ///
    /// First goes what stands on other things, in the order opposite to making; then everything comes; and at last go the
    /// roles and schemas, which own nothing any more.
    public init(from old: PostgreSQLState, to new: PostgreSQLState) {
        let gone = old.values.keys.filter { new.values[$0] == nil }.sorted(by: >)
            .map { Change(key: $0, old: old.values[$0], new: nil) }
        let come = new.values.keys.filter { old.values[$0] != new.values[$0] }.sorted()
            .map { Change(key: $0, old: old.values[$0], new: new.values[$0]) }
        let bases = PostgreSQLState.Key.extension("").phase
        changes = gone.filter { $0.key.phase > bases } + come + gone.filter { $0.key.phase <= bases }
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { changes.isEmpty }

    /// The statements, in their order.
    public var statements: [String] { changes.flatMap(\.statements) }

    /// The statements as a script for one transaction, without `BEGIN` and `COMMIT`.
    public var script: String { statements.map { "\($0);\n" }.joined() }
}
