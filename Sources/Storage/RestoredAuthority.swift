import GRDB
import Glibc
public import WorkloadIdentity

extension SQLiteDatabase {
    /// How far the number of a bundle is set forward where nobody knows how far it had come.
    private static let unknownStep: Int64 = 1 << 20

    /// What a restored authority takes over from the database before.
    private struct Carried: Sendable {
        /// The sequence numbers of the bundles, by the names of trust domains.
        var sequences: [String: Int64] = [:]
        /// The rows of `revocation`.
        var revocations: [[DatabaseValue]] = []
        /// The rows of `foreign_bundle`.
        var foreignBundles: [[DatabaseValue]] = []
    }

    /// Makes of a copied database one that an authority may go on with: nothing that counted once counts again.
    ///
    /// The join tokens go, because some of them have joined somebody since. The bundles' sequence numbers go past all that
    /// were ever published, or those who follow would refuse what is published next as older (SPIFFE Federation §6.2).
    /// What was revoked since the copy stays revoked, and the foreign bundles that were fetched since stay in force. What
    /// was taken back since is revoked again.
    ///
    /// - Parameter last: the database that the copy takes the place of; nil where it is lost. Where it cannot be read it
    ///   counts as lost.
    /// - Returns: whether that one was there and could be read.
    /// - Throws: `IdentityError` with `badFile` where the copy cannot be changed.
    @discardableResult
    public func goOn(from last: String?) throws(IdentityError) -> Bool {
        let found = last.flatMap(Self.carried)
        let before = found ?? Carried()
        do {
            try pool.write { database in
                try database.execute(sql: "DELETE FROM join_token")
                for row in try Row.fetchAll(database, sql: "SELECT name, sequence FROM trust_domain") {
                    let name: String = row["name"]
                    let own: Int64 = row["sequence"]
                    // One that has come less far than the copy is not the database that the copy was made of.
                    let next: Int64
                    if let known = before.sequences[name], known >= own {
                        next = known + 1
                    } else {
                        next = own + Self.unknownStep
                    }
                    try database.execute(
                        sql: "UPDATE trust_domain SET sequence = ? WHERE name = ?",
                        arguments: [next, name]
                    )
                }
                for row in before.revocations {
                    try database.execute(
                        sql: """
                            INSERT OR REPLACE INTO revocation (subject, reason, creator, created_at)
                            VALUES (?, ?, ?, ?)
                            """,
                        arguments: StatementArguments(row)
                    )
                }
                for row in before.foreignBundles {
                    try database.execute(
                        sql: """
                            INSERT INTO foreign_bundle (trust_domain, relationship, document, refreshed_at)
                            VALUES (?, ?, ?, ?)
                            ON CONFLICT (trust_domain) DO UPDATE SET
                                relationship = excluded.relationship,
                                document = excluded.document,
                                refreshed_at = excluded.refreshed_at
                            WHERE excluded.refreshed_at >= foreign_bundle.refreshed_at
                            """,
                        arguments: StatementArguments(row)
                    )
                }
            }
        } catch {
            throw IdentityError(.badFile, "cannot change the database `\(path)`", cause: error)
        }
        return found != nil
    }

    /// What a database has that a copy goes on with; nil where it cannot be read.
    private static func carried(in path: String) -> Carried? {
        guard unsafe access(path, F_OK) == 0 else { return nil }
        do {
            let queue = try DatabaseQueue(path: path)
            let found = try queue.read { database -> Carried in
                var found = Carried()
                for row in try Row.fetchAll(database, sql: "SELECT name, sequence FROM trust_domain") {
                    let name: String = row["name"]
                    let sequence: Int64 = row["sequence"]
                    found.sequences[name] = sequence
                }
                // An older Lapwing may have made it, which had not every table.
                if try database.tableExists("revocation") {
                    let rows = try Row.fetchAll(
                        database,
                        sql: "SELECT subject, reason, creator, created_at FROM revocation"
                    )
                    found.revocations = rows.map { Array($0.databaseValues) }
                }
                if try database.tableExists("foreign_bundle") {
                    let rows = try Row.fetchAll(
                        database,
                        sql: "SELECT trust_domain, relationship, document, refreshed_at FROM foreign_bundle"
                    )
                    found.foreignBundles = rows.map { Array($0.databaseValues) }
                }
                return found
            }
            try queue.close()
            return found
        } catch {
            return nil
        }
    }
}
