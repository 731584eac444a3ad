import GRDB
import Glibc
public import WorkloadIdentity

extension SQLiteDatabase {
    /// How far the number of a bundle is set forward where nobody knows how far it had come.
    private static let unknownStep: Int64 = 1 << 20

    /// Makes of a copied database one that an authority may go on with: nothing that counted once counts again.
    ///
    /// The join tokens go, because some of them have joined somebody since. The bundles' sequence numbers go past all that
    /// were ever published, or those who follow would refuse what is published next as older (SPIFFE Federation §6.2).
    ///
    /// - Parameter last: the database that the copy takes the place of; nil where it is lost. Where it cannot be read it
    ///   counts as lost.
    /// - Throws: `IdentityError` with `badFile` where the copy cannot be changed.
    public func goOn(from last: String?) throws(IdentityError) {
        let before = last.flatMap(Self.sequences)
        do {
            try pool.write { database in
                try database.execute(sql: "DELETE FROM join_token")
                let names = try String.fetchAll(database, sql: "SELECT name FROM trust_domain")
                for name in names {
                    let own =
                        try Int64.fetchOne(
                            database,
                            sql: "SELECT sequence FROM trust_domain WHERE name = ?",
                            arguments: [name]
                        ) ?? 0
                    let next: Int64
                    if let before, let known = before[name] {
                        next = max(own, known) + 1
                    } else {
                        next = own + Self.unknownStep
                    }
                    try database.execute(
                        sql: "UPDATE trust_domain SET sequence = ? WHERE name = ?",
                        arguments: [next, name]
                    )
                }
            }
        } catch {
            throw IdentityError(.badFile, "cannot change the database `\(path)`", cause: error)
        }
    }

    /// The sequence numbers in a database, by the names of trust domains; nil where it cannot be read.
    private static func sequences(in path: String) -> [String: Int64]? {
        guard unsafe access(path, F_OK) == 0 else { return nil }
        do {
            let queue = try DatabaseQueue(path: path)
            let found = try queue.read { database -> [String: Int64] in
                var found: [String: Int64] = [:]
                for row in try Row.fetchAll(database, sql: "SELECT name, sequence FROM trust_domain") {
                    let name: String = row["name"]
                    let sequence: Int64 = row["sequence"]
                    found[name] = sequence
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
