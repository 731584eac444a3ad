import Console
import Foundation
import Glibc
import Registry
import Storage
import ZeroTrust

/// What the registry of this installation holds, read from its store where the gateway's user may.
actor ConsoleModels {
    private let directory: String
    private var store: SQLiteRegistryStore?

    /// How much is shown, and for how long.
    struct Bounds: Sendable {
        var models = 200
        var releases = 60
        /// How old an answer may be: reading the store once does for all pages that are asked for meanwhile.
        var freshness = Duration.seconds(2)
    }

    private let bounds: Bounds

    /// What is held.
    struct Held: Sendable {
        /// The models, the newest first; nil where they cannot be read.
        var rows: [ModelsPage.Row]?
        /// The moves of tags, the newest first.
        var releases: [ModelsPage.Release] = []
        /// Why the models cannot be read.
        var note = ""
    }

    /// What was read last, and when.
    private var answer: (held: Held, time: ContinuousClock.Instant)?
    /// The reading that is under way, for whoever else asks meanwhile.
    private var reading: Task<Held, Never>?

    init(directory: String, bounds: Bounds = Bounds()) {
        self.directory = directory
        self.bounds = bounds
    }

    /// The models and the moves of tags, the newest first.
    ///
    /// - Parameter isServed: whether the configuration has a registry.
    /// - Returns: what is held, or why it cannot be read.
    func read(isServed: Bool) async -> Held {
        guard isServed else {
            return Held(note: "The configuration has no `ModelRegistry`, so that no registry is served here.")
        }
        if let answer, ContinuousClock.now - answer.time < bounds.freshness { return answer.held }
        if let reading { return await reading.value }
        let task = Task { await self.look() }
        reading = task
        let held = await task.value
        answer = (held, ContinuousClock.now)
        reading = nil
        return held
    }

    private func look() async -> Held {
        let file = directory + "/registry.sqlite"
        guard store != nil || (unsafe access(file, R_OK | W_OK)) == 0 else {
            return Held(
                note:
                    "The registry's store is another user's: the gateway runs apart from it. `lapwing model list` asks the registry."
            )
        }
        do {
            let store = try self.store ?? SQLiteRegistryStore(try SQLiteDatabase(path: file, schema: .registry))
            self.store = store
            return try await held(by: store)
        } catch {
            return Held(note: "The registry's store cannot be read: \(error)")
        }
    }

    /// What a store holds: only of the models that are shown it is asked what points to them.
    private func held(by store: SQLiteRegistryStore) async throws -> Held {
        var models: [StoredManifest] = []
        var releases: [ModelsPage.Release] = []
        for repository in try await store.repositories() {
            let own = try await store.models(in: repository)
            models += own.suffix(bounds.models)
            if models.count > 4 * bounds.models { models = newest(models) }
            for move in try await store.history(of: nil, in: repository).suffix(bounds.releases) {
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
            if releases.count > 4 * bounds.releases { releases = newest(releases) }
        }
        models = newest(models)
        var tags: [RepositoryName: [ContentDigest: [String]]] = [:]
        for repository in Set(models.map(\.repository)) {
            var own: [ContentDigest: [String]] = [:]
            for (tag, digest) in try await store.tags(in: repository, after: nil, limit: .max) {
                own[digest, default: []].append(tag.description)
            }
            tags[repository] = own
        }
        var rows: [ModelsPage.Row] = []
        for stored in models {
            var row = ModelsPage.Row(pushedAt: stored.pushedAt)
            row.repository = stored.repository.description
            row.version = stored.version ?? 0
            row.digest = stored.digest.description
            row.isAdmitted = stored.state.isAdmitted
            if case .quarantined(let reasons) = stored.state { row.reasons = reasons }
            row.tags = tags[stored.repository]?[stored.digest] ?? []
            row.pushedBy = stored.pushedBy
            row.referrers = try await store.referrers(of: stored.digest, in: stored.repository).map {
                $0.artifactType ?? $0.mediaType
            }
            rows.append(row)
        }
        return Held(rows: rows, releases: newest(releases))
    }

    private func newest(_ models: [StoredManifest]) -> [StoredManifest] {
        let sorted = models.sorted {
            ($1.pushedAt.nanoseconds, $0.digest.description) < ($0.pushedAt.nanoseconds, $1.digest.description)
        }
        return Array(sorted.prefix(bounds.models))
    }

    private func newest(_ releases: [ModelsPage.Release]) -> [ModelsPage.Release] {
        let sorted = releases.sorted { ($1.time.nanoseconds, $0.tag) < ($0.time.nanoseconds, $1.tag) }
        return Array(sorted.prefix(bounds.releases))
    }
}
