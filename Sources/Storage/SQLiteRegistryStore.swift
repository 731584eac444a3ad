import Foundation
import GRDB
public import Registry
public import ZeroTrust

/// A `RegistryStore` in SQLite.
///
/// A row that does not decode is an error and never skipped.
public struct SQLiteRegistryStore: RegistryStore {
    private let database: SQLiteDatabase

    /// A store in a database of the registry's schema.
    public init(_ database: SQLiteDatabase) {
        self.database = database
    }

    // MARK: Blobs

    /// The repositories that hold anything.
    public func repositories() async throws -> [RepositoryName] {
        try await read { database in
            try String.fetchAll(
                database,
                sql: "SELECT repository FROM manifest UNION SELECT repository FROM blob ORDER BY 1"
            ).map(Self.repository)
        }
    }

    /// The length of a blob.
    public func blob(_ digest: ContentDigest, in repository: RepositoryName) async throws -> UInt64? {
        try await read { database in
            try Int64.fetchOne(
                database,
                sql: "SELECT size FROM blob WHERE repository = ? AND digest = ?",
                arguments: [repository.description, digest.description]
            ).map(UInt64.init)
        }
    }

    /// Says that a repository has a blob.
    public func addBlob(
        _ digest: ContentDigest,
        size: UInt64,
        to repository: RepositoryName,
        at time: Timestamp
    ) async throws {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO blob VALUES (?, ?, ?, ?)
                    ON CONFLICT (repository, digest) DO UPDATE SET added_at = excluded.added_at
                    """,
                arguments: [repository.description, digest.description, Int64(size), time.nanoseconds]
            )
        }
    }

    /// Takes a blob out of a repository.
    public func removeBlob(
        _ digest: ContentDigest,
        from repository: RepositoryName,
        addedBefore time: Timestamp?
    ) async throws -> Bool {
        try await write { database in
            try database.execute(
                sql: """
                    DELETE FROM blob WHERE repository = ?1 AND digest = ?2 AND (?3 IS NULL OR added_at < ?3)
                    AND NOT EXISTS (SELECT 1 FROM need WHERE repository = ?1 AND digest = ?2 AND is_blob = 1)
                    """,
                arguments: [repository.description, digest.description, time?.nanoseconds]
            )
            return database.changesCount > 0
        }
    }

    /// Whether any repository has a blob.
    public func hasBlob(_ digest: ContentDigest) async throws -> Bool {
        try await read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT 1 FROM blob WHERE digest = ? LIMIT 1",
                arguments: [digest.description]
            ) != nil
        }
    }

    /// Whether an admitted manifest of a repository needs a blob.
    public func isAdmitted(_ digest: ContentDigest, in repository: RepositoryName) async throws -> Bool {
        try await read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT 1 FROM need JOIN manifest ON manifest.repository = need.repository
                        AND manifest.digest = need.manifest
                    WHERE need.repository = ? AND need.digest = ? AND is_blob = 1 AND reasons IS NULL LIMIT 1
                    """,
                arguments: [repository.description, digest.description]
            ) != nil
        }
    }

    /// The blobs that no manifest needs.
    public func unreferencedBlobs(before time: Timestamp) async throws -> [(RepositoryName, ContentDigest)] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT repository, digest FROM blob WHERE added_at < ? AND NOT EXISTS (
                        SELECT 1 FROM need WHERE need.repository = blob.repository AND need.digest = blob.digest
                        AND is_blob = 1
                    ) ORDER BY 1, 2
                    """,
                arguments: [time.nanoseconds]
            ).map { (try Self.repository($0["repository"]), try Self.digest($0["digest"])) }
        }
    }

    // MARK: Manifests

    /// A manifest.
    public func manifest(_ digest: ContentDigest, in repository: RepositoryName) async throws -> StoredManifest? {
        try await read { try Self.find(digest, in: repository, $0) }
    }

    /// The digests of a repository's manifests.
    public func manifests(in repository: RepositoryName) async throws -> [ContentDigest] {
        try await read { database in
            try String.fetchAll(
                database,
                sql: "SELECT digest FROM manifest WHERE repository = ? ORDER BY digest",
                arguments: [repository.description]
            ).map(Self.digest)
        }
    }

    /// The models of a repository.
    public func models(in repository: RepositoryName) async throws -> [StoredManifest] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(Self.summary) FROM manifest WHERE repository = ? AND version IS NOT NULL ORDER BY version
                    """,
                arguments: [repository.description]
            ).map { try Self.manifest($0, database) }
        }
    }

    /// The manifests that refer to another.
    public func referrers(of digest: ContentDigest, in repository: RepositoryName) async throws -> [StoredManifest] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM manifest WHERE repository = ? AND subject = ? ORDER BY digest",
                arguments: [repository.description, digest.description]
            ).map { try Self.manifest($0, database) }
        }
    }

    /// Keeps a manifest and points tags to it.
    public func put(_ manifest: StoredManifest, moving moves: [TagMove]) async throws -> StoredManifest {
        try await write { database in
            let repository = manifest.repository.description
            for blob in manifest.blobs {
                let isThere = try Row.fetchOne(
                    database,
                    sql: "SELECT 1 FROM blob WHERE repository = ? AND digest = ?",
                    arguments: [repository, blob.description]
                )
                guard isThere != nil else {
                    throw RegistryError(.manifestBlobUnknown, "the blob `\(blob)` is not in `\(repository)`")
                }
            }
            for needed in manifest.manifests where try Self.find(needed, in: manifest.repository, database) == nil {
                throw RegistryError(.manifestBlobUnknown, "the manifest `\(needed)` is not in `\(repository)`")
            }
            var stored = manifest
            if let old = try Self.find(manifest.digest, in: manifest.repository, database) {
                (stored.version, stored.pushedBy, stored.pushedAt) = (old.version, old.pushedBy, old.pushedAt)
                try Self.setState(manifest.state, of: manifest.digest, in: manifest.repository, database)
            } else {
                if manifest.version != nil { stored.version = try Self.nextVersion(repository, database) }
                try Self.insert(stored, database)
            }
            for move in moves { try Self.move(move, database) }
            return stored
        }
    }

    /// Gives a manifest another state.
    public func setState(
        _ state: AdmissionState,
        of digest: ContentDigest,
        in repository: RepositoryName
    ) async throws {
        try await write { try Self.setState(state, of: digest, in: repository, $0) }
    }

    /// Takes a manifest away with its tags.
    public func removeManifest(
        _ digest: ContentDigest,
        from repository: RepositoryName,
        moving moves: [TagMove]
    ) async throws {
        try await write { database in
            let names = [repository.description, digest.description]
            for move in moves { try Self.move(move, database) }
            guard try Self.find(digest, in: repository, database) != nil else {
                throw RegistryError(.manifestUnknown, "there is no manifest `\(digest)` in `\(repository)`")
            }
            let isTagged = try Row.fetchOne(
                database,
                sql: "SELECT 1 FROM tag WHERE repository = ? AND digest = ? LIMIT 1",
                arguments: StatementArguments(names)
            )
            guard isTagged == nil else { throw RegistryError(.conflict, "another tag points to `\(digest)` by now") }
            let isNeeded = try Row.fetchOne(
                database,
                sql: "SELECT 1 FROM need WHERE repository = ? AND digest = ? AND is_blob = 0 LIMIT 1",
                arguments: StatementArguments(names)
            )
            guard isNeeded == nil else {
                throw RegistryError(.conflict, "an index needs `\(digest)`; delete that first")
            }
            try database.execute(
                sql: "DELETE FROM manifest WHERE repository = ? AND digest = ?",
                arguments: StatementArguments(names)
            )
        }
    }

    // MARK: Tags

    /// What a tag points to.
    public func tag(_ tag: TagName, in repository: RepositoryName) async throws -> ContentDigest? {
        try await read { try Self.tag(tag, in: repository, $0) }
    }

    /// The tags of a repository.
    public func tags(
        in repository: RepositoryName,
        after last: String?,
        limit: Int
    ) async throws -> [(TagName, ContentDigest)] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT name, digest FROM tag WHERE repository = ? AND name > ? ORDER BY name LIMIT ?",
                arguments: [repository.description, last ?? "", limit]
            ).map { (try Self.tagName($0["name"]), try Self.digest($0["digest"])) }
        }
    }

    /// Moves a tag.
    public func move(_ move: TagMove) async throws {
        try await write { try Self.move(move, $0) }
    }

    /// The changes of tags.
    public func history(of tag: TagName?, in repository: RepositoryName) async throws -> [TagMove] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM tag_move WHERE repository = ?1 AND (?2 IS NULL OR tag = ?2) ORDER BY id",
                arguments: [repository.description, tag?.description]
            ).map { row in
                let before: String? = row["before"]
                let after: String? = row["after"]
                guard let record = RequestID(row["record"] as String) else { throw Self.damaged("a tag's history") }
                return TagMove(
                    repository: repository,
                    tag: try Self.tagName(row["tag"]),
                    from: try before.map(Self.digest),
                    to: try after.map(Self.digest),
                    by: row["by"],
                    at: Timestamp(nanoseconds: row["at"]),
                    record: record
                )
            }
        }
    }

    // MARK: Uploads

    /// The uploads that have begun.
    public func uploads() async throws -> [StoredUpload] {
        try await read { try Row.fetchAll($0, sql: "SELECT * FROM upload ORDER BY id").map(Self.upload) }
    }

    /// An upload.
    public func upload(_ id: RequestID) async throws -> StoredUpload? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM upload WHERE id = ?", arguments: [id.description])
                .map(Self.upload)
        }
    }

    /// Says that an upload has begun.
    public func addUpload(_ upload: StoredUpload) async throws {
        try await write { database in
            try database.execute(
                sql: "INSERT INTO upload VALUES (?, ?, ?, ?)",
                arguments: [
                    upload.id.description, upload.repository.description, upload.owner, upload.startedAt.nanoseconds,
                ]
            )
        }
    }

    /// Forgets an upload.
    public func removeUpload(_ id: RequestID) async throws {
        try await write { database in
            try database.execute(sql: "DELETE FROM upload WHERE id = ?", arguments: [id.description])
        }
    }
}

extension SQLiteRegistryStore {
    /// Everything but the bytes.
    private static let summary = """
        repository, digest, media_type, artifact_type, subject, annotations, x'' AS bytes, version, reasons, pushed_by, \
        pushed_at
        """

    private func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result
    {
        do { return try await database.pool.read(body) } catch { throw Self.error(error) }
    }

    private func write<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result
    {
        do { return try await database.pool.write(body) } catch { throw Self.error(error) }
    }

    private static func error(_ error: any Error) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        case .SQLITE_FULL: return RegistryError(.storageFull, "the disk that holds the registry's database is full")
        default: return RegistryError(.unavailable, "the registry's database does not answer: \(error.resultCode)")
        }
    }

    private static func damaged(_ what: String) -> RegistryError {
        RegistryError(.damaged, "the registry's database holds \(what) that cannot be read")
    }

    private static func repository(_ text: String) throws -> RepositoryName {
        guard let name = RepositoryName(text) else { throw damaged("the name of a repository") }
        return name
    }

    private static func digest(_ text: String) throws -> ContentDigest {
        guard let digest = ContentDigest(text) else { throw damaged("a digest") }
        return digest
    }

    private static func tagName(_ text: String) throws -> TagName {
        guard let tag = TagName(text) else { throw damaged("a tag") }
        return tag
    }

    private static func find(_ digest: ContentDigest, in repository: RepositoryName, _ database: Database) throws
        -> StoredManifest?
    {
        try Row.fetchOne(
            database,
            sql: "SELECT * FROM manifest WHERE repository = ? AND digest = ?",
            arguments: [repository.description, digest.description]
        ).map { try manifest($0, database) }
    }

    private static func manifest(_ row: Row, _ database: Database) throws -> StoredManifest {
        let subject: String? = row["subject"]
        let reasons: String? = row["reasons"]
        let digest = try digest(row["digest"])
        let needs = try Row.fetchAll(
            database,
            sql: "SELECT digest, is_blob FROM need WHERE repository = ? AND manifest = ? ORDER BY digest",
            arguments: [row["repository"] as String, digest.description]
        )
        return StoredManifest(
            repository: try repository(row["repository"]),
            digest: digest,
            mediaType: row["media_type"],
            artifactType: row["artifact_type"],
            subject: try subject.map(Self.digest),
            annotations: try JSONDecoder().decode(
                [String: String].self,
                from: Data((row["annotations"] as String).utf8)
            ),
            bytes: Array(row["bytes"] as Data),
            blobs: try needs.filter { $0["is_blob"] as Int == 1 }.map { try Self.digest($0["digest"]) },
            manifests: try needs.filter { $0["is_blob"] as Int == 0 }.map { try Self.digest($0["digest"]) },
            version: row["version"],
            state: try reasons.map { .quarantined(try JSONDecoder().decode([String].self, from: Data($0.utf8))) }
                ?? .admitted,
            pushedBy: row["pushed_by"],
            pushedAt: Timestamp(nanoseconds: row["pushed_at"])
        )
    }

    private static func reasons(_ state: AdmissionState) throws -> String? {
        guard case .quarantined(let reasons) = state else { return nil }
        return String(decoding: try JSONEncoder().encode(reasons), as: UTF8.self)
    }

    private static func insert(_ manifest: StoredManifest, _ database: Database) throws {
        let names = (manifest.repository.description, manifest.digest.description)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try database.execute(
            sql: "INSERT INTO manifest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                names.0, names.1, manifest.mediaType, manifest.artifactType, manifest.subject?.description,
                String(decoding: try encoder.encode(manifest.annotations), as: UTF8.self), Data(manifest.bytes),
                manifest.version, try reasons(manifest.state), manifest.pushedBy, manifest.pushedAt.nanoseconds,
            ]
        )
        for (digests, isBlob) in [(manifest.blobs, 1), (manifest.manifests, 0)] {
            for digest in Set(digests) {
                try database.execute(
                    sql: "INSERT INTO need VALUES (?, ?, ?, ?)",
                    arguments: [names.0, names.1, digest.description, isBlob]
                )
            }
        }
    }

    private static func nextVersion(_ repository: String, _ database: Database) throws -> Int? {
        try Int.fetchOne(
            database,
            sql: """
                INSERT INTO version VALUES (?, 1) ON CONFLICT (repository) DO UPDATE SET last = last + 1 RETURNING last
                """,
            arguments: [repository]
        )
    }

    private static func setState(
        _ state: AdmissionState,
        of digest: ContentDigest,
        in repository: RepositoryName,
        _ database: Database
    ) throws {
        try database.execute(
            sql: "UPDATE manifest SET reasons = ? WHERE repository = ? AND digest = ?",
            arguments: [try reasons(state), repository.description, digest.description]
        )
        guard database.changesCount > 0 else {
            throw RegistryError(.manifestUnknown, "there is no manifest `\(digest)` in `\(repository)`")
        }
    }

    private static func tag(_ tag: TagName, in repository: RepositoryName, _ database: Database) throws
        -> ContentDigest?
    {
        try String.fetchOne(
            database,
            sql: "SELECT digest FROM tag WHERE repository = ? AND name = ?",
            arguments: [repository.description, tag.description]
        ).map(digest)
    }

    private static func move(_ move: TagMove, _ database: Database) throws {
        let names = (move.repository.description, move.tag.description)
        guard try tag(move.tag, in: move.repository, database) == move.from else {
            throw RegistryError(.conflict, "somebody else moved `\(names.0):\(names.1)` meanwhile")
        }
        if let to = move.to {
            guard try find(to, in: move.repository, database) != nil else {
                throw RegistryError(.manifestUnknown, "there is no manifest `\(to)` in `\(names.0)`")
            }
            try database.execute(
                sql: """
                    INSERT INTO tag VALUES (?, ?, ?)
                    ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest
                    """,
                arguments: [names.0, names.1, to.description]
            )
        } else {
            try database.execute(
                sql: "DELETE FROM tag WHERE repository = ? AND name = ?",
                arguments: [names.0, names.1]
            )
        }
        try database.execute(
            sql: """
                INSERT INTO tag_move (repository, tag, before, after, by, at, record) VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                names.0, names.1, move.from?.description, move.to?.description, move.by, move.at.nanoseconds,
                move.record.description,
            ]
        )
    }

    private static func upload(_ row: Row) throws -> StoredUpload {
        guard let id = RequestID(row["id"] as String) else { throw damaged("an upload") }
        return StoredUpload(
            id: id,
            repository: try repository(row["repository"]),
            owner: row["owner"],
            startedAt: Timestamp(nanoseconds: row["started_at"])
        )
    }
}
