/// Something in a database that opens a way around row-level security or grants.
public struct PostgreSQLHazard: Hashable, Sendable {
    /// The rule that found it.
    public let rule: PostgreSQLRule
    /// Where: a role, a table, a function.
    public let object: String
    /// What it is there.
    public let detail: String

    /// A hazard.
    public init(_ rule: PostgreSQLRule, _ object: String, _ detail: String) {
        self.rule = rule
        self.object = object
        self.detail = detail
    }
}

/// A kind of hazard.
public enum PostgreSQLRule: String, Hashable, Sendable, CaseIterable {
    /// A superuser beside the first one.
    case superuser = "PG01"
    /// A role with BYPASSRLS.
    case bypassRowSecurity = "PG02"
    /// Row-level security that is off or not forced.
    case unforced = "PG03"
    /// A view without `security_invoker`.
    case invokerView = "PG04"
    /// A materialized view.
    case materializedView = "PG05"
    /// A function that runs as its owner.
    case definerFunction = "PG06"
    /// The privilege TRUNCATE.
    case truncate = "PG07"
    /// The privilege REFERENCES.
    case references = "PG08"
    /// A partition or child that is not closed.
    case partition = "PG09"
    /// A view without `security_barrier`.
    case barrierView = "PG10"
    /// A function that runs as its owner without a `search_path` of its own.
    case searchPath = "PG11"
    /// A policy on what the client can set.
    case clientSetting = "PG12"
    /// A policy that the estate does not know.
    case extraPolicy = "PG13"
    /// The privilege TRIGGER.
    case trigger = "PG14"
    /// A copy that somebody may read.
    case copiedStatistics = "PG15"
    /// A membership in one of our roles, or of one.
    case pooler = "PG16"
    /// Logical decoding.
    case logicalDecoding = "PG17"
    /// A trigger, rule or event trigger.
    case plantedCode = "PG18"
    /// An extension or foreign server.
    case foreignData = "PG19"
    /// A language that is not trusted.
    case untrustedLanguage = "PG20"
    /// A function marked LEAKPROOF.
    case leakproof = "PG21"
    /// Power over the server or over roles.
    case serverPower = "PG22"
    /// A database of another owner.
    case foreignOwner = "PG23"
    /// A setting of the server.
    case serverSetting = "PG24"
    /// A function that reads certificates and is not sslinfo's.
    case replacedFunction = "PG25"
    /// Something that a component owns.
    case componentOwner = "PG26"
    /// A setting that a database gives every role.
    case commonSetting = "PG27"

    /// What it lets happen.
    public var summary: String {
        switch self {
        case .superuser: "a superuser beside the first one: no policy and no grant holds for it"
        case .bypassRowSecurity: "a role with BYPASSRLS: no policy holds for it"
        case .unforced: "a table whose policies do not hold, or not for its owner"
        case .invokerView: "a view that reads with its owner's rights, not with the caller's (`security_invoker`)"
        case .materializedView: "a copy of rows, on which there are no policies"
        case .definerFunction: "a function that runs with its owner's rights"
        case .truncate: "TRUNCATE, which no policy covers"
        case .references: "REFERENCES: a foreign key tells which keys exist"
        case .partition: "a partition or child that can be read directly, past its parent's policies"
        case .barrierView: "a view whose own filter a leaky function is run before (`security_barrier`)"
        case .searchPath: "a function with its owner's rights that finds names by the caller's `search_path`"
        case .clientSetting: "a policy on a setting that the client sets for itself"
        case .extraPolicy: "a policy that the estate does not know; permissive ones add up"
        case .trigger: "TRIGGER: code planted there runs as whoever writes"
        case .copiedStatistics: "statistics of a copy, which `pg_stats` shows to whoever may read it"
        case .pooler: "a membership: SET ROLE changes who acts while the session stays somebody else's"
        case .logicalDecoding: "replication, which streams every row past all policies"
        case .plantedCode: "a trigger or rule that runs as whoever writes"
        case .foreignData: "a way from the database to other servers or files"
        case .untrustedLanguage: "a language that can do whatever the server's account can"
        case .leakproof: "a function marked LEAKPROOF, which is run before policies have filtered"
        case .serverPower: "a power over the server or over other roles"
        case .foreignOwner: "a database or schema that somebody else owns, and can change"
        case .serverSetting: "a setting of the server without which certificates are not checked"
        case .componentOwner: "a component owns something, and so decides who may use it and what it does"
        case .replacedFunction: "another function in the place of the one that reads the certificate"
        case .commonSetting: "a setting that every session begins with, and that loads code or changes what holds"
        }
    }

    /// What to do.
    public var remedy: String {
        switch self {
        case .superuser: "ALTER ROLE … NOSUPERUSER"
        case .bypassRowSecurity: "ALTER ROLE … NOBYPASSRLS"
        case .unforced: "`lapwing data apply`"
        case .invokerView: "ALTER VIEW … SET (security_invoker = true); before PostgreSQL 15, drop it"
        case .materializedView: "drop it, or declare it as a dataset of its own in a table"
        case .definerFunction: "ALTER FUNCTION … SECURITY INVOKER, or drop it"
        case .truncate: "REVOKE TRUNCATE"
        case .references: "REVOKE REFERENCES"
        case .partition:
            "REVOKE ALL on it, ENABLE and FORCE ROW LEVEL SECURITY on it, ALTER TABLE … OWNER TO \(PostgreSQLModel.owner)"
        case .barrierView: "ALTER VIEW … SET (security_barrier = true)"
        case .searchPath: "ALTER FUNCTION … SET search_path = pg_catalog, pg_temp"
        case .clientSetting: "drop it; ask SESSION_USER or the certificate instead"
        case .extraPolicy: "`lapwing data apply`, or declare the access in the estate"
        case .trigger: "REVOKE TRIGGER"
        case .copiedStatistics: "REVOKE SELECT on it"
        case .pooler: "REVOKE the membership; every component connects as itself"
        case .logicalDecoding: "drop the slot, publication or subscription; ALTER ROLE … NOREPLICATION"
        case .plantedCode: "drop it"
        case .foreignData: "DROP EXTENSION, or DROP SERVER"
        case .untrustedLanguage: "DROP EXTENSION of the language"
        case .leakproof: "ALTER FUNCTION … NOT LEAKPROOF"
        case .serverPower: "take it away"
        case .foreignOwner: "ALTER … OWNER TO the first superuser"
        case .serverSetting: "set it in postgresql.conf"
        case .componentOwner: "ALTER … OWNER TO somebody who is no component, or drop it"
        case .replacedFunction: "DROP EXTENSION sslinfo CASCADE, then `lapwing data apply`"
        case .commonSetting: "ALTER DATABASE … RESET, or ALTER ROLE ALL RESET; what is meant belongs in postgresql.conf"
        }
    }
}
