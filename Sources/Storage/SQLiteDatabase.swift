import AuditLog
package import GRDB
import Glibc
public import WorkloadIdentity

/// Lapwing's embedded database: one SQLite file in WAL mode that only its owner may read.
///
/// Opening it brings its schema forward, one migration after another, and refuses a file that a newer Lapwing made.
public final class SQLiteDatabase: Sendable {
    /// The file.
    public let path: String
    package let pool: DatabasePool

    /// Which tables a file holds: each process that keeps anything has a file of its own.
    public enum Schema: Sendable {
        /// Authorities, entries and revocations.
        case authority
        /// Repositories of models.
        case registry
        /// What records of the audit log are searched by, which can be made again.
        case recordSearch
        /// What stands for processes, none of which outlives a loss of power.
        case standing

        /// What must be on the disk when a write returns (SQLite's `synchronous`): all of it, or what a crash of the process
        /// alone cannot take.
        fileprivate var synchronous: String {
            switch self {
            case .authority, .registry: "FULL"
            case .standing: "NORMAL"
            case .recordSearch: "OFF"
            }
        }

        fileprivate var migrator: DatabaseMigrator {
            switch self {
            case .authority: Migrations.migrator()
            case .registry: RegistryMigrations.migrator()
            case .recordSearch: RecordSearchMigrations.migrator()
            case .standing: StandingMigrations.migrator()
            }
        }
    }

    /// Opens the file, makes it where it is missing, and brings its schema forward.
    ///
    /// - Throws: `IdentityError` with `badFile` where it is open to others, damaged, of a newer Lapwing, or cannot be
    ///   opened.
    public init(path: String, schema: Schema = .authority) throws(IdentityError) {
        self.path = path
        try Self.prepareFile(path)
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA synchronous = \(schema.synchronous)")
                if schema == .recordSearch { try database.execute(sql: "PRAGMA cache_size = -131072") }
            }
            self.pool = try DatabasePool(path: path, configuration: configuration)
            try Migrations.run(schema.migrator, on: pool)
        } catch let error as IdentityError {
            throw error
        } catch {
            if schema == .standing && Self.isDamage(error) { throw SQLiteStandingStore.damaged(path, error) }
            throw IdentityError(.badFile, "cannot open the database `\(path)`", cause: error)
        }
    }

    /// Makes the file with its mode before SQLite can make it with another; SQLite gives the log the same mode.
    private static func prepareFile(_ path: String) throws(IdentityError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw IdentityError(
                .badFile,
                "cannot open the database `\(path)`: \(unsafe String(cString: strerror(errno)))"
            )
        }
        Glibc.close(descriptor)
        try PrivateFile.check(path)
    }

    /// Whether a failure came from a file whose bytes are not those of a database, and not from its disk or its use.
    ///
    /// - Returns: true where the error, or one beneath it, is SQLite's word that the file is damaged or no database.
    public static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError: [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        case let error as IdentityError: error.cause.map(isDamage) ?? false
        case let error as AuditLogError: error.cause.map(isDamage) ?? false
        default: false
        }
    }

    /// Looks at a file without changing it, whoever writes to it meanwhile.
    ///
    /// - Returns: how many migrations it lacks, which the next opening brings it.
    /// - Throws: `IdentityError` with `badFile` where it is open to others, damaged, of a newer Lapwing, or cannot be
    ///   opened.
    public static func inspect(_ path: String, schema: Schema) throws(IdentityError) -> Int {
        try PrivateFile.check(path)
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { database in
                let migrator = schema.migrator
                try Migrations.refuseNewer(migrator, database, path)
                try Migrations.check(database, path, "by looking at it")
                return migrator.migrations.count - (try migrator.appliedIdentifiers(database).count)
            }
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.badFile, "cannot open the database `\(path)`", cause: error)
        }
    }

    /// Copies a database as it is at one moment, whoever writes to it meanwhile, to a file that only its owner may read.
    ///
    /// - Throws: `IdentityError` with `badFile` where either file cannot be opened, or is open to others.
    public static func copy(_ source: String, to target: String) throws(IdentityError) {
        try PrivateFile.check(source)
        try prepareFile(target)
        do {
            let from = try DatabaseQueue(path: source)
            let to = try DatabaseQueue(path: target)
            try from.backup(to: to)
            try to.close()
            try from.close()
        } catch {
            throw IdentityError(.badFile, "cannot copy the database `\(source)`", cause: error)
        }
    }

    /// Closes the file.
    ///
    /// Nothing may use the database afterwards.
    public func close() throws {
        try pool.close()
    }
}
