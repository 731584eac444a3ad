import Foundation
import GRDB
import Storage
import Testing
import WorkloadIdentity
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct SQLiteAuthorityStoreTests {
    @Test(arguments: AuthorityStoreConformance.rules.indices)
    func `it keeps every rule of a store`(_ index: Int) async throws {
        let directory = try TemporaryDirectory()
        let database = try SQLiteDatabase(path: directory.path + "/lapwing.db")
        let rule = AuthorityStoreConformance.rules[index]
        try await rule.check(try AuthorityStoreConformance(SQLiteAuthorityStore(database)))
        try database.close()
    }

    @Test func `what was stored is there after opening the file again`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        let trustDomain = try TrustDomain("cluster.local")
        let first = try SQLiteDatabase(path: path)
        let stored = try await SQLiteAuthorityStore(first).commit(AuthorityState(trustDomain: trustDomain, sequence: 3))
        try first.close()
        let second = try SQLiteDatabase(path: path)
        #expect(try await SQLiteAuthorityStore(second).authorityState(of: trustDomain) == stored)
        try second.close()
    }

    @Test(arguments: [SQLiteDatabase.Schema.authority, .registry, .standing, .recordSearch])
    func `a file of a newer Lapwing is refused and left as it is, and one of an earlier is told of`(
        _ schema: SQLiteDatabase.Schema
    ) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        let made = try SQLiteDatabase(path: path, schema: schema)
        #expect(try SQLiteDatabase.inspect(path, schema: schema) == 0, "while it is open")
        let last = try made.pool.read {
            try String.fetchOne($0, sql: "SELECT max(identifier) FROM grdb_migrations")
        }
        try made.pool.write {
            try $0.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = ?", arguments: [last])
        }
        try made.close()
        #expect(try SQLiteDatabase.inspect(path, schema: schema) == 1)
        #expect(try SQLiteDatabase.inspect(path, schema: schema) == 1, "looking changes nothing")
        let queue = try DatabaseQueue(path: path)
        try queue.write { database in
            for name in [last, "9999 of the future"] {
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [name])
            }
        }
        try queue.close()
        func migrations() throws -> [String] {
            let queue = try DatabaseQueue(path: path)
            defer { try? queue.close() }
            return try queue.read {
                try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
            }
        }
        let before = try migrations()
        for open in [
            { _ = try SQLiteDatabase(path: path, schema: schema) },
            { _ = try SQLiteDatabase.inspect(path, schema: schema) },
        ]
            as [() throws -> Void]
        {
            let error = #expect(throws: IdentityError.self) { try open() }
            #expect(error?.message == "the database `\(path)` was made by a newer Lapwing; run that one")
        }
        #expect(try migrations() == before && before.last == "9999 of the future")
        try Data("no database".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: IdentityError.self) { _ = try SQLiteDatabase.inspect(path, schema: schema) }
    }

    @Test func `of a database that was put back no join token counts, and its bundle is newer than the last`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let trustDomain = try TrustDomain("cluster.local")
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let (copy, last) = (directory.path + "/copy.db", directory.path + "/last.db")
        let lost = try SQLiteDatabase(path: last)
        _ = try await SQLiteAuthorityStore(lost).commit(AuthorityState(trustDomain: trustDomain, sequence: 9))
        try lost.close()
        let database = try SQLiteDatabase(path: copy)
        let store = SQLiteAuthorityStore(database)
        _ = try await store.commit(AuthorityState(trustDomain: trustDomain, sequence: 3))
        let token = JoinToken(digest: [1, 2, 3], name: "edge", expiresAt: now + 600, creator: "test")
        try await store.create(token)
        try database.goOn(from: last)
        #expect(try await store.authorityState(of: trustDomain).sequence == 10)
        #expect(try await store.takeJoinToken([1, 2, 3], at: now) == nil)
        try Data("no database".utf8).write(to: URL(fileURLWithPath: last))
        for path in [nil, last, directory.path + "/nowhere.db"] as [String?] {
            let before = try await store.authorityState(of: trustDomain).sequence
            try database.goOn(from: path)
            #expect(try await store.authorityState(of: trustDomain).sequence >= before + 1000)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/nowhere.db"))
        try database.close()
    }

    @Test func `a database that has come less far than the copy says nothing about its bundle's number`() async throws {
        let directory = try TemporaryDirectory()
        let trustDomain = try TrustDomain("cluster.local")
        let fresh = try SQLiteDatabase(path: directory.path + "/fresh.db")
        _ = try await SQLiteAuthorityStore(fresh).commit(AuthorityState(trustDomain: trustDomain, sequence: 2))
        try fresh.close()
        let database = try SQLiteDatabase(path: directory.path + "/copy.db")
        let store = SQLiteAuthorityStore(database)
        _ = try await store.commit(AuthorityState(trustDomain: trustDomain, sequence: 3))
        try database.goOn(from: directory.path + "/fresh.db")
        #expect(try await store.authorityState(of: trustDomain).sequence >= 1003)
        try database.close()
    }

    @Test func `what was revoked or fetched since the copy stays, and what the copy alone has stays too`() async throws
    {
        let directory = try TemporaryDirectory()
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let (partner, other) = (try TrustDomain("partner.example"), try TrustDomain("other.example"))
        func revocation(_ subject: String) throws -> Revocation {
            try Revocation(try Revocation.Subject(subject), reason: "lost", creator: "test", at: now)
        }
        func bundle(_ domain: TrustDomain, _ document: String, _ moment: Date) -> StoredForeignBundle {
            StoredForeignBundle(
                trustDomain: domain,
                relationship: "r",
                document: Array(document.utf8),
                refreshedAt: moment
            )
        }
        let last = try SQLiteDatabase(path: directory.path + "/last.db")
        let lastStore = SQLiteAuthorityStore(last)
        _ = try await lastStore.revoke(try revocation("spiffe://cluster.local/leaked"))
        _ = try await lastStore.revoke(try revocation("spiffe://cluster.local/both"))
        try await lastStore.keep(bundle(partner, "new", now + 60))
        try await lastStore.keep(bundle(other, "old", now - 60))
        try last.close()
        let database = try SQLiteDatabase(path: directory.path + "/copy.db")
        let store = SQLiteAuthorityStore(database)
        _ = try await store.revoke(try revocation("spiffe://cluster.local/both"))
        _ = try await store.revoke(try revocation("spiffe://cluster.local/before"))
        try await store.keep(bundle(partner, "of the copy", now))
        try await store.keep(bundle(other, "of the copy", now))
        try database.goOn(from: directory.path + "/last.db")
        #expect(
            try await store.revocations().map(\.subject.description) == [
                "spiffe://cluster.local/before", "spiffe://cluster.local/both", "spiffe://cluster.local/leaked",
            ]
        )
        let bundles = try await store.foreignBundles()
        #expect(bundles.map(\.trustDomain) == [other, partner])
        #expect(bundles.map { String(decoding: $0.document, as: UTF8.self) } == ["of the copy", "new"])
        try database.close()
    }

    @Test func `two openings of one file see each other's commits and conflicts`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        let trustDomain = try TrustDomain("cluster.local")
        let (a, b) = (try SQLiteDatabase(path: path), try SQLiteDatabase(path: path))
        let state = try await SQLiteAuthorityStore(a).commit(AuthorityState(trustDomain: trustDomain))
        #expect(try await SQLiteAuthorityStore(b).authorityState(of: trustDomain) == state)
        _ = try await SQLiteAuthorityStore(b).commit(state)
        let failure = await #expect(throws: IdentityError.self) { _ = try await SQLiteAuthorityStore(a).commit(state) }
        #expect(failure?.code == .conflict)
        try a.close()
        try b.close()
    }

    @Test func `the file and its log are for the owner alone`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        let database = try SQLiteDatabase(path: path)
        for file in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + file)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
        try database.close()
    }

    @Test(arguments: [0o644, 0o660, 0o604])
    func `a file that is open to others is refused with the command that mends it`(_ mode: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        try SQLiteDatabase(path: path).close()
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let failure = #expect(throws: IdentityError.self) { try SQLiteDatabase(path: path) }
        #expect(failure?.code == .badFile)
        #expect(failure?.message.contains("chmod 0600 \(path)") == true)
    }

    @Test func `a file that a newer program made is refused`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        try SQLiteDatabase(path: path).close()
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('9999 the future')") }
        try queue.close()
        let failure = #expect(throws: IdentityError.self) { try SQLiteDatabase(path: path) }
        #expect(failure?.message.contains("newer") == true)
    }

    @Test func `a file that is no database is refused`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        _ = FileManager.default.createFile(
            atPath: path,
            contents: Data(repeating: 0x41, count: 4096),
            attributes: [.posixPermissions: 0o600]
        )
        let failure = #expect(throws: IdentityError.self) { try SQLiteDatabase(path: path) }
        #expect(failure?.code == .badFile)
    }

    @Test func `an entry that does not decode is an error and not an absence`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lapwing.db"
        let database = try SQLiteDatabase(path: path)
        let store = SQLiteAuthorityStore(database)
        let entry = try WorkloadEntry(
            name: "a",
            id: try SPIFFEID("spiffe://cluster.local/a"),
            selectors: [try Selector("unix:uid:0")]
        )
        _ = try await store.create(entry, by: "x", at: Date())
        let queue = try DatabaseQueue(path: path)
        try await queue.write { try $0.execute(sql: "UPDATE entry SET selectors = 'unix:uid:-1'") }
        try queue.close()
        await #expect(throws: IdentityError.self) { _ = try await store.entries() }
        try database.close()
    }
}
