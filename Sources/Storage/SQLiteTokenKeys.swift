import FoundationEssentials
import GRDB
import WorkloadIdentity
import ZeroTrust

/// The rows of the keys that sign tokens, which are read and written with the state that they are part of.
enum SQLiteTokenKeys {
    /// The keys of a trust domain, oldest first; a row that does not decode is an error.
    static func read(of trustDomain: TrustDomain, _ database: Database) throws -> [TokenKeySlot] {
        try Row.fetchAll(
            database,
            sql: "SELECT * FROM token_key WHERE trust_domain = ? ORDER BY position",
            arguments: [trustDomain.name]
        ).map(key)
    }

    /// Puts these keys in the place of all there are.
    static func replace(_ keys: [TokenKeySlot], of trustDomain: TrustDomain, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM token_key WHERE trust_domain = ?", arguments: [trustDomain.name])
        for (position, key) in keys.enumerated() {
            try database.execute(
                sql: "INSERT INTO token_key VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    trustDomain.name, position, key.id, key.authority, key.status.rawValue, key.algorithm.rawValue,
                    Data(key.publicKey), Int64(key.notBefore.timeIntervalSince1970),
                    Int64(key.notAfter.timeIntervalSince1970), key.activatesAt.map(\.timeIntervalSinceReferenceDate),
                    key.retiredAt.map(\.timeIntervalSinceReferenceDate),
                ]
            )
        }
    }

    private static func key(_ row: Row) throws -> TokenKeySlot {
        let id: String = row["id"]
        guard let status = AuthoritySlot.Status(rawValue: row["status"]),
            let algorithm = TokenKeySlot.Algorithm(rawValue: row["algorithm"])
        else { throw IdentityError(.unavailable, "the database holds the token key `\(id)` in an unknown state") }
        let publicKey: Data = row["public_key"]
        let activatesAt: Double? = row["activates_at"]
        let retiredAt: Double? = row["retired_at"]
        return TokenKeySlot(
            id: id,
            authority: row["authority"],
            status: status,
            algorithm: algorithm,
            publicKey: Array(publicKey),
            notBefore: Date(timeIntervalSince1970: TimeInterval(row["not_before"] as Int64)),
            notAfter: Date(timeIntervalSince1970: TimeInterval(row["not_after"] as Int64)),
            activatesAt: activatesAt.map { Date(timeIntervalSinceReferenceDate: $0) },
            retiredAt: retiredAt.map { Date(timeIntervalSinceReferenceDate: $0) }
        )
    }
}
