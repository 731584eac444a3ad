/// One way in which a live database is not what an estate says.
public struct PostgreSQLDifference: Hashable, Sendable, Comparable {
    /// Which way.
    public let kind: Kind
    /// What it is about.
    public let object: String
    /// What is the matter.
    public let detail: String
    /// The rule of a hazard; nil for a plain difference.
    public let rule: PostgreSQLRule?

    /// Which way a database differs.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// It allows what the estate does not.
        case more
        /// It lacks what the estate says.
        case less
        /// It has the same thing in another form.
        case changed
        /// It has what opens a way around everything else.
        case hazard
        /// It does not let us see.
        case unknown
    }

    /// A difference.
    public init(_ kind: Kind, _ object: String, _ detail: String, rule: PostgreSQLRule? = nil) {
        self.kind = kind
        self.object = object
        self.detail = detail
        self.rule = rule
    }

    /// By kind, then object, then detail.
    public static func < (left: Self, right: Self) -> Bool {
        let order = Kind.allCases
        let (a, b) = (order.firstIndex(of: left.kind) ?? 0, order.firstIndex(of: right.kind) ?? 0)
        return (a, left.object, left.detail) < (b, right.object, right.detail)
    }
}

/// How a live database differs from what an estate says, in every way that a catalog shows.
public struct PostgreSQLDrift: Hashable, Sendable {
    /// The differences, in order; empty where the database is what the estate says.
    public let differences: [PostgreSQLDifference]

    /// Compares a catalog with a model.
    public init(of catalog: PostgreSQLCatalog, from model: PostgreSQLModel) {
        var found = Self.differences(catalog.state, model.state)
        found += catalog.unusable.map { PostgreSQLDifference(.less, "table", $0) }
        found += catalog.hazards.map { PostgreSQLDifference(.hazard, $0.object, $0.detail, rule: $0.rule) }
        if let rules = catalog.hostRules {
            found += model.differences(rules)
        } else {
            found.append(PostgreSQLDifference(.unknown, "pg_hba.conf", "this connection may not see its rules"))
        }
        if let maps = catalog.nameMaps {
            found += model.differences(maps)
        } else {
            let detail = "this connection may not see its maps, or the server is older than 15"
            found.append(PostgreSQLDifference(.unknown, "pg_ident.conf", detail))
        }
        differences = found.sorted()
    }

    private static func differences(_ live: PostgreSQLState, _ wanted: PostgreSQLState) -> [PostgreSQLDifference] {
        PostgreSQLPlan(from: live, to: wanted).changes.map { change in
            let rule: PostgreSQLRule? =
                if case .policy = change.key, change.old != nil { .extraPolicy } else { nil }
            switch (change.old, change.new) {
            case (nil, let new):
                return PostgreSQLDifference(.less, "\(change.key)", "should be `\(new ?? "")`")
            case (let old?, nil):
                return PostgreSQLDifference(
                    .more,
                    "\(change.key)",
                    old.isEmpty ? "not in the estate" : "`\(old)`",
                    rule: rule
                )
            case (let old?, let new?):
                return PostgreSQLDifference(.changed, "\(change.key)", "is `\(old)`, should be `\(new)`", rule: rule)
            }
        }
    }
}
