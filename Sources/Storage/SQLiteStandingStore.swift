public import FoundationEssentials
import GRDB
public import WorkloadIdentity
import ZeroTrust

/// A `StandingStore` in SQLite, in a file of its own: each certificate and token passes through it, so that a step must
/// not wait for the disk.
public struct SQLiteStandingStore: StandingStore {
    private let database: SQLiteDatabase

    /// A store in a database whose schema is `standing`.
    public init(_ database: SQLiteDatabase) {
        self.database = database
    }

    /// Everything that is kept.
    public func standing() async throws -> [StandingSVID] {
        try await database.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM standing ORDER BY number").map(Self.svid)
        }
    }

    /// Keeps some more, and forgets what has expired and was not withdrawn.
    public func keep(_ svids: [StandingSVID], at now: Date) async throws {
        try await database.pool.write { database in
            try database.execute(
                sql: "DELETE FROM standing WHERE withdrawn = 0 AND not_after < ?",
                arguments: [Int64(now.timeIntervalSince1970.rounded(.down))]
            )
            let insertion = try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            )
            for svid in svids {
                let holder = svid.holder
                try insertion.execute(arguments: [
                    svid.number, Int64(svid.notAfter.timeIntervalSince1970.rounded(.up)), svid.entry,
                    svid.id.description, holder.pid, Int64(bitPattern: holder.startTime), holder.uid, holder.gid,
                    holder.groups.map(String.init).joined(separator: ","), holder.place, svid.isWithdrawn,
                ])
            }
        }
    }

    /// Notes that these were withdrawn.
    public func withdraw(_ numbers: [String]) async throws {
        try await database.pool.write { database in
            let change = try database.cachedStatement(sql: "UPDATE standing SET withdrawn = 1 WHERE number = ?")
            for number in numbers { try change.execute(arguments: [number]) }
        }
    }

    /// Forgets what expired before a moment.
    public func forget(expiredBefore moment: Date) async throws {
        try await database.pool.write { database in
            try database.execute(
                sql: "DELETE FROM standing WHERE not_after < ?",
                arguments: [Int64(moment.timeIntervalSince1970.rounded(.down))]
            )
        }
    }

    /// A row that does not decode is an error and never skipped: what it names would stand although its process is gone.
    private static func svid(_ row: Row) throws -> StandingSVID {
        let groups: String = row["groups"]
        let number: String = row["number"]
        let members = groups.split(separator: ",")
        let read = members.compactMap { UInt32($0) }
        guard read.count == members.count else {
            throw IdentityError(.unavailable, "the database holds `\(number)` with groups that cannot be read")
        }
        return StandingSVID(
            number: number,
            notAfter: Date(timeIntervalSince1970: TimeInterval(row["not_after"] as Int64)),
            entry: row["entry"],
            id: try SPIFFEID(row["spiffe_id"] as String),
            holder: .init(
                pid: row["pid"],
                startTime: UInt64(bitPattern: row["start_time"] as Int64),
                uid: row["uid"],
                gid: row["gid"],
                groups: read,
                place: row["place"]
            ),
            isWithdrawn: row["withdrawn"]
        )
    }
}
