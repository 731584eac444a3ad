import GRDB

/// The history of the schema of what stands for processes.
///
/// A migration that was ever released is never changed; a new one follows it.
enum StandingMigrations {
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 what stands for processes") { database in
            try database.execute(
                sql: """
                    CREATE TABLE standing (
                        number TEXT NOT NULL PRIMARY KEY,
                        not_after INTEGER NOT NULL,
                        entry TEXT NOT NULL,
                        spiffe_id TEXT NOT NULL,
                        pid INTEGER NOT NULL,
                        start_time INTEGER NOT NULL,
                        uid INTEGER NOT NULL,
                        gid INTEGER NOT NULL,
                        groups TEXT NOT NULL,
                        place TEXT NOT NULL,
                        withdrawn INTEGER NOT NULL DEFAULT 0
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX standing_by_end ON standing (withdrawn, not_after);
                    """
            )
        }
        return migrator
    }
}
