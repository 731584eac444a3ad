import GRDB
import WorkloadIdentity

/// The schema's history.
///
/// A migration that was ever released is never changed; a new one follows it.
enum Migrations {
    /// Brings a database forward, after checking that it is whole and not from the future, and checks the result.
    static func run(_ migrator: DatabaseMigrator, on pool: DatabasePool) throws {
        let isComplete = try pool.read { database in
            try refuseNewer(migrator, database, pool.path)
            return try migrator.hasCompletedMigrations(database)
        }
        guard !isComplete else { return }
        try pool.read { try check($0, pool.path, "before its schema was brought forward") }
        try migrator.migrate(pool)
        try pool.read { try check($0, pool.path, "after its schema was brought forward") }
    }

    /// Refuses a database with migrations that this program does not know.
    static func refuseNewer(_ migrator: DatabaseMigrator, _ database: Database, _ path: String) throws {
        guard try !migrator.hasBeenSuperseded(database) else {
            throw IdentityError(.badFile, "the database `\(path)` was made by a newer Lapwing; run that one")
        }
    }

    /// Refuses a database of which SQLite finds a part damaged.
    static func check(_ database: Database, _ path: String, _ moment: String) throws {
        let findings = try String.fetchAll(database, sql: "PRAGMA integrity_check")
        guard findings == ["ok"] else {
            throw IdentityError(
                .badFile,
                "the database `\(path)` is damaged, found \(moment)",
                cause: DatabaseError(resultCode: .SQLITE_CORRUPT, message: findings.first ?? "no answer")
            )
        }
    }

    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 authorities and entries") { database in
            try database.execute(
                sql: """
                    CREATE TABLE trust_domain (
                        name TEXT NOT NULL PRIMARY KEY,
                        revision INTEGER NOT NULL CHECK (revision > 0),
                        sequence INTEGER NOT NULL CHECK (sequence >= 0)
                    ) STRICT;
                    CREATE TABLE authority (
                        trust_domain TEXT NOT NULL REFERENCES trust_domain (name) ON DELETE CASCADE,
                        position INTEGER NOT NULL,
                        id TEXT NOT NULL,
                        authority TEXT NOT NULL,
                        status TEXT NOT NULL CHECK (status IN ('prepared', 'active', 'old')),
                        chain TEXT NOT NULL,
                        anchors TEXT NOT NULL,
                        not_before INTEGER NOT NULL,
                        not_after INTEGER NOT NULL,
                        activates_at REAL,
                        retired_at REAL,
                        PRIMARY KEY (trust_domain, id)
                    ) STRICT;
                    CREATE TABLE entry (
                        name TEXT NOT NULL PRIMARY KEY,
                        spiffe_id TEXT NOT NULL,
                        selectors TEXT NOT NULL,
                        lifetime INTEGER,
                        dns_names TEXT NOT NULL,
                        subject TEXT,
                        hint TEXT,
                        revision INTEGER NOT NULL,
                        creator TEXT NOT NULL,
                        created_at INTEGER NOT NULL
                    ) STRICT;
                    CREATE TABLE entry_list (
                        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                        revision INTEGER NOT NULL
                    ) STRICT;
                    INSERT INTO entry_list (id, revision) VALUES (1, 1);
                    """
            )
        }
        migrator.registerMigration("0002 revocations") { database in
            try database.execute(
                sql: """
                    CREATE TABLE revocation (
                        subject TEXT NOT NULL PRIMARY KEY,
                        reason TEXT NOT NULL,
                        creator TEXT NOT NULL,
                        created_at INTEGER NOT NULL
                    ) STRICT;
                    """
            )
        }
        migrator.registerMigration("0003 keys for tokens") { database in
            try database.execute(
                sql: """
                    CREATE TABLE token_key (
                        trust_domain TEXT NOT NULL REFERENCES trust_domain (name) ON DELETE CASCADE,
                        position INTEGER NOT NULL,
                        id TEXT NOT NULL,
                        authority TEXT NOT NULL,
                        status TEXT NOT NULL CHECK (status IN ('prepared', 'active', 'old')),
                        algorithm TEXT NOT NULL,
                        public_key BLOB NOT NULL,
                        not_before INTEGER NOT NULL,
                        not_after INTEGER NOT NULL,
                        activates_at REAL,
                        retired_at REAL,
                        PRIMARY KEY (trust_domain, id)
                    ) STRICT;
                    """
            )
        }
        migrator.registerMigration("0004 federation") { database in
            try database.execute(
                sql: """
                    ALTER TABLE entry ADD COLUMN federates_with TEXT NOT NULL DEFAULT '';
                    CREATE TABLE foreign_bundle (
                        trust_domain TEXT NOT NULL PRIMARY KEY,
                        relationship TEXT NOT NULL,
                        document BLOB NOT NULL,
                        refreshed_at INTEGER NOT NULL
                    ) STRICT;
                    """
            )
        }
        migrator.registerMigration("0005 join tokens") { database in
            try database.execute(
                sql: """
                    CREATE TABLE join_token (
                        digest BLOB NOT NULL PRIMARY KEY,
                        name TEXT NOT NULL,
                        expires_at INTEGER NOT NULL,
                        creator TEXT NOT NULL
                    ) STRICT;
                    """
            )
        }
        migrator.registerMigration("0006 entries that outlive processes") { database in
            try database.execute(
                sql: "ALTER TABLE entry ADD COLUMN outlives_process INTEGER NOT NULL DEFAULT 0;"
            )
        }
        migrator.registerMigration("0007 entries of loaders") { database in
            try database.execute(sql: "ALTER TABLE entry ADD COLUMN model_loader TEXT;")
        }
        return migrator
    }
}
