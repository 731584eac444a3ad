import Console
import Foundation
import Glibc
import Registry
import Storage
import ZeroTrust

/// What the registry of this installation holds, read from its store where the gateway's user may.
actor ConsoleModels {
    private let settings: Settings
    private var store: SQLiteRegistryStore?

    private static let maximumModels = 200
    private static let maximumReleases = 60

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// The models and the moves of tags, the newest first.
    ///
    /// - Returns: nil for the models where they cannot be read, and why.
    func read(_ configuration: Configuration) async -> (
        rows: [ModelsPage.Row]?, releases: [ModelsPage.Release], note: String
    ) {
        guard configuration.registry != nil else {
            return (nil, [], "The configuration has no `ModelRegistry`, so that no registry is served here.")
        }
        let file = settings.registryDirectory + "/registry.sqlite"
        guard store != nil || (unsafe access(file, R_OK | W_OK)) == 0 else {
            return (
                nil, [],
                "The registry's store is another user's: the gateway runs apart from it. `lapwing model list` asks the registry."
            )
        }
        do {
            let store = try self.store ?? SQLiteRegistryStore(try SQLiteDatabase(path: file, schema: .registry))
            self.store = store
            var rows: [ModelsPage.Row] = []
            var releases: [ModelsPage.Release] = []
            for repository in try await store.repositories() {
                var tags: [ContentDigest: [String]] = [:]
                for (tag, digest) in try await store.tags(in: repository, after: nil, limit: .max) {
                    tags[digest, default: []].append(tag.description)
                }
                for stored in try await store.models(in: repository).suffix(Self.maximumModels) {
                    var row = ModelsPage.Row(pushedAt: stored.pushedAt)
                    row.repository = repository.description
                    row.version = stored.version ?? 0
                    row.digest = stored.digest.description
                    row.isAdmitted = stored.state.isAdmitted
                    if case .quarantined(let reasons) = stored.state { row.reasons = reasons }
                    row.tags = tags[stored.digest] ?? []
                    row.pushedBy = stored.pushedBy
                    row.referrers = try await store.referrers(of: stored.digest, in: repository).map {
                        $0.artifactType ?? $0.mediaType
                    }
                    rows.append(row)
                }
                for move in try await store.history(of: nil, in: repository).suffix(Self.maximumReleases) {
                    releases.append(
                        ModelsPage.Release(
                            tag: "\(move.repository):\(move.tag)",
                            digest: move.to?.description ?? "nothing",
                            actor: move.by,
                            time: move.at,
                            record: move.record.description
                        )
                    )
                }
            }
            rows.sort { ($1.pushedAt.nanoseconds, $0.digest) < ($0.pushedAt.nanoseconds, $1.digest) }
            releases.sort { ($1.time.nanoseconds, $0.tag) < ($0.time.nanoseconds, $1.tag) }
            return (Array(rows.prefix(Self.maximumModels)), Array(releases.prefix(Self.maximumReleases)), "")
        } catch {
            return (nil, [], "The registry's store cannot be read: \(error)")
        }
    }
}
