public import FoundationEssentials
import GRDB
public import WorkloadIdentity
public import ZeroTrust

/// An `AuthorityStore` in SQLite.
///
/// A row that does not decode is an error and never skipped: an entry or certificate that silently vanished would be a
/// decision that nobody made.
public struct SQLiteAuthorityStore: AuthorityStore {
    private let database: SQLiteDatabase

    /// A store in a database.
    public init(_ database: SQLiteDatabase) {
        self.database = database
    }

    /// The certificates of a trust domain.
    public func authorityState(of trustDomain: TrustDomain) async throws -> AuthorityState {
        try await database.pool.read { database in
            guard
                let row = try Row.fetchOne(
                    database,
                    sql: "SELECT revision, sequence FROM trust_domain WHERE name = ?",
                    arguments: [trustDomain.name]
                )
            else { return AuthorityState(trustDomain: trustDomain) }
            let slots = try Row.fetchAll(
                database,
                sql: "SELECT * FROM authority WHERE trust_domain = ? ORDER BY position",
                arguments: [trustDomain.name]
            ).map(Self.slot)
            return AuthorityState(
                trustDomain: trustDomain,
                revision: row["revision"],
                sequence: row["sequence"],
                slots: slots,
                tokenKeys: try SQLiteTokenKeys.read(of: trustDomain, database)
            )
        }
    }

    /// Replaces the certificates where the revision still holds.
    public func commit(_ state: AuthorityState) async throws -> AuthorityState {
        try await database.pool.write { database in
            let name = state.trustDomain.name
            let stored =
                try Int64.fetchOne(database, sql: "SELECT revision FROM trust_domain WHERE name = ?", arguments: [name])
                ?? 0
            guard stored == state.revision else {
                throw IdentityError(
                    .conflict,
                    "the authorities of `\(name)` are at revision \(stored), not \(state.revision)"
                )
            }
            var next = state
            next.revision += 1
            try database.execute(
                sql: """
                    INSERT INTO trust_domain (name, revision, sequence) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, sequence = excluded.sequence
                    """,
                arguments: [name, next.revision, next.sequence]
            )
            try database.execute(sql: "DELETE FROM authority WHERE trust_domain = ?", arguments: [name])
            for (position, slot) in next.slots.enumerated() {
                try database.execute(
                    sql: "INSERT INTO authority VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    arguments: [
                        name, position, slot.id, slot.authority, slot.status.rawValue, Self.text(slot.chain),
                        Self.text(slot.anchors), Int64(slot.notBefore.timeIntervalSince1970),
                        Int64(slot.notAfter.timeIntervalSince1970),
                        slot.activatesAt.map(\.timeIntervalSinceReferenceDate),
                        slot.retiredAt.map(\.timeIntervalSinceReferenceDate),
                    ]
                )
            }
            try SQLiteTokenKeys.replace(next.tokenKeys, of: state.trustDomain, database)
            return next
        }
    }

    /// Every entry, by name.
    public func entries() async throws -> StoredEntries {
        try await database.pool.read { database in
            StoredEntries(
                entries: try Row.fetchAll(database, sql: "SELECT * FROM entry ORDER BY name").map(Self.entry),
                revision: try Self.revision(database)
            )
        }
    }

    /// The revision of the list of entries.
    public func entriesRevision() async throws -> Int64 {
        try await database.pool.read { try Self.revision($0) }
    }

    /// Adds an entry.
    public func create(_ entry: WorkloadEntry, by creator: String, at now: Date) async throws -> StoredEntry {
        try await database.pool.write { database in
            guard try Self.find(entry.name, database) == nil else {
                throw IdentityError(.alreadyExists, "the entry `\(entry.name)` exists already")
            }
            // Whole seconds are what is stored, and so what is answered.
            let moment = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
            let stored = StoredEntry(
                entry: entry,
                revision: try Self.advance(database),
                creator: creator,
                createdAt: moment
            )
            try Self.insert(stored, database)
            return stored
        }
    }

    /// Replaces an entry where its revision still holds.
    public func update(_ entry: WorkloadEntry, expecting revision: Int64) async throws -> StoredEntry {
        try await database.pool.write { database in
            let old = try Self.existing(entry.name, expecting: revision, database)
            let stored = StoredEntry(
                entry: entry,
                revision: try Self.advance(database),
                creator: old.creator,
                createdAt: old.createdAt
            )
            try database.execute(sql: "DELETE FROM entry WHERE name = ?", arguments: [entry.name])
            try Self.insert(stored, database)
            return stored
        }
    }

    /// Takes an entry out.
    public func delete(_ name: String, expecting revision: Int64?) async throws -> Int64 {
        try await database.pool.write { database in
            _ = try Self.existing(name, expecting: revision, database)
            try database.execute(sql: "DELETE FROM entry WHERE name = ?", arguments: [name])
            return try Self.advance(database)
        }
    }

    /// What is revoked.
    public func revocations() async throws -> [Revocation] {
        try await database.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM revocation ORDER BY subject").map { row in
                try Revocation(
                    try Revocation.Subject(row["subject"] as String),
                    reason: row["reason"],
                    creator: row["creator"],
                    at: Date(timeIntervalSince1970: TimeInterval(row["created_at"] as Int64))
                )
            }
        }
    }

    /// Adds a revocation.
    public func revoke(_ revocation: Revocation) async throws -> Int64 {
        try await database.pool.write { database in
            guard try Self.add(revocation, database) else {
                throw IdentityError(.alreadyExists, "`\(revocation.subject)` is revoked already")
            }
            return try Self.advance(database)
        }
    }

    /// Adds revocations in one transaction.
    public func revoke(all revocations: [Revocation]) async throws -> Int64 {
        try await database.pool.write { database in
            for revocation in revocations { _ = try Self.add(revocation, database) }
            return try Self.advance(database)
        }
    }

    /// Adds a revocation; returns false where its subject is revoked already.
    private static func add(_ revocation: Revocation, _ database: Database) throws -> Bool {
        let subject = revocation.subject.description
        guard try !isRevoked(subject, database) else { return false }
        try database.execute(
            sql: "INSERT INTO revocation VALUES (?, ?, ?, ?)",
            arguments: [
                subject, revocation.reason, revocation.creator, Int64(revocation.createdAt.timeIntervalSince1970),
            ]
        )
        return true
    }

    /// Takes a revocation back.
    public func restore(_ subject: Revocation.Subject) async throws -> Int64 {
        try await database.pool.write { database in
            guard try Self.isRevoked(subject.description, database) else {
                throw IdentityError(.notFound, "`\(subject)` is not revoked")
            }
            try database.execute(sql: "DELETE FROM revocation WHERE subject = ?", arguments: [subject.description])
            return try Self.advance(database)
        }
    }

    /// Takes revocations back in one transaction.
    public func restore(all subjects: [Revocation.Subject]) async throws -> Int64 {
        try await database.pool.write { database in
            for subject in subjects {
                try database.execute(sql: "DELETE FROM revocation WHERE subject = ?", arguments: [subject.description])
            }
            return try Self.advance(database)
        }
    }

    /// The last good bundles of foreign trust domains.
    public func foreignBundles() async throws -> [StoredForeignBundle] {
        try await database.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM foreign_bundle ORDER BY trust_domain").map { row in
                StoredForeignBundle(
                    trustDomain: try TrustDomain(row["trust_domain"] as String),
                    relationship: row["relationship"],
                    document: Array(row["document"] as Data),
                    refreshedAt: Date(timeIntervalSince1970: TimeInterval(row["refreshed_at"] as Int64))
                )
            }
        }
    }

    /// Keeps a bundle in the place of the one before.
    public func keep(_ bundle: StoredForeignBundle) async throws {
        try await database.pool.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO foreign_bundle VALUES (?, ?, ?, ?)",
                arguments: [
                    bundle.trustDomain.name, bundle.relationship, Data(bundle.document),
                    Int64(bundle.refreshedAt.timeIntervalSince1970),
                ]
            )
        }
    }

    /// Adds a join token.
    public func create(_ token: JoinToken) async throws {
        try await database.pool.write { database in
            try database.execute(
                sql: "INSERT INTO join_token VALUES (?, ?, ?, ?)",
                arguments: [
                    Data(token.digest), token.name, Int64(token.expiresAt.timeIntervalSince1970), token.creator,
                ]
            )
        }
    }

    /// Takes a join token out, in one transaction.
    public func takeJoinToken(_ digest: [UInt8], at now: Date) async throws -> JoinToken? {
        try await database.pool.write { database in
            try database.execute(
                sql: "DELETE FROM join_token WHERE expires_at <= ?",
                arguments: [Int64(now.timeIntervalSince1970.rounded(.down))]
            )
            let row = try Row.fetchOne(
                database,
                sql: "DELETE FROM join_token WHERE digest = ? RETURNING *",
                arguments: [Data(digest)]
            )
            return row.map { row in
                JoinToken(
                    digest: digest,
                    name: row["name"],
                    expiresAt: Date(timeIntervalSince1970: TimeInterval(row["expires_at"] as Int64)),
                    creator: row["creator"]
                )
            }
        }
    }

    /// Forgets the bundle of a trust domain.
    public func forgetForeignBundle(of trustDomain: TrustDomain) async throws {
        try await database.pool.write { database in
            try database.execute(
                sql: "DELETE FROM foreign_bundle WHERE trust_domain = ?",
                arguments: [trustDomain.name]
            )
        }
    }

    private static func isRevoked(_ subject: String, _ database: Database) throws -> Bool {
        try Row.fetchOne(database, sql: "SELECT 1 FROM revocation WHERE subject = ?", arguments: [subject]) != nil
    }
}

extension SQLiteAuthorityStore {
    private static func find(_ name: String, _ database: Database) throws -> StoredEntry? {
        try Row.fetchOne(database, sql: "SELECT * FROM entry WHERE name = ?", arguments: [name]).map(entry)
    }

    private static func existing(_ name: String, expecting revision: Int64?, _ database: Database) throws -> StoredEntry
    {
        guard let found = try find(name, database) else {
            throw IdentityError(.notFound, "there is no entry `\(name)` in the store")
        }
        if let revision, found.revision != revision {
            throw IdentityError(.conflict, "the entry `\(name)` is at revision \(found.revision), not \(revision)")
        }
        return found
    }

    private static func revision(_ database: Database) throws -> Int64 {
        guard let revision = try Int64.fetchOne(database, sql: "SELECT revision FROM entry_list WHERE id = 1") else {
            throw IdentityError(.unavailable, "the database holds no revision of the entries")
        }
        return revision
    }

    private static func advance(_ database: Database) throws -> Int64 {
        try database.execute(sql: "UPDATE entry_list SET revision = revision + 1 WHERE id = 1")
        return try revision(database)
    }

    private static func insert(_ stored: StoredEntry, _ database: Database) throws {
        let entry = stored.entry
        try database.execute(
            sql: "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                entry.name, entry.id.description, entry.selectors.map(\.description).sorted().joined(separator: "\n"),
                entry.lifetime.map { Int64($0) }, entry.dnsNames.joined(separator: "\n"), entry.subject?.description,
                entry.hint, stored.revision, stored.creator, Int64(stored.createdAt.timeIntervalSince1970),
                entry.federatesWith.map(\.name).sorted().joined(separator: "\n"), entry.outlivesProcess,
                entry.modelLoader?.rawValue,
            ]
        )
    }

    private static func entry(_ row: Row) throws -> StoredEntry {
        let name: String = row["name"]
        let lines = { (text: String) in text.split(separator: "\n").map(String.init) }
        let lifetime: Int64? = row["lifetime"]
        let subject: String? = row["subject"]
        let kind: String? = row["model_loader"]
        let loader = kind.flatMap { WorkloadEntry.ModelLoader(rawValue: $0) }
        guard (kind == nil) == (loader == nil) else {
            throw IdentityError(.unavailable, "the database holds the entry `\(name)` with an unknown kind of loader")
        }
        let entry = try WorkloadEntry(
            name: name,
            id: try SPIFFEID(row["spiffe_id"] as String),
            selectors: Set(try lines(row["selectors"]).map { try Selector($0) }),
            lifetime: lifetime.map { TimeInterval($0) },
            dnsNames: lines(row["dns_names"]),
            subject: try subject.map { try CertificateSubject($0) },
            hint: row["hint"],
            federatesWith: Set(try lines(row["federates_with"]).map { try TrustDomain($0) }),
            modelLoader: loader,
            outlivesProcess: row["outlives_process"]
        )
        return StoredEntry(
            entry: entry,
            revision: row["revision"],
            creator: row["creator"],
            createdAt: Date(timeIntervalSince1970: TimeInterval(row["created_at"] as Int64))
        )
    }

    private static func slot(_ row: Row) throws -> AuthoritySlot {
        let id: String = row["id"]
        guard let status = AuthoritySlot.Status(rawValue: row["status"]) else {
            throw IdentityError(.unavailable, "the database holds the authority `\(id)` in an unknown state")
        }
        let activatesAt: Double? = row["activates_at"]
        let retiredAt: Double? = row["retired_at"]
        return AuthoritySlot(
            id: id,
            authority: row["authority"],
            status: status,
            chain: try certificates(row["chain"], of: id),
            anchors: try certificates(row["anchors"], of: id),
            notBefore: Date(timeIntervalSince1970: TimeInterval(row["not_before"] as Int64)),
            notAfter: Date(timeIntervalSince1970: TimeInterval(row["not_after"] as Int64)),
            activatesAt: activatesAt.map { Date(timeIntervalSinceReferenceDate: $0) },
            retiredAt: retiredAt.map { Date(timeIntervalSinceReferenceDate: $0) }
        )
    }

    private static func certificates(_ text: String, of id: String) throws -> [[UInt8]] {
        let blocks = PEM.decode(text)
        guard !blocks.isEmpty, blocks.allSatisfy({ $0.type == "CERTIFICATE" }) else {
            throw IdentityError(.unavailable, "the database holds a damaged certificate of the authority `\(id)`")
        }
        return blocks.map(\.der)
    }

    private static func text(_ certificates: [[UInt8]]) -> String {
        certificates.map { PEM.encode($0, type: "CERTIFICATE") }.joined()
    }
}
