import AuditLog
import GRDB
import ZeroTrust

/// How a query is answered: which index is walked, and what is asked of each record.
struct SearchPlan {
    /// What a field may be.
    private struct Condition {
        let field: RecordField
        /// The numbers of its values; nil where they are too many to be listed.
        let numbers: [Int64]?
        let patterns: [RecordPattern]
        /// How many records have one of them.
        let count: Int64

        /// Whether the field's index holds all of them.
        var isIndexed: Bool {
            RecordSearchMigrations.indexed.contains(field)
                && numbers?.allSatisfy { $0 > RecordSearchMigrations.lastCommon } ?? false
        }

        /// Whether the index gives the records in the order of their entries.
        var isOrdered: Bool { numbers?.count == 1 }
    }

    private static let maximumListed = 256

    private var conditions: [Condition] = []
    /// The entries that a search by time can find.
    private var entries: ClosedRange<Int64>?
    private let since: Int64?
    private let until: Int64?
    /// The field whose index is walked; nil where the records themselves are.
    private var driver: RecordField?

    /// The plan of a query; nil where no record can match.
    init?(_ query: RecordQuery, _ database: Database) throws {
        since = query.since?.nanoseconds
        until = query.until?.nanoseconds
        let total = try Int64.fetchOne(database, sql: "SELECT ifnull(max(entry) + 1, 0) FROM record") ?? 0
        var walked = total
        if since != nil || until != nil {
            let row = try Row.fetchOne(
                database,
                sql: "SELECT min(number) AS first, max(number) AS last FROM span WHERE latest >= ? AND earliest < ?",
                arguments: [since ?? .min, until ?? .max]
            )
            guard let first: Int64 = row?["first"], let last: Int64 = row?["last"] else { return nil }
            let length = Int64(RecordSearchMigrations.spanLength)
            entries = (first * length)...((last + 1) * length - 1)
            walked = min(total, (last - first + 1) * length)
        }
        for (field, patterns) in query.values.sorted(by: { $0.key.number < $1.key.number }) {
            guard let condition = try Self.condition(field, patterns, database) else { return nil }
            conditions.append(condition)
        }
        let candidates = conditions.filter(\.isIndexed)
        // A walk over an index looks each record up, and one that is not in order is sorted.
        if let rarest = candidates.min(by: { $0.count < $1.count }),
            rarest.count < walked / (rarest.isOrdered ? 1 : 8) || rarest.count < 1024
        {
            driver = rarest.field
        }
    }

    /// The numbers of the values that a field may have; nil where no record has one.
    private static func condition(
        _ field: RecordField,
        _ patterns: [RecordPattern],
        _ database: Database
    ) throws -> Condition? {
        var numbers: [Int64] = []
        var count: Int64 = 0
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT id, count FROM name WHERE field = ? AND count > 0 AND (\(Self.test(patterns)))",
            arguments: StatementArguments([field.number] + patterns.map(Self.argument))
        )
        while let row = try rows.next() {
            if numbers.count <= maximumListed { numbers.append(row["id"]) }
            count += row["count"] as Int64
        }
        guard !numbers.isEmpty else { return nil }
        return Condition(
            field: field,
            numbers: numbers.count > maximumListed ? nil : numbers,
            patterns: patterns,
            count: count
        )
    }

    private static func test(_ patterns: [RecordPattern]) -> String {
        patterns.map { $0.isExact ? "text = ?" : "text GLOB ?" }.joined(separator: " OR ")
    }

    /// What GLOB takes for itself is put in brackets.
    private static func argument(_ pattern: RecordPattern) -> any DatabaseValueConvertible {
        guard !pattern.isExact else { return pattern.text }
        return pattern.text.replacing("[", with: "[[]").replacing("?", with: "[?]")
    }

    /// The statement, with a page or over everything.
    func statement(selecting columns: String, page: SearchPage?) -> (sql: String, arguments: StatementArguments) {
        var arguments: [any DatabaseValueConvertible] = []
        var terms: [String] = []
        for condition in conditions {
            let name = condition.field.rawValue
            if condition.field == driver { terms.append("\(name) > \(RecordSearchMigrations.lastCommon)") }
            if let numbers = condition.numbers {
                terms.append(
                    numbers.count == 1
                        ? "\(name) = \(numbers[0])" : "\(name) IN (\(numbers.map(String.init).joined(separator: ", ")))"
                )
            } else {
                let test = Self.test(condition.patterns)
                terms.append("\(name) IN (SELECT id FROM name WHERE field = \(condition.field.number) AND (\(test)))")
                arguments += condition.patterns.map(Self.argument)
            }
        }
        if let since { terms.append("time >= \(since)") }
        if let until { terms.append("time < \(until)") }
        if let entries { terms.append("entry BETWEEN \(entries.lowerBound) AND \(entries.upperBound)") }
        if let page, let behind = page.behind {
            terms.append(page.isAscending ? "entry > ?" : "entry < ?")
            arguments.append(Int64(clamping: behind))
        }
        var sql = "SELECT \(columns) FROM record "
        sql += driver.map { "INDEXED BY record_by_\($0.rawValue)" } ?? "NOT INDEXED"
        if !terms.isEmpty { sql += " WHERE " + terms.joined(separator: " AND ") }
        if let page { sql += " ORDER BY entry \(page.isAscending ? "ASC" : "DESC") LIMIT \(max(0, page.limit))" }
        return (sql, StatementArguments(arguments))
    }
}
