import AuditLog
import Foundation
import Glibc
import Synchronization
import Testing
import ZeroTrust

@Suite struct `Bodies` {
    private static let now = Timestamp(nanoseconds: 1_795_300_801_000_000_000)
    private static let secret = Array("the account of Ada Lovelace is 4711-0815".utf8)

    private func part(_ vault: BodyVault, _ body: [UInt8] = secret, _ number: UInt64 = 1, tenant: String = "ml-api")
        throws -> BodyRecord.Part
    {
        try vault.seal(
            body,
            of: Sample.id(number),
            .request,
            tenant: tenant,
            length: UInt64(body.count),
            at: Self.now
        ).part
    }

    @Test func `a key that others can read is refused by its name`() throws {
        let directory = try TemporaryDirectory()
        let vault = try BodyVault(directory: directory.path)
        let key = try vault.samplingKey()
        let path = directory.path + "/sampling.key"
        #expect(try vault.samplingKey() == key)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let error = #expect(throws: AuditLogError.self) { try vault.samplingKey() }
        #expect(error?.description.contains("the key `\(path)` can be read by others") == true)
    }

    /// Whether a text stands in any file below a directory.
    private func holds(_ directory: TemporaryDirectory, _ text: [UInt8]) throws -> Bool {
        try directory.files().keys.contains { name in
            Data(try directory.read(name)).range(of: Data(text)) != nil
        }
    }

    @Test func `a body is read back by who has the key, and lies nowhere in the clear`() throws {
        let directory = try TemporaryDirectory()
        var parts: [BodyRecord.Part] = []
        do {
            let vault = try BodyVault(directory: directory.path)
            for number in 0..<20 as Range<UInt64> {
                parts.append(try part(vault, Self.secret + [UInt8(number)], number))
            }
            try vault.synchronize()
        }
        // A process that starts again adds to the same file, under the same key.
        let vault = try BodyVault(directory: directory.path)
        parts.append(try part(vault, Self.secret + [20], 20))
        let archive = BodyArchive(directory: directory.path)
        for (number, part) in parts.enumerated() {
            let outcome = try archive.open(part, of: Sample.id(UInt64(number)), .request)
            #expect(outcome == .body(Self.secret + [UInt8(number)]))
            #expect(part.bytes == UInt64(Self.secret.count + 1) && part.digest.utf8.count == 64)
        }
        #expect(try !holds(directory, Self.secret) && !holds(directory, Array("Lovelace".utf8)))
        #expect(try directory.files().keys.filter { $0.hasSuffix(".bodies") }.count == 1)
        // The same body has another digest for another tenant, so that nobody can look it up.
        #expect(try part(vault, Self.secret + [0], 0, tenant: "ml-eval").digest != parts[0].digest)
    }

    @Test func `bytes that are not those that were recorded are told from those that are`() throws {
        let directory = try TemporaryDirectory()
        let vault = try BodyVault(directory: directory.path)
        let (mine, other) = (try part(vault), try part(vault, Array("something else".utf8), 2))
        try vault.synchronize()
        let archive = BodyArchive(directory: directory.path)
        // Of another request, of the other side, of another place, or with another digest.
        var wrong = mine
        wrong.digest = other.digest
        var moved = mine
        moved.reference = other.reference
        for (part, id, side) in [
            (mine, Sample.id(2), BodyVault.Side.request), (mine, Sample.id(1), .response),
            (wrong, Sample.id(1), .request),
            (moved, Sample.id(1), .request),
        ] {
            let error = #expect(throws: AuditLogError.self) { try archive.open(part, of: id, side) }
            #expect(error?.code == .unverified)
        }
        let file = try #require(directory.files().keys.first { $0.hasSuffix(".bodies") })
        try directory.flip(file, at: 20)
        #expect(throws: AuditLogError.self) { try archive.open(mine, of: Sample.id(1), .request) }
    }

    @Test func `destroying a tenant's key destroys its bodies alone, and no proof changes`() throws {
        let directory = try TemporaryDirectory()
        let fixture = try LogFixture()
        let vault = try BodyVault(directory: directory.path)
        let parts = try ["ml-api", "ml-eval"].map { try part(vault, tenant: $0) }
        try vault.synchronize()
        let records = zip(["ml-api", "ml-eval"], parts).map { tenant, part in
            BodyRecord(
                id: Sample.id(1),
                time: Self.now,
                node: "n",
                tenant: tenant,
                key: "k",
                request: part,
                response: nil
            )
        }
        try fixture.fill(records.map { $0.encoded() })
        let archive = BodyArchive(directory: directory.path)
        #expect(try archive.tenants() == ["ml-api", "ml-eval"])
        let before = try directory.files()
        let key = try directory.read("ml-api/tenant.key")
        #expect(try archive.shred("ml-api") != nil)
        #expect(try archive.shred("ml-api") == nil && archive.tenants() == ["ml-eval"])
        #expect(try archive.open(parts[0], of: Sample.id(1), .request) == .shredded)
        #expect(try archive.open(parts[1], of: Sample.id(1), .request) == .body(Self.secret))
        // Nothing of the key is left, nothing else was touched, and the log is what it was.
        #expect(try !holds(directory, Array(key.dropFirst(40).prefix(30))) && !holds(directory, Self.secret))
        #expect(try directory.files().count == before.count - 1)
        #expect(try fixture.verify().fault == nil)
        guard case .verified = try fixture.reader.proof(of: 0).verify(keys: fixture.keys) else {
            Issue.record("the proof does not verify any more")
            return
        }
        // What comes later has another key, also where the writer still had the old one.
        vault.forgetShredded()
        let later = try part(vault, tenant: "ml-api")
        try vault.synchronize()
        #expect(try archive.open(later, of: Sample.id(1), .request) == .body(Self.secret))
        #expect(try archive.open(parts[0], of: Sample.id(1), .request) == .shredded)
        #expect(later.reference != parts[0].reference)
    }

    @Test func `a destruction that was cut short is one`() throws {
        let directory = try TemporaryDirectory()
        let vault = try BodyVault(directory: directory.path)
        let part = try part(vault)
        let length = try directory.read("ml-api/tenant.key").count
        try directory.write([UInt8](repeating: 0, count: length), to: "ml-api/tenant.key")
        let archive = BodyArchive(directory: directory.path)
        #expect(try archive.open(part, of: Sample.id(1), .request) == .shredded)
        #expect(try archive.tenants() == ["ml-api"] && archive.shred("ml-api") == nil)
    }

    @Test func `a key that is made while another is destroyed stays`() throws {
        let directory = try TemporaryDirectory()
        let vault = try BodyVault(directory: directory.path)
        let old = try part(vault)
        let files = FaultyFiles()
        let made = Mutex<BodyRecord.Part?>(nil)
        // The gateway keeps a body between the overwriting and the removal.
        files.before { done in
            guard done.operation == .remove, made.withLock({ $0 }) == nil else { return }
            vault.forgetShredded()
            let part = try? self.part(vault, Self.secret, 2)
            made.withLock { $0 = part }
        }
        #expect(try BodyArchive(directory: directory.path, files: files).shred("ml-api") != nil)
        let archive = BodyArchive(directory: directory.path)
        let part = try #require(made.withLock { $0 })
        #expect(try archive.open(part, of: Sample.id(2), .request) == .body(Self.secret))
        #expect(try archive.open(old, of: Sample.id(1), .request) == .shredded)
        #expect(try directory.files().keys.filter { $0.contains("tenant.key") } == ["ml-api/tenant.key"])
    }

    @Test(arguments: [FaultyFiles.Operation.write, .sync, .remove, .syncDirectory])
    func `a destruction that fails half way is finished, at the next or when the vault is opened`(
        _ operation: FaultyFiles.Operation
    ) throws {
        for opens in [true, false] {
            let directory = try TemporaryDirectory()
            let part = try part(try BodyVault(directory: directory.path))
            let key = try directory.read("ml-api/tenant.key")
            let files = FaultyFiles()
            files.inject(.init(operation: operation, path: "ml-api", effect: .error(EIO)))
            let archive = BodyArchive(directory: directory.path)
            #expect(throws: AuditLogError.self) {
                try BodyArchive(directory: directory.path, files: files).shred("ml-api")
            }
            // From its beginning on no body can be read.
            #expect(try archive.open(part, of: Sample.id(1), .request) == .shredded)
            #expect(try archive.tenants() == ["ml-api"])
            if opens { _ = try BodyVault(directory: directory.path) } else { _ = try archive.shred("ml-api") }
            #expect(try archive.tenants().isEmpty && !holds(directory, Array(key.dropFirst(40).prefix(30))))
            #expect(try !directory.files().keys.contains { $0.contains("tenant.key") })
        }
    }

    @Test func `each day has a key of its own, and old days can be removed`() throws {
        let directory = try TemporaryDirectory()
        let vault = try BodyVault(directory: directory.path)
        var parts: [BodyRecord.Part] = []
        for day in 0..<3 as Range<Int64> {
            let time = Timestamp(nanoseconds: Self.now.nanoseconds + day * 86_400_000_000_000)
            parts.append(
                try vault.seal(Self.secret, of: Sample.id(1), .response, tenant: "t", length: 1, at: time).part
            )
        }
        try vault.synchronize()
        #expect(Set(parts.map(\.digest)).count == 3)
        let archive = BodyArchive(directory: directory.path)
        #expect(try archive.removeBodies(before: "2026-11-23", except: ["t"]).isEmpty)
        #expect(try archive.removeBodies(before: "2026-11-23").count == 4)
        let outcomes = try parts.map { try archive.open($0, of: Sample.id(1), .response) }
        #expect(outcomes == [.removed, .removed, .body(Self.secret)])
    }

    @Test func `one process writes, a tenant is a plain name, and a key that others can read is not used`() throws {
        let directory = try TemporaryDirectory()
        let vault = try BodyVault(directory: directory.path + "/v")
        let second = #expect(throws: AuditLogError.self) { try BodyVault(directory: directory.path + "/v") }
        #expect(second?.code == .locked)
        for name in ["", "..", "a/b", "A", ".x", String(repeating: "a", count: 64)] {
            #expect(throws: AuditLogError.self) { try part(vault, tenant: name) }
        }
        _ = try part(vault, tenant: "a")
        #expect(unsafe chmod(directory.path + "/v/a/tenant.key", 0o644) == 0)
        #expect(throws: AuditLogError.self) { try part(vault, tenant: "a") }
        #expect(try vault.samplingKey() == vault.samplingKey() && vault.samplingKey().count == 32)
    }

    @Test func `a disk that is full is an error, and what was sealed before stays`() throws {
        let directory = try TemporaryDirectory()
        let files = FaultyFiles()
        let vault = try BodyVault(directory: directory.path, files: files)
        let part = try part(vault)
        try vault.synchronize()
        files.inject(.init(operation: .write, path: ".bodies", effect: .torn(5, ENOSPC), isLasting: false))
        let error = #expect(throws: AuditLogError.self) { try self.part(vault, Self.secret, 2) }
        #expect(error?.code == .diskFull)
        let later = try self.part(vault, Self.secret, 3)
        try vault.synchronize()
        let archive = BodyArchive(directory: directory.path)
        #expect(try archive.open(part, of: Sample.id(1), .request) == .body(Self.secret))
        #expect(try archive.open(later, of: Sample.id(3), .request) == .body(Self.secret))
    }

    @Test func `references that are none lead to no file`() throws {
        let directory = try TemporaryDirectory()
        let archive = BodyArchive(directory: directory.path)
        for text in [
            "", "@", "a/b.bodies@1+2+3", "a/../b.bodies@0+1", "../x/y.bodies@0+1", "a/b@0+1", "a/.bodies@0+1",
            "a/b.bodies@-1+1", "a/b.bodies@0+99999999999", "/etc/passwd@0+1", "a/b/c.bodies@0+1", "a/b.bodies@0+",
        ] {
            let part = BodyRecord.Part(bytes: 1, kept: 1, digest: "", reference: text)
            let error = #expect(throws: AuditLogError.self) { try archive.open(part, of: Sample.id(1), .request) }
            #expect(error?.code == .malformed, "\(text)")
        }
    }

    @Test func `records of bodies are read as they were written`() throws {
        let part = BodyRecord.Part(bytes: 9, kept: 4, digest: "ab", reference: "t/2026-11-26.k.bodies@0+1")
        let bodies = BodyRecord(
            id: Sample.id(1),
            time: Self.now,
            node: "n",
            tenant: "t",
            key: "k/2026",
            request: part,
            response: nil
        )
        let sampling = SamplingRecord(
            id: Sample.id(2),
            time: Self.now,
            node: "n",
            tenant: "t",
            reason: "sampled_out",
            count: 2,
            first: Sample.id(3),
            last: Sample.id(4),
            root: SamplingRecord.root(of: [Sample.id(3), Sample.id(4)])
        )
        #expect(try AuditRecord(entry: bodies.encoded()) == .bodies(bodies))
        #expect(try AuditRecord(entry: sampling.encoded()) == .sampling(sampling))
        #expect(bodies.encoded() == Array(try AuditRecord(entry: bodies.encoded()).encoded()))
    }

    @Test func `the root over what was not kept is that of RFC 9162`() throws {
        /// The definition, word for word.
        func root(_ leaves: ArraySlice<RequestID>) -> MerkleHash {
            guard leaves.count > 1, let first = leaves.first else {
                return leaves.first.map { id in
                    .leaf((0..<16).map { UInt8(truncatingIfNeeded: id.bits >> UInt128(120 - 8 * $0)) })
                } ?? .emptyRoot
            }
            _ = first
            var split = 1
            while split * 2 < leaves.count { split *= 2 }
            return .node(root(leaves.prefix(split)), root(leaves.dropFirst(split)))
        }
        for count in 0..<40 as Range<UInt64> {
            let ids = (0..<count).map { Sample.id($0) }
            #expect(SamplingRecord.root(of: ids) == root(ids[...]).description, "\(count)")
        }
    }
}
