import Foundation
import Testing
import WorkloadIdentity
import ZeroTrust

/// What every `AuthorityStore` must do, whatever it stands on: run once for each implementation.
struct AuthorityStoreConformance {
    let store: any AuthorityStore
    let trustDomain: TrustDomain
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    init(_ store: any AuthorityStore) throws {
        self.store = store
        self.trustDomain = try TrustDomain("cluster.local")
    }

    static let rules: [(name: String, check: @Sendable (Self) async throws -> Void)] = [
        ("an unknown trust domain is empty at revision 0", { try await $0.emptyState() }),
        ("a state comes back as it was committed", { try await $0.roundTrip() }),
        ("keys for tokens come back as they were committed", { try await $0.tokenKeys() }),
        ("a commit on an old revision is a conflict and changes nothing", { try await $0.staleCommit() }),
        ("of many commits on one revision exactly one wins", { try await $0.racingCommits() }),
        ("trust domains do not see one another", { try await $0.separateTrustDomains() }),
        ("an entry comes back as it was created, in the order of names", { try await $0.entryRoundTrip() }),
        ("a name is taken once", { try await $0.duplicateName() }),
        ("an update needs the entry's revision", { try await $0.update() }),
        ("a deletion needs the entry, and its revision where one is given", { try await $0.deletion() }),
        ("the list's revision grows by one with every change", { try await $0.listRevision() }),
        ("a revocation is stored once, and taken back once", { try await $0.revocations() }),
        ("a join token is taken once, and not when it is over", { try await $0.joinTokens() }),
        (
            "foreign bundles are kept, replaced and forgotten, each by its trust domain",
            { try await $0.foreignBundles() }
        ),
    ]

    func slot(_ id: String, _ status: AuthoritySlot.Status, activatesAt: Date? = nil) throws -> AuthoritySlot {
        // Nothing in a store looks into a certificate.
        let der: [UInt8] = [0x30, 0x82, 0x01, 0x00] + Array(repeating: UInt8(id.utf8.count), count: 256)
        return AuthoritySlot(
            id: id,
            authority: "a",
            status: status,
            chain: [der, [0x30, 0x01, 0x00]],
            anchors: [[0x30, 0x01, 0x00]],
            notBefore: now,
            notAfter: now + 86400,
            activatesAt: activatesAt
        )
    }

    func entry(_ name: String, hint: String? = nil) throws -> WorkloadEntry {
        try WorkloadEntry(
            name: name,
            id: try SPIFFEID("spiffe://cluster.local/\(name)"),
            selectors: [try Selector("unix:uid:1000"), try Selector("unix:path:/usr/bin/a b")],
            lifetime: 900,
            dnsNames: ["a.example", "b.example"],
            subject: try CertificateSubject("CN=\(name),O=Example"),
            hint: hint,
            federatesWith: [try TrustDomain("one.example"), try TrustDomain("two.example")],
            modelLoader: hint.map { $0 == "h" ? .separateUser : .sameUser },
            outlivesProcess: hint == nil
        )
    }

    func emptyState() async throws {
        let state = try await store.authorityState(of: trustDomain)
        #expect(state == AuthorityState(trustDomain: trustDomain))
        #expect(state.revision == 0)
    }

    func roundTrip() async throws {
        let slots = [
            try slot("aa", .old), try slot("bbb", .active), try slot("cccc", .prepared, activatesAt: now + 0.125),
        ]
        let state = AuthorityState(trustDomain: trustDomain, revision: 0, sequence: 7, slots: slots)
        let committed = try await store.commit(state)
        #expect(committed.revision == 1)
        let stored = try await store.authorityState(of: trustDomain)
        #expect(stored == committed)
        #expect(stored.slots == slots)
        #expect(stored.sequence == 7)
    }

    func tokenKeys() async throws {
        let keys = [
            TokenKeySlot(
                id: "aa",
                authority: "a",
                status: .old,
                algorithm: .rs256,
                publicKey: [0, 1, 255],
                notBefore: now,
                notAfter: now + 86400,
                retiredAt: now + 0.25
            ),
            TokenKeySlot(
                id: "bb",
                authority: "b",
                status: .prepared,
                algorithm: .es256,
                publicKey: [7],
                notBefore: now,
                notAfter: now + 86400,
                activatesAt: now + 0.5
            ),
        ]
        let state = AuthorityState(trustDomain: trustDomain, slots: [try slot("aa", .active)], tokenKeys: keys)
        let committed = try await store.commit(state)
        #expect(try await store.authorityState(of: trustDomain) == committed)
        #expect(committed.tokenKeys == keys)
        let other = try TrustDomain("other.example")
        #expect(try await store.authorityState(of: other).tokenKeys.isEmpty)
        let fewer = AuthorityState(trustDomain: trustDomain, revision: 1, tokenKeys: [keys[1]])
        _ = try await store.commit(fewer)
        #expect(try await store.authorityState(of: trustDomain).tokenKeys == [keys[1]])
    }

    func staleCommit() async throws {
        let first = try await store.commit(AuthorityState(trustDomain: trustDomain, slots: [try slot("aa", .active)]))
        let second = try await store.commit(first)
        let failure = await #expect(throws: IdentityError.self) { _ = try await store.commit(first) }
        #expect(failure?.code == .conflict)
        #expect(try await store.authorityState(of: trustDomain) == second)
    }

    func racingCommits() async throws {
        let state = try await store.commit(AuthorityState(trustDomain: trustDomain))
        let store = store
        let wins = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 { group.addTask { (try? await store.commit(state)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
        #expect(try await store.authorityState(of: trustDomain).revision == 2)
    }

    func separateTrustDomains() async throws {
        let other = try TrustDomain("other.example")
        _ = try await store.commit(AuthorityState(trustDomain: trustDomain, slots: [try slot("aa", .active)]))
        #expect(try await store.authorityState(of: other).slots.isEmpty)
        // The same key identifier may stand in both.
        _ = try await store.commit(AuthorityState(trustDomain: other, slots: [try slot("aa", .old)]))
        #expect(try await store.authorityState(of: trustDomain).slots.map(\.status) == [.active])
    }

    func entryRoundTrip() async throws {
        let plain = try WorkloadEntry(
            name: "a",
            id: try SPIFFEID("spiffe://cluster.local/a"),
            selectors: [try Selector("unix:uid:0")]
        )
        let later = try await store.create(try entry("b", hint: "it's \"quoted\"; –"), by: "uid 0", at: now)
        let earlier = try await store.create(plain, by: "spiffe://cluster.local/admin", at: now)
        let list = try await store.entries()
        #expect(list.entries == [earlier, later])
        #expect(list.entries.last?.entry == (try entry("b", hint: "it's \"quoted\"; –")))
        #expect(list.entries.last?.creator == "uid 0")
        #expect(list.entries.last?.createdAt == now)
        #expect(list.revision == earlier.revision)
    }

    func joinTokens() async throws {
        func token(_ byte: UInt8, _ life: TimeInterval) -> JoinToken {
            JoinToken(digest: Array(repeating: byte, count: 32), name: "n\(byte)", expiresAt: now + life, creator: "x")
        }
        let (first, second) = (token(1, 60), token(2, 600))
        try await store.create(first)
        try await store.create(second)
        await #expect(throws: (any Error).self) { try await store.create(first) }
        #expect(try await store.takeJoinToken(Array(repeating: 3, count: 32), at: now) == nil)
        #expect(try await store.takeJoinToken(first.digest, at: now + 60) == nil)
        #expect(try await store.takeJoinToken(second.digest, at: now + 60) == second)
        #expect(try await store.takeJoinToken(second.digest, at: now + 60) == nil)
    }

    func foreignBundles() async throws {
        let (one, two) = (try TrustDomain("one.example"), try TrustDomain("two.example"))
        #expect(try await store.foreignBundles().isEmpty)
        let first = StoredForeignBundle(
            trustDomain: one,
            relationship: "r",
            document: [0, 0xff, 0x7b],
            refreshedAt: now
        )
        let second = StoredForeignBundle(trustDomain: two, relationship: "s", document: [], refreshedAt: now)
        try await store.keep(second)
        try await store.keep(first)
        #expect(try await store.foreignBundles() == [first, second])
        let newer = StoredForeignBundle(trustDomain: one, relationship: "t", document: [1], refreshedAt: now + 5)
        try await store.keep(newer)
        #expect(try await store.foreignBundles() == [newer, second])
        try await store.forgetForeignBundle(of: one)
        try await store.forgetForeignBundle(of: one)
        #expect(try await store.foreignBundles() == [second])
    }

    func duplicateName() async throws {
        _ = try await store.create(try entry("a"), by: "x", at: now)
        let failure = await #expect(throws: IdentityError.self) {
            _ = try await store.create(try entry("a"), by: "y", at: now)
        }
        #expect(failure?.code == .alreadyExists)
        #expect(try await store.entries().entries.map(\.creator) == ["x"])
    }

    func update() async throws {
        let missing = await #expect(throws: IdentityError.self) {
            _ = try await store.update(try entry("a"), expecting: 1)
        }
        #expect(missing?.code == .notFound)
        let first = try await store.create(try entry("a"), by: "x", at: now)
        let second = try await store.update(try entry("a", hint: "h"), expecting: first.revision)
        #expect(second.revision > first.revision)
        #expect(second.creator == "x")
        let stale = await #expect(throws: IdentityError.self) {
            _ = try await store.update(try entry("a"), expecting: first.revision)
        }
        #expect(stale?.code == .conflict)
        #expect(try await store.entries().entries == [second])
    }

    func deletion() async throws {
        let missing = await #expect(throws: IdentityError.self) { _ = try await store.delete("a", expecting: nil) }
        #expect(missing?.code == .notFound)
        let stored = try await store.create(try entry("a"), by: "x", at: now)
        let stale = await #expect(throws: IdentityError.self) {
            _ = try await store.delete("a", expecting: stored.revision + 1)
        }
        #expect(stale?.code == .conflict)
        let revision = try await store.delete("a", expecting: stored.revision)
        #expect(revision == stored.revision + 1)
        #expect(try await store.entries() == StoredEntries(entries: [], revision: revision))
    }

    func revocations() async throws {
        let start = try await store.entriesRevision()
        #expect(try await store.revocations().isEmpty)
        let id = try Revocation(
            try .init("spiffe://cluster.local/a"),
            reason: "it's \"lost\"; –",
            creator: "x",
            at: now
        )
        let serial = try Revocation(.serialNumber("1f"), reason: "", creator: "y", at: now + 0.7)
        #expect(try await store.revoke(id) == start + 1)
        #expect(try await store.revoke(serial) == start + 2)
        #expect(try await store.revocations() == [serial, id])
        let twice = await #expect(throws: IdentityError.self) { _ = try await store.revoke(id) }
        #expect(twice?.code == .alreadyExists)
        #expect(try await store.restore(id.subject) == start + 3)
        let missing = await #expect(throws: IdentityError.self) { _ = try await store.restore(id.subject) }
        #expect(missing?.code == .notFound)
        #expect(try await store.revocations() == [serial])
        #expect(try await store.entriesRevision() == start + 3)
        // Several at once are one change, whichever of them are there.
        #expect(try await store.revoke(all: [id, serial]) == start + 4)
        #expect(try await store.restore(all: [serial.subject, .serialNumber("2f"), id.subject]) == start + 5)
        #expect(try await store.revocations().isEmpty)
        #expect(try await store.entriesRevision() == start + 5)
    }

    func listRevision() async throws {
        let start = try await store.entriesRevision()
        let a = try await store.create(try entry("a"), by: "x", at: now)
        let b = try await store.create(try entry("b"), by: "x", at: now)
        let c = try await store.update(try entry("a"), expecting: a.revision)
        let end = try await store.delete("b", expecting: b.revision)
        #expect([a.revision, b.revision, c.revision, end] == [start + 1, start + 2, start + 3, start + 4])
        #expect(try await store.entriesRevision() == end)
    }
}
