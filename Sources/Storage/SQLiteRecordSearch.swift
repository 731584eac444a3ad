public import AuditLog
import Foundation
import GRDB
import Synchronization
import ZeroTrust

/// A `RecordSearchStore` in SQLite.
///
/// Each value of a field has a number, and a record a row of numbers. A search walks the index of the rarest value that
/// it asks for, or the records themselves where that is less work.
public final class SQLiteRecordSearch: RecordSearchStore {
    package let database: SQLiteDatabase
    /// Guards the numbers of values, as far as they have been used.
    private let names = Mutex(Names())

    private struct Names {
        var numbers: [RecordField: [String: Int64]] = [:]
        /// What the database was when they were read: where another process wrote since, they may mean something else.
        var version: Int64?
    }

    /// How many numbers are kept at hand of one field.
    private static let maximumNames = 65_536

    /// A store in a database of the schema `recordSearch`.
    public init(_ database: SQLiteDatabase) {
        self.database = database
    }

    /// How far the log has been taken in.
    public func position() throws -> SearchPosition? {
        try failing { try database.pool.read(Self.position) }
    }

    private static func position(_ database: Database) throws -> SearchPosition? {
        try Row.fetchOne(database, sql: "SELECT size, tip FROM position").map { row in
            let tip: Data = row["tip"]
            return SearchPosition(size: UInt64(row["size"] as Int64), tip: Array(tip))
        }
    }

    /// Forgets everything.
    public func reset() throws {
        names.withLock { $0 = Names() }
        try failing { try database.pool.write(RecordSearchMigrations.empty) }
    }

    /// Takes in records.
    public func add(
        _ records: [IndexedRecord],
        from old: SearchPosition?,
        to new: SearchPosition
    ) throws -> Bool {
        do {
            return try failing {
                try database.pool.write { database in
                    guard try Self.position(database) == old else { return false }
                    try names.withLock { names in
                        let version = try Int64.fetchOne(database, sql: "PRAGMA data_version")
                        if names.version != version { names = Names(version: version) }
                        for field in RecordField.allCases where names.numbers[field]?.count ?? 0 > Self.maximumNames {
                            names.numbers[field] = nil
                        }
                        var addition = RecordAddition(database, names: names.numbers)
                        try addition.add(records)
                        names.numbers = addition.names
                    }
                    try database.execute(
                        sql: """
                            INSERT INTO position VALUES (1, ?, ?)
                            ON CONFLICT (id) DO UPDATE SET size = excluded.size, tip = excluded.tip
                            """,
                        arguments: [Int64(new.size), Data(new.tip)]
                    )
                    return true
                }
            }
        } catch {
            // Numbers that were given in what did not happen mean nothing.
            names.withLock { $0 = Names() }
            throw error
        }
    }

    /// Forgets the records before an entry, and the values that no other record has.
    public func forget(before entry: UInt64) throws {
        let entry = Int64(clamping: entry)
        try failing {
            let isThere = try database.pool.read { database in
                try Bool.fetchOne(
                    database,
                    sql: """
                        SELECT EXISTS (SELECT 1 FROM record WHERE entry < ?1) OR EXISTS (SELECT 1 FROM open WHERE entry < ?1)
                        """,
                    arguments: [entry]
                ) ?? false
            }
            guard isThere else { return }
            names.withLock { $0 = Names() }
            try database.pool.write { database in
                for field in RecordField.allCases {
                    try database.execute(
                        sql: """
                            UPDATE name SET count = max(0, count - gone.number) FROM (
                                SELECT \(field.rawValue) AS value, count(*) AS number FROM record WHERE entry < ? GROUP BY value
                            ) AS gone WHERE name.id = gone.value
                            """,
                        arguments: [entry]
                    )
                }
                try database.execute(sql: "DELETE FROM record WHERE entry < ?", arguments: [entry])
                try database.execute(sql: "DELETE FROM open WHERE entry < ?", arguments: [entry])
                try database.execute(
                    sql: "DELETE FROM span WHERE number < ?",
                    arguments: [entry / Int64(RecordSearchMigrations.spanLength)]
                )
                try database.execute(
                    sql: "DELETE FROM name WHERE count = 0 AND id > \(RecordSearchMigrations.lastCommon)"
                )
            }
        }
    }

    /// The records that a query asks for.
    public func find(_ query: RecordQuery, _ page: SearchPage) throws -> [SearchHit] {
        try failing {
            try database.pool.read { database in
                guard let plan = try SearchPlan(query, database) else { return [] }
                let statement = plan.statement(selecting: "entry, completion", page: page)
                return try Row.fetchAll(database, sql: statement.sql, arguments: statement.arguments).map { row in
                    let completion: Int64? = row["completion"]
                    return SearchHit(entry: UInt64(row["entry"] as Int64), completion: completion.map(UInt64.init))
                }
            }
        }
    }

    /// How many records a query asks for.
    public func count(_ query: RecordQuery) throws -> UInt64 {
        try failing {
            try database.pool.read { database in
                guard let plan = try SearchPlan(query, database) else { return 0 }
                let statement = plan.statement(selecting: "count(*)", page: nil)
                let count = try Int64.fetchOne(database, sql: statement.sql, arguments: statement.arguments)
                return UInt64(count ?? 0)
            }
        }
    }

    /// Runs a body whose database errors become errors of the log.
    private func failing<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as DatabaseError {
            throw AuditLogError(
                error.resultCode == .SQLITE_FULL ? .diskFull : .io,
                "the search index `\(database.path)` cannot be used; it can be removed, and is then made again",
                cause: error
            )
        }
    }
}
