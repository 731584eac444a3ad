import Resources

/// A correlation of Sigma: what several records are a sign of together, counted or in time.
struct SigmaCorrelation: Sendable {
    enum Kind: Sendable {
        /// So many records.
        case events
        /// So many different values of a field.
        case values(String)
        /// A record for each of the rules.
        case temporal(isOrdered: Bool)
    }

    let head: SigmaHead
    let kind: Kind
    /// The rules, by their places.
    let rules: [Int]
    let groupBy: [String]
    /// In nanoseconds.
    let span: Int64
    /// From how many on it is a finding.
    let threshold: Int
    /// Whether the rules are findings by themselves as well.
    let generates: Bool
    /// For each alias, the field that has its value, by rule.
    let aliases: [String: [Int: String]]

    /// The most that is counted.
    static let maximumThreshold = 10_000
    private static let maximumRules = 16
    private static let maximumFields = 8

    /// The fields of a rule's records that are read to group or to count them.
    var fields: Set<String> {
        var fields = Set(groupBy.filter { aliases[$0] == nil })
        for alias in aliases.values { fields.formUnion(alias.values) }
        if case .values(let field) = kind { fields.insert(field) }
        return fields
    }

    /// The fields by which a record of a rule is grouped.
    func groupFields(of rule: Int) -> [String] { groupBy.map { aliases[$0]?[rule] ?? $0 } }

    /// Reads a correlation.
    ///
    /// - Parameters:
    ///   - value: the document.
    ///   - rule: the place of a rule by its name or id; nil where there is none.
    /// - Throws: `ResourceError` for what is no correlation, or is not evaluated here.
    init(_ value: Value, rule: (String) -> Int?) throws {
        var fields = try FieldReader(value, of: "the correlation's rule")
        head = try SigmaHead(&fields)
        let part = try fields.required("correlation") { $0 }
        var correlation = try FieldReader(part, of: "correlation")
        let kinds = ["event_count", "value_count", "temporal", "temporal_ordered"]
        let type = try correlation.required("type") { try $0.oneOf(kinds) }
        let rules = try correlation.required("rules") { value in
            let rules = try value.list { try Self.place($0, rule) }
            guard (1...Self.maximumRules).contains(rules.count) else {
                throw value.error("a correlation is of 1 to \(Self.maximumRules) rules")
            }
            return rules
        }
        self.rules = rules
        let groupBy: [String] =
            try correlation.optional("group-by") { value in
                let fields = try value.list { try $0.string() }
                guard fields.count <= Self.maximumFields else {
                    throw value.error("records are grouped by at most \(Self.maximumFields) fields")
                }
                return fields
            } ?? []
        self.groupBy = groupBy
        span = try correlation.required("timespan") { try Self.span($0) }
        generates = try correlation.optional("generate") { try $0.bool() } ?? false
        aliases =
            try correlation.optional("aliases") { (value: Value) -> [String: [Int: String]] in
                let aliases = try Self.aliases(value, rule)
                for name in groupBy {
                    guard let fields = aliases[name] else { continue }
                    // A record of a rule without a field would be in a group of its own, and never with the others.
                    guard rules.allSatisfy({ fields[$0] != nil }) else {
                        throw value.error(
                            "the alias `\(name.prefix(80))` needs a field for each rule of the correlation"
                        )
                    }
                }
                return aliases
            } ?? [:]
        let condition = try correlation.value("condition").map { try Self.condition($0, type) }
        try correlation.finish()
        switch type {
        case "temporal", "temporal_ordered":
            guard condition == nil, Set(rules).count > 1 else {
                throw part.error("`\(type)` is of several rules, and has no `condition`")
            }
            kind = .temporal(isOrdered: type == "temporal_ordered")
            threshold = rules.count
        default:
            guard let condition else { throw part.error("`\(type)` needs a `condition`") }
            threshold = condition.threshold
            if type == "value_count" {
                guard let field = condition.field else { throw part.error("`value_count` needs the `field` to count") }
                kind = .values(field)
            } else {
                kind = .events
            }
        }
    }

    private static func place(_ value: Value, _ rule: (String) -> Int?) throws -> Int {
        let name = try value.string()
        guard let place = rule(name) else {
            throw value.error(
                "there is no rule of the name or id `\(name.prefix(80))`; correlations are of rules alone"
            )
        }
        return place
    }

    private static func aliases(_ value: Value, _ rule: (String) -> Int?) throws -> [String: [Int: String]] {
        var aliases: [String: [Int: String]] = [:]
        for entry in try value.mapping() {
            for field in try entry.value.mapping() {
                guard let place = rule(field.key) else {
                    throw ResourceError(at: field.keyLocation, "there is no rule of the name or id `\(field.key)`")
                }
                aliases[entry.key, default: [:]][place] = try field.value.string()
            }
        }
        return aliases
    }

    private static func condition(_ value: Value, _ type: String) throws -> (threshold: Int, field: String?) {
        var fields = try FieldReader(value, of: "condition")
        let more = try fields.optional("gt") { try $0.integer(in: 0...maximumThreshold - 1) + 1 }
        let least = try fields.optional("gte") { try $0.integer(in: 1...maximumThreshold) }
        let exact = try fields.optional("eq") { try $0.integer(in: 1...maximumThreshold) }
        let field = try fields.optional("field") { try $0.string() }
        let thresholds = [more, least, exact].compactMap { $0 }
        guard thresholds.count == 1, let threshold = thresholds.first else {
            throw value.error("what is counted only grows; expected one of `gt`, `gte` and `eq`")
        }
        try fields.finish()
        return (threshold, field)
    }

    /// `30s`, `5m`, `1h`, `2d`.
    private static func span(_ value: Value) throws -> Int64 {
        let text = try value.string()
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count > 0,
            count <= 366 * 86_400 / unit
        else { throw value.error("a timespan is a number with `s`, `m`, `h` or `d`, of at most a year") }
        return count * unit * 1_000_000_000
    }
}
