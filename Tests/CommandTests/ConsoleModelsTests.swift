import Console
import Foundation
import Registry
import Storage
import Testing
import ZeroTrust

@testable import lapwing

/// What the console shows of the registry: the newest of all repositories, read once for whoever asks meanwhile.
@Suite(.timeLimit(.minutes(5))) struct ConsoleModelsTests {
    /// A registry's store, and the console's view of it.
    private struct Fixture {
        let directory: TemporaryDirectory
        let store: SQLiteRegistryStore

        init() throws {
            directory = try TemporaryDirectory()
            store = SQLiteRegistryStore(
                try SQLiteDatabase(path: directory.path + "/registry.sqlite", schema: .registry)
            )
        }

        func models(_ bounds: ConsoleModels.Bounds) -> ConsoleModels {
            ConsoleModels(directory: directory.path, bounds: bounds)
        }

        /// Pushes a model at a moment, with a tag, and what refers to it.
        func push(_ name: String, to repository: String, at moment: Int) async throws {
            let repository = try #require(RepositoryName(repository))
            func manifest(_ text: String, of subject: ContentDigest?) -> StoredManifest {
                StoredManifest(
                    repository: repository,
                    digest: ContentDigest(of: Array(text.utf8)),
                    mediaType: MediaType.imageManifest,
                    artifactType: subject == nil ? "application/vnd.example.model" : "application/spdx+json",
                    subject: subject,
                    annotations: [:],
                    bytes: Array(text.utf8),
                    blobs: [],
                    manifests: [],
                    version: subject == nil ? 1 : nil,
                    state: .admitted,
                    pushedBy: "spiffe://cluster.local/a",
                    pushedAt: Timestamp(nanoseconds: Int64(moment))
                )
            }
            let model = manifest(name, of: nil)
            let move = TagMove(
                repository: repository,
                tag: try #require(TagName("tag-\(name)")),
                from: nil,
                to: model.digest,
                by: "spiffe://cluster.local/a",
                at: Timestamp(nanoseconds: Int64(moment)),
                record: RequestID(milliseconds: 1_800_000_000_000, random: UInt128(moment))
            )
            _ = try await store.put(model, moving: [move])
            _ = try await store.put(manifest("list of \(name)", of: model.digest), moving: [])
        }
    }

    @Test func `the newest of all repositories are shown, with their tags and what refers to them`() async throws {
        let fixture = try Fixture()
        // More than are held at any time while they are read.
        for number in 0..<30 { try await fixture.push("m\(number)", to: "team-\(number % 7)/model", at: number + 1) }
        let held = await fixture.models(.init(models: 5, releases: 3)).read(isServed: true)
        let rows = try #require(held.rows, "\(held.note)")
        #expect(rows.map(\.pushedAt.nanoseconds) == [30, 29, 28, 27, 26])
        #expect(rows.map(\.tags) == (25...29).reversed().map { ["tag-m\($0)"] })
        #expect(rows.map(\.repository) == (25...29).reversed().map { "team-\($0 % 7)/model" })
        #expect(rows.allSatisfy { $0.referrers == ["application/spdx+json"] && $0.isAdmitted })
        #expect(held.releases.map(\.time.nanoseconds) == [30, 29, 28])
        #expect(held.note.isEmpty)
    }

    @Test(arguments: [Duration.seconds(3_600), .zero])
    func `the store is read again only once what was read is too old`(_ freshness: Duration) async throws {
        let fixture = try Fixture()
        try await fixture.push("one", to: "team/model", at: 1)
        let models = fixture.models(.init(freshness: freshness))
        let first = await models.read(isServed: true)
        #expect(first.rows?.count == 1)
        try await fixture.push("two", to: "team/model", at: 2)
        let second = await models.read(isServed: true)
        #expect(second.rows?.count == (freshness == .zero ? 2 : 1))
    }

    @Test func `what cannot be read is said, and made up for nobody`() async throws {
        let directory = try TemporaryDirectory()
        let models = ConsoleModels(directory: directory.path)
        let none = await models.read(isServed: false)
        #expect(none.rows == nil && none.note.contains("no registry is served here"))
        let missing = await models.read(isServed: true)
        #expect(missing.rows == nil && missing.note.contains("lapwing model list"))
    }
}
