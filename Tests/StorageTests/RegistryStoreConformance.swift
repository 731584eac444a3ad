import Registry
import Testing
import ZeroTrust

/// What every `RegistryStore` must do, whatever it stands on: run once for each implementation.
struct RegistryStoreConformance {
    let store: any RegistryStore
    let one: RepositoryName
    let two: RepositoryName

    init(_ store: any RegistryStore) throws {
        self.store = store
        self.one = try #require(RepositoryName("fraud/scorer"))
        self.two = try #require(RepositoryName("fraud/other"))
    }

    static let rules: [(name: String, check: @Sendable (Self) async throws -> Void)] = [
        ("a blob is in the repository that it was added to, and in no other", { try await $0.blobs() }),
        ("a blob that a manifest needs stays", { try await $0.neededBlobs() }),
        ("a blob that was added again is as young as that", { try await $0.renewedBlobs() }),
        ("what no manifest needs is found by its age", { try await $0.unreferenced() }),
        ("a manifest comes back as it was put", { try await $0.manifests() }),
        ("a manifest without its blobs is not kept, and moves no tag", { try await $0.missingBlobs() }),
        ("models are counted from 1, and no number is given twice", { try await $0.versions() }),
        ("a blob is admitted where an admitted manifest needs it", { try await $0.admission() }),
        ("referrers are those of their subject", { try await $0.referrers() }),
        ("a tag moves from where it is, and from nowhere else", { try await $0.tags() }),
        ("of many moves from one place exactly one is made", { try await $0.racingMoves() }),
        ("the history of a tag is every move that was made", { try await $0.history() }),
        ("a manifest goes with its tags, and not while an index needs it", { try await $0.removal() }),
        ("an upload is there until it is removed", { try await $0.uploads() }),
    ]

    func digest(_ text: String) -> ContentDigest { ContentDigest(of: Array(text.utf8)) }

    func id(_ number: UInt128) -> RequestID { RequestID(milliseconds: 1_800_000_000_000, random: number) }

    func manifest(
        _ name: String,
        blobs: [String] = [],
        manifests: [String] = [],
        subject: String? = nil,
        version: Int? = nil,
        state: AdmissionState = .admitted
    ) -> StoredManifest {
        StoredManifest(
            repository: one,
            digest: digest(name),
            mediaType: MediaType.imageManifest,
            artifactType: "application/vnd.example+type",
            subject: subject.map(digest),
            annotations: ["b": "\"é\"", "a": ""],
            bytes: Array(name.utf8),
            blobs: blobs.map(digest),
            manifests: manifests.map(digest),
            version: version,
            state: state,
            pushedBy: "spiffe://cluster.local/a",
            pushedAt: Timestamp(nanoseconds: 1_800_000_000_000_000_001)
        )
    }

    func move(_ tag: String, _ from: String?, _ to: String?, record: UInt128 = 1) throws -> TagMove {
        TagMove(
            repository: one,
            tag: try #require(TagName(tag)),
            from: from.map(digest),
            to: to.map(digest),
            by: "spiffe://cluster.local/a",
            at: Timestamp(nanoseconds: 7),
            record: id(record)
        )
    }

    func add(_ blobs: String..., at time: Int64 = 10) async throws {
        for blob in blobs {
            try await store.addBlob(digest(blob), size: UInt64(blob.utf8.count), to: one, at: .init(nanoseconds: time))
        }
    }

    func expect(_ code: RegistryError.Code, _ work: () async throws -> Void) async {
        do {
            try await work()
            Issue.record("nothing was refused")
        } catch { #expect((error as? RegistryError)?.code == code, "\(error)") }
    }

    func blobs() async throws {
        #expect(try await store.repositories().isEmpty)
        try await add("abc")
        #expect(try await store.blob(digest("abc"), in: one) == 3)
        #expect(try await store.blob(digest("abc"), in: two) == nil)
        #expect(try await store.hasBlob(digest("abc")))
        #expect(try await store.repositories() == [one])
        #expect(try await store.removeBlob(digest("abc"), from: two, addedBefore: nil) == false)
        #expect(try await store.removeBlob(digest("abc"), from: one, addedBefore: nil))
        #expect(try await store.removeBlob(digest("abc"), from: one, addedBefore: nil) == false)
        #expect(try await !store.hasBlob(digest("abc")))
    }

    func neededBlobs() async throws {
        try await add("a", "b")
        _ = try await store.put(manifest("m", blobs: ["a", "a"]), moving: [])
        #expect(try await store.removeBlob(digest("a"), from: one, addedBefore: nil) == false)
        #expect(try await store.removeBlob(digest("b"), from: one, addedBefore: nil))
    }

    func renewedBlobs() async throws {
        try await add("a", at: 10)
        try await add("a", at: 30)
        #expect(try await store.removeBlob(digest("a"), from: one, addedBefore: Timestamp(nanoseconds: 30)) == false)
        #expect(try await store.removeBlob(digest("a"), from: one, addedBefore: Timestamp(nanoseconds: 31)))
    }

    func unreferenced() async throws {
        try await add("a", "b", at: 10)
        try await add("c", at: 20)
        _ = try await store.put(manifest("m", blobs: ["a"]), moving: [])
        let found = try await store.unreferencedBlobs(before: Timestamp(nanoseconds: 20))
        #expect(found.map(\.1) == [digest("b")])
        // To be found again is to be new.
        try await add("b", at: 30)
        #expect(try await store.unreferencedBlobs(before: Timestamp(nanoseconds: 20)).isEmpty)
    }

    func manifests() async throws {
        try await add("a", "b")
        var expected = manifest("m", blobs: ["a", "b"], subject: "s", state: .quarantined(["no \"signature\"", "é"]))
        expected.blobs.sort { $0.hex < $1.hex }
        #expect(try await store.put(expected, moving: []) == expected)
        #expect(try await store.manifest(digest("m"), in: one) == expected)
        #expect(try await store.manifest(digest("m"), in: two) == nil)
        var again = expected
        (again.pushedBy, again.state) = ("spiffe://cluster.local/b", .admitted)
        let stored = try await store.put(again, moving: [])
        #expect(stored.pushedBy == "spiffe://cluster.local/a" && stored.state == .admitted)
        try await store.setState(.quarantined(["x"]), of: digest("m"), in: one)
        #expect(try await store.manifest(digest("m"), in: one)?.state == .quarantined(["x"]))
        await expect(.manifestUnknown) { try await store.setState(.admitted, of: digest("z"), in: one) }
    }

    func missingBlobs() async throws {
        try await add("a")
        let moves = [try move("v1", nil, "m")]
        await expect(.manifestBlobUnknown) { _ = try await store.put(manifest("m", blobs: ["a", "b"]), moving: moves) }
        await expect(.manifestBlobUnknown) { _ = try await store.put(manifest("m", manifests: ["n"]), moving: moves) }
        #expect(try await store.manifest(digest("m"), in: one) == nil)
        #expect(try await store.tag(moves[0].tag, in: one) == nil)
        #expect(try await store.history(of: nil, in: one).isEmpty)
    }

    func versions() async throws {
        #expect(try await store.put(manifest("m", version: 0), moving: []).version == 1)
        #expect(try await store.put(manifest("n", version: 0), moving: []).version == 2)
        #expect(try await store.put(manifest("m", version: 0), moving: []).version == 1)
        #expect(try await store.put(manifest("signature", subject: "m"), moving: []).version == nil)
        try await store.removeManifest(digest("n"), from: one, moving: [])
        #expect(try await store.put(manifest("o", version: 0), moving: []).version == 3)
        #expect(try await store.models(in: one).map(\.digest) == [digest("m"), digest("o")])
        #expect(Set(try await store.manifests(in: one)).isSuperset(of: [digest("m"), digest("o")]))
    }

    func admission() async throws {
        try await add("a")
        #expect(try await !store.isAdmitted(digest("a"), in: one))
        _ = try await store.put(manifest("m", blobs: ["a"], state: .quarantined(["x"])), moving: [])
        #expect(try await !store.isAdmitted(digest("a"), in: one))
        try await store.setState(.admitted, of: digest("m"), in: one)
        #expect(try await store.isAdmitted(digest("a"), in: one))
        #expect(try await !store.isAdmitted(digest("a"), in: two))
    }

    func referrers() async throws {
        _ = try await store.put(manifest("s1", subject: "m"), moving: [])
        _ = try await store.put(manifest("s2", subject: "m"), moving: [])
        _ = try await store.put(manifest("s3", subject: "n"), moving: [])
        let found = try await store.referrers(of: digest("m"), in: one)
        #expect(Set(found.map(\.digest)) == [digest("s1"), digest("s2")])
        #expect(found.map(\.digest.hex) == found.map(\.digest.hex).sorted())
        #expect(found.allSatisfy { !$0.bytes.isEmpty })
    }

    func tags() async throws {
        _ = try await store.put(manifest("m"), moving: [try move("v1", nil, "m"), try move("Z", nil, "m")])
        _ = try await store.put(manifest("n"), moving: [])
        let tag = try #require(TagName("v1"))
        #expect(try await store.tag(tag, in: one) == digest("m"))
        await expect(.conflict) { try await store.move(try move("v1", nil, "n")) }
        await expect(.conflict) { try await store.move(try move("v1", "n", "m")) }
        await expect(.manifestUnknown) { try await store.move(try move("v1", "m", "unknown")) }
        try await store.move(try move("v1", "m", "n"))
        #expect(try await store.tag(tag, in: one) == digest("n"))
        #expect(try await store.tags(in: one, after: nil, limit: 9).map(\.0.description) == ["Z", "v1"])
        #expect(try await store.tags(in: one, after: "Z", limit: 9).map(\.0.description) == ["v1"])
        #expect(try await store.tags(in: one, after: nil, limit: 1).map(\.1) == [digest("m")])
        try await store.move(try move("v1", "n", nil))
        #expect(try await store.tag(tag, in: one) == nil)
        #expect(try await store.tags(in: two, after: nil, limit: 9).isEmpty)
    }

    func racingMoves() async throws {
        _ = try await store.put(manifest("m"), moving: [try move("v1", nil, "m")])
        _ = try await store.put(manifest("n"), moving: [])
        let next = try move("v1", "m", "n")
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 { group.addTask { (try? await store.move(next)) != nil } }
            var made = 0
            for await isMade in group where isMade { made += 1 }
            return made
        }
        #expect(made == 1)
        #expect(try await store.history(of: next.tag, in: one).count == 2)
    }

    func history() async throws {
        let moves = [
            try move("v1", nil, "m", record: 1), try move("v2", nil, "m", record: 2),
            try move("v1", "m", nil, record: 3),
        ]
        _ = try await store.put(manifest("m"), moving: [moves[0]])
        try await store.move(moves[1])
        try await store.move(moves[2])
        #expect(try await store.history(of: nil, in: one) == moves)
        #expect(try await store.history(of: TagName("v1"), in: one) == [moves[0], moves[2]])
        #expect(try await store.history(of: nil, in: two).isEmpty)
    }

    func removal() async throws {
        _ = try await store.put(manifest("m"), moving: [try move("v1", nil, "m")])
        _ = try await store.put(manifest("index", manifests: ["m"]), moving: [])
        await expect(.conflict) { try await store.removeManifest(digest("m"), from: one, moving: []) }
        let moves = [try move("v1", "m", nil)]
        await expect(.conflict) { try await store.removeManifest(digest("m"), from: one, moving: moves) }
        // A removal that fails moves no tag.
        #expect(try await store.tag(moves[0].tag, in: one) == digest("m"))
        try await store.removeManifest(digest("index"), from: one, moving: [])
        try await store.removeManifest(digest("m"), from: one, moving: moves)
        #expect(try await store.manifest(digest("m"), in: one) == nil)
        await expect(.manifestUnknown) { try await store.removeManifest(digest("m"), from: one, moving: []) }
    }

    func uploads() async throws {
        let upload = StoredUpload(id: id(5), repository: one, owner: "o", startedAt: .init(nanoseconds: 4))
        try await store.addUpload(upload)
        #expect(try await store.upload(id(5)) == upload)
        #expect(try await store.upload(id(6)) == nil)
        #expect(try await store.uploads() == [upload])
        try await store.removeUpload(id(5))
        #expect(try await store.uploads().isEmpty)
    }
}
