/// Something that a component still learns or sends in spite of every grant and policy, because PostgreSQL leaves it open.
public struct PostgreSQLResidual: Hashable, Sendable {
    /// The check of the attack suite that shows it.
    public let id: String
    /// What stays open.
    public let channel: String
    /// What lessens it.
    public let advice: String

    /// All that SQL alone cannot close.
    public static let all: [PostgreSQLResidual] = [
        .init(
            id: "S01",
            channel: "EXPLAIN ANALYZE says how many rows the policies removed",
            advice: "keep datasets whose size is a secret in tables, or databases, of their own"
        ),
        .init(
            id: "S02",
            channel: "the planner's estimates, and with them EXPLAIN, depend on values that are hidden",
            advice: "do not share a table between datasets whose distribution is a secret"
        ),
        .init(
            id: "S04",
            channel: "pg_class tells everybody the names, columns and estimated row counts of all tables",
            advice: "do not put secrets into names; one database for each trust zone"
        ),
        .init(
            id: "S05",
            channel: "pg_policy tells everybody the text of all policies: roles, datasets, purposes",
            advice: "the estate is not a secret from its own components"
        ),
        .init(
            id: "S06",
            channel: "the statistics views count inserts, updates and scans of every table",
            advice: "track_counts = off hides them, and autovacuum with them"
        ),
        .init(
            id: "S07",
            channel: "NOTIFY and LISTEN carry messages between any two components of a database",
            advice: "components that must not talk get databases of their own"
        ),
        .init(
            id: "S08",
            channel: "advisory locks, seen in pg_locks, carry bits between any two components of a database",
            advice: "components that must not talk get databases of their own"
        ),
        .init(
            id: "S09",
            channel: "a unique key tells a producer whether a row that it cannot see has the same key",
            advice: "put the producer or the dataset into every unique key of a shared table"
        ),
        .init(
            id: "S10",
            channel: "pg_relation_size tells everybody how large each table is",
            advice: "keep datasets whose size is a secret in a database of their own"
        ),
        .init(
            id: "C54",
            channel:
                "a component can give itself a password and settings, which last; settings are seen from every database "
                + "of the server, so that texts of any length get from one to another",
            advice:
                "the password is harmless while pg_hba.conf lets it in by certificate only; components that must not talk "
                + "get servers of their own; `lapwing data drift` finds both, afterwards"
        ),
        .init(
            id: "A08",
            channel:
                "login checks the subject only: a certificate with the right subject and another URI gets in, and sees "
                + "and writes no row",
            advice: "the authority gives each subject to one SPIFFE ID"
        ),
        .init(
            id: "TLS",
            channel: "the certificate that is checked is the one of whoever opens the connection",
            advice: "components end their TLS at PostgreSQL itself: no pooler and no sidecar between"
        ),
    ]
}
