import AuditLog
import Foundation
import GRDB
import ZeroTrust

/// Records on their way into the tables that they are searched by, within one transaction.
struct RecordAddition {
    private let database: Database
    /// The numbers of values that are known.
    private(set) var names: [RecordField: [String: Int64]]
    private var counts: [Int64: Int64] = [:]
    private var spans: [UInt64: (earliest: Int64, latest: Int64)] = [:]

    init(_ database: Database, names: [RecordField: [String: Int64]]) {
        self.database = database
        self.names = names
    }

    mutating func add(_ records: [IndexedRecord]) throws {
        // Rows are written in the order of their entries, which keeps the table dense.
        var rows: [(record: IndexedRecord, completion: UInt64?)] = []
        var places: [RequestID: Int] = [:]
        for record in records {
            if let time = record.keys.time { stretch(record.entry, time.nanoseconds) }
            if record.keys.isCompletion {
                guard let id = record.keys.id else { continue }
                if let place = places.removeValue(forKey: id) {
                    rows[place].record.keys = rows[place].record.keys.completed(by: record.keys)
                    rows[place].completion = record.entry
                } else {
                    try complete(id, with: record)
                }
            } else {
                if record.keys[.kind] == "decision", let id = record.keys.id { places[id] = rows.count }
                rows.append((record, nil))
            }
        }
        let insert = try database.cachedStatement(
            sql:
                "INSERT INTO record VALUES (\(Array(repeating: "?", count: 3 + RecordField.allCases.count).joined(separator: ", ")))"
        )
        for row in rows {
            var values: [(any DatabaseValueConvertible)?] = [
                Int64(row.record.entry), row.record.keys.time?.nanoseconds, row.completion.map { Int64($0) },
            ]
            for field in RecordField.allCases {
                values.append(try row.record.keys[field].map { try number(of: $0, field) })
            }
            try insert.execute(arguments: StatementArguments(values))
        }
        let remember = try database.cachedStatement(sql: "INSERT OR REPLACE INTO open VALUES (?, ?)")
        for (id, place) in places {
            try remember.execute(arguments: [Data(id.bytes), Int64(rows[place].record.entry)])
        }
        try flush()
    }

    /// Adds the end of a request whose decision was taken in before; an end without a decision is passed over.
    private mutating func complete(_ id: RequestID, with record: IndexedRecord) throws {
        let blob = Data(id.bytes)
        let find = try database.cachedStatement(sql: "SELECT entry FROM open WHERE id = ?")
        guard let entry = try Int64.fetchOne(find, arguments: [blob]) else { return }
        try database.cachedStatement(sql: "DELETE FROM open WHERE id = ?").execute(arguments: [blob])
        let finding = try record.keys[.finding].map { try number(of: $0, .finding, counting: false) }
        let update = try database.cachedStatement(
            sql: """
                UPDATE record SET completion = ?, status = ?, ended = ?, served = ?, finding = ifnull(finding, ?)
                WHERE entry = ?
                """
        )
        try update.execute(
            arguments: [
                Int64(record.entry), try record.keys[.status].map { try number(of: $0, .status) },
                try record.keys[.ended].map { try number(of: $0, .ended) },
                try record.keys[.served].map { try number(of: $0, .served) }, finding, entry,
            ]
        )
        if let finding { counts[finding, default: 0] += 1 }
    }

    /// The number of a value, which gets one where it has none.
    private mutating func number(of text: String, _ field: RecordField, counting: Bool = true) throws -> Int64 {
        let number: Int64
        if let known = names[field]?[text] {
            number = known
        } else {
            let find = try database.cachedStatement(sql: "SELECT id FROM name WHERE field = ? AND text = ?")
            if let known = try Int64.fetchOne(find, arguments: [field.number, text]) {
                number = known
            } else {
                let insert = try database.cachedStatement(
                    sql: "INSERT INTO name (field, text, count) VALUES (?, ?, 0)"
                )
                try insert.execute(arguments: [field.number, text])
                number = database.lastInsertedRowID
            }
            names[field, default: [:]][text] = number
        }
        if counting { counts[number, default: 0] += 1 }
        return number
    }

    private mutating func stretch(_ entry: UInt64, _ time: Int64) {
        let number = entry / RecordSearchMigrations.spanLength
        let span = spans[number] ?? (time, time)
        spans[number] = (min(span.earliest, time), max(span.latest, time))
    }

    private func flush() throws {
        let count = try database.cachedStatement(sql: "UPDATE name SET count = count + ? WHERE id = ?")
        for (number, added) in counts { try count.execute(arguments: [added, number]) }
        let span = try database.cachedStatement(
            sql: """
                INSERT INTO span VALUES (?, ?, ?) ON CONFLICT (number)
                DO UPDATE SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)
                """
        )
        for (number, times) in spans {
            try span.execute(arguments: [Int64(number), times.earliest, times.latest])
        }
    }
}
