import GRDB

/// The history of the registry's schema.
///
/// A migration that was ever released is never changed; a new one follows it.
enum RegistryMigrations {
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 repositories") { database in
            try database.execute(
                sql: """
                    CREATE TABLE blob (
                        repository TEXT NOT NULL,
                        digest TEXT NOT NULL,
                        size INTEGER NOT NULL CHECK (size >= 0),
                        added_at INTEGER NOT NULL,
                        PRIMARY KEY (repository, digest)
                    ) STRICT;
                    CREATE INDEX blob_by_digest ON blob (digest);
                    CREATE TABLE manifest (
                        repository TEXT NOT NULL,
                        digest TEXT NOT NULL,
                        media_type TEXT NOT NULL,
                        artifact_type TEXT,
                        subject TEXT,
                        annotations TEXT NOT NULL,
                        bytes BLOB NOT NULL,
                        version INTEGER,
                        reasons TEXT,
                        pushed_by TEXT NOT NULL,
                        pushed_at INTEGER NOT NULL,
                        PRIMARY KEY (repository, digest),
                        UNIQUE (repository, version)
                    ) STRICT;
                    CREATE INDEX manifest_by_subject ON manifest (repository, subject);
                    CREATE TABLE need (
                        repository TEXT NOT NULL,
                        manifest TEXT NOT NULL,
                        digest TEXT NOT NULL,
                        is_blob INTEGER NOT NULL CHECK (is_blob IN (0, 1)),
                        PRIMARY KEY (repository, manifest, digest, is_blob),
                        FOREIGN KEY (repository, manifest) REFERENCES manifest ON DELETE CASCADE
                    ) STRICT;
                    CREATE INDEX need_by_digest ON need (repository, digest);
                    CREATE TABLE version (
                        repository TEXT NOT NULL PRIMARY KEY,
                        last INTEGER NOT NULL
                    ) STRICT;
                    CREATE TABLE tag (
                        repository TEXT NOT NULL,
                        name TEXT NOT NULL,
                        digest TEXT NOT NULL,
                        PRIMARY KEY (repository, name),
                        FOREIGN KEY (repository, digest) REFERENCES manifest
                    ) STRICT;
                    CREATE TABLE tag_move (
                        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
                        repository TEXT NOT NULL,
                        tag TEXT NOT NULL,
                        before TEXT,
                        after TEXT,
                        by TEXT NOT NULL,
                        at INTEGER NOT NULL,
                        record TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX tag_move_by_tag ON tag_move (repository, tag);
                    CREATE TABLE upload (
                        id TEXT NOT NULL PRIMARY KEY,
                        repository TEXT NOT NULL,
                        owner TEXT NOT NULL,
                        started_at INTEGER NOT NULL
                    ) STRICT;
                    """
            )
        }
        return migrator
    }
}
