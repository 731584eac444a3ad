import AuditLog
import GRDB

/// The history of the schema of what records are searched by.
///
/// A migration that was ever released is never changed; a new one follows it.
enum RecordSearchMigrations {
    /// The values that most records have, in the order of their numbers.
    ///
    /// No index of a field holds them: a walk over the records finds such a value soon, and most of the room is saved.
    static let common: [(field: RecordField, text: String)] = [
        (.kind, "decision"), (.decision, "allow"), (.ended, "complete"), (.status, "200"), (.method, "POST"),
        (.method, "GET"),
    ]
    /// The highest number that a common value can have.
    static let lastCommon = 15
    /// The fields that have an index; the others have too few values for one to help.
    static let indexed = RecordField.allCases.filter { $0 != .method && $0 != .kind }
    /// How many entries share a row of ``span``.
    static let spanLength: UInt64 = 4096

    /// Forgets everything that was taken in.
    static func empty(_ database: Database) throws {
        for table in ["position", "record", "open", "span"] { try database.execute(sql: "DELETE FROM \(table)") }
        try database.execute(sql: "DELETE FROM name WHERE id > \(lastCommon)")
        try database.execute(sql: "UPDATE name SET count = 0")
    }

    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 keys of records") { database in
            let columns = [
                "kind", "decision", "caller", "model", "digest", "rule", "finding", "path", "method", "status",
                "reason",
                "ended", "action", "source",
            ]
            try database.execute(
                sql: """
                    CREATE TABLE position (
                        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                        size INTEGER NOT NULL,
                        tip BLOB NOT NULL
                    ) STRICT;
                    CREATE TABLE name (
                        id INTEGER NOT NULL PRIMARY KEY,
                        field INTEGER NOT NULL,
                        text TEXT NOT NULL,
                        count INTEGER NOT NULL,
                        UNIQUE (field, text)
                    ) STRICT;
                    CREATE TABLE record (
                        entry INTEGER NOT NULL PRIMARY KEY,
                        time INTEGER,
                        completion INTEGER,
                        \(columns.map { "\($0) INTEGER" }.joined(separator: ",\n"))
                    ) STRICT;
                    CREATE TABLE open (
                        id BLOB NOT NULL PRIMARY KEY,
                        entry INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE span (
                        number INTEGER NOT NULL PRIMARY KEY,
                        earliest INTEGER NOT NULL,
                        latest INTEGER NOT NULL
                    ) STRICT;
                    """
            )
            for column in columns where column != "method" && column != "kind" {
                try database.execute(
                    sql: "CREATE INDEX record_by_\(column) ON record (\(column)) WHERE \(column) > \(lastCommon)"
                )
            }
            for (number, value) in common.enumerated() {
                try database.execute(
                    sql: "INSERT INTO name VALUES (?, ?, ?, 0)",
                    arguments: [number + 1, value.field.number, value.text]
                )
            }
            // The next number is one more than the highest.
            try database.execute(sql: "INSERT INTO name VALUES (\(lastCommon), -1, '', 0)")
        }
        migrator.registerMigration("0002 the model that answered") { database in
            try database.execute(
                sql: """
                    ALTER TABLE record ADD COLUMN served INTEGER;
                    CREATE INDEX record_by_served ON record (served) WHERE served > \(lastCommon);
                    """
            )
            // What was taken in before says nothing of it, and is taken in again from the log.
            try empty(database)
        }
        return migrator
    }
}
