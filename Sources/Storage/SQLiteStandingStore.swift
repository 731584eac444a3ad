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
    ///
    /// - Throws: what ``damaged(_:_:)`` says where the file or a row of it cannot be read.
    public func standing() async throws -> [StandingSVID] {
        do {
            return try await database.pool.read { database in
                try Row.fetchAll(database, sql: "SELECT * FROM standing ORDER BY number").map(Self.svid)
            }
        } catch let error where error is UnreadableRow || SQLiteDatabase.isDamage(error) {
            throw Self.damaged(database.path, error)
        }
    }

    /// The error for a file that cannot be read: what is lost without it, and how to go on without it.
    ///
    /// It is never moved away by itself: whoever does that knows that nothing of before is withdrawn.
    public static func damaged(_ path: String, _ cause: any Error) -> IdentityError {
        // SQLite's log and its index lie beside the file, under its name.
        let aside = path.dropLast(path.split(separator: "/").last?.count ?? 0) + "damaged"
        return IdentityError(
            .badFile,
            """
            `\(path)` is damaged. It says which certificates and tokens were issued to which process: without it, those \
            issued before are not withdrawn when their process ends, and stand until they expire, within their lifetime. \
            Identities, keys and revocations are not in it. To go on without it, type \
            `mkdir -p \(word(aside)) && mv \(word(path))* \(word(aside))/`, and start again
            """,
            cause: cause
        )
    }

    /// A text as a word of a shell's command line.
    private static func word(_ text: some StringProtocol) -> String {
        let isPlain = text.utf8.allSatisfy {
            (0x61...0x7a).contains($0 | 0x20) || (0x2d...0x39).contains($0) || $0 == UInt8(ascii: "_")
        }
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        return isPlain ? String(text) : "'" + parts.joined(separator: #"'\''"#) + "'"
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
        let groups: String = try value(row, "groups")
        let number: String = try value(row, "number")
        let members = groups.split(separator: ",")
        let read = members.compactMap { UInt32($0) }
        guard read.count == members.count else {
            throw UnreadableRow(description: "it holds `\(number)` with groups that cannot be read")
        }
        let id: SPIFFEID
        do { id = try SPIFFEID(try value(row, "spiffe_id") as String) } catch let error as SPIFFEIDError {
            throw UnreadableRow(description: "it holds `\(number)` of an identity that is none: \(error)")
        }
        return StandingSVID(
            number: number,
            notAfter: Date(timeIntervalSince1970: TimeInterval(try value(row, "not_after") as Int64)),
            entry: try value(row, "entry"),
            id: id,
            holder: .init(
                pid: try value(row, "pid"),
                startTime: UInt64(bitPattern: try value(row, "start_time") as Int64),
                uid: try value(row, "uid"),
                gid: try value(row, "gid"),
                groups: read,
                place: try value(row, "place")
            ),
            isWithdrawn: try value(row, "withdrawn")
        )
    }

    /// GRDB's own conversion ends the process where a value is of another kind.
    private static func value<Value: DatabaseValueConvertible>(_ row: Row, _ name: String) throws -> Value {
        guard let value = Value.fromDatabaseValue(row[name] as DatabaseValue) else {
            throw UnreadableRow(description: "it holds a row whose `\(name)` cannot be read")
        }
        return value
    }

    private struct UnreadableRow: Error, CustomStringConvertible {
        let description: String
    }
}
