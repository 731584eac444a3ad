import NIOHTTP1
import ZeroTrust

extension RegistryRoutes {
    /// What the registry says beyond the specification: `/v2/NAME/_lapwing/COMPONENT/MODULE`.
    func extended(
        _ request: RegistryRequest,
        _ repository: RepositoryName,
        _ component: String,
        _ module: String
    ) async throws -> RegistryResponse {
        switch (component, module) {
        case ("tags", "history"):
            guard request.method == .GET else { throw Self.wrongMethod }
            let tag = try request.query["tag"].map(tag)
            let moves = try await registry.history(of: tag, in: repository, by: request.caller)
            return try .json(TagHistory(repository: repository, moves: moves))
        case ("tags", "promote"):
            guard request.method == .POST else { throw Self.wrongMethod }
            guard let text = request.query["reference"], let tag = try request.query["tag"].map(tag) else {
                throw RegistryError(.manifestInvalid, "a promotion needs `reference` and `tag`")
            }
            let move = try await registry.promote(try reference(text), to: tag, in: repository, by: request.caller)
            return try .json(TagHistory(repository: repository, moves: [move]))
        case ("manifests", "list"):
            guard request.method == .GET else { throw Self.wrongMethod }
            let models = try await registry.models(in: repository, by: request.caller)
            return try .json(ModelList(repository: repository, models: models))
        case ("blobs", "collect"):
            guard request.method == .POST else { throw Self.wrongMethod }
            let isDryRun = request.query["dry-run"] == "true"
            guard isDryRun || request.query["dry-run"] == nil else {
                throw RegistryError(.unsupported, "`dry-run` is `true` or absent", status: 400)
            }
            let blobs = try await registry.collect(in: repository, by: request.caller, isDryRun: isDryRun)
            return try .json(BlobCollection(repository: repository, isDryRun: isDryRun, blobs: blobs))
        default: throw RegistryError(.unsupported, "there is no such path", status: 404)
        }
    }

    private func tag(_ text: String) throws -> TagName {
        guard let tag = TagName(text) else {
            throw RegistryError(.manifestInvalid, "`\(text.prefix(128))` is no tag")
        }
        return tag
    }
}

/// The changes of tags, as the registry says them.
public struct TagHistory: Codable, Sendable {
    /// One change.
    public struct Move: Codable, Sendable {
        /// The tag.
        public let tag: String
        /// What it pointed to before.
        public let from: String?
        /// What it points to after.
        public let to: String?
        /// Who did it.
        public let by: String
        /// When, in RFC 3339.
        public let at: String
        /// The id of the record in the audit log.
        public let record: String
    }

    /// The repository.
    public let repository: String
    /// The changes, the oldest first.
    public let moves: [Move]

    init(repository: RepositoryName, moves: [TagMove]) {
        self.repository = repository.description
        self.moves = moves.map { move in
            Move(
                tag: move.tag.description,
                from: move.from?.description,
                to: move.to?.description,
                by: move.by,
                at: move.at.description,
                record: move.record.description
            )
        }
    }
}

/// The models of a repository, as the registry says them.
public struct ModelList: Codable, Sendable {
    /// One model.
    public struct Model: Codable, Sendable {
        /// Its number in its repository.
        public let version: Int
        /// Its digest.
        public let digest: String
        /// `admitted` or `quarantined`.
        public let state: String
        /// Why it is in quarantine.
        public let reasons: [String]
        /// The tags that point to it.
        public let tags: [String]
        /// Who pushed it.
        public let pushedBy: String
        /// When, in RFC 3339.
        public let pushedAt: String
    }

    /// The repository.
    public let repository: String
    /// The models by version.
    public let models: [Model]

    init(repository: RepositoryName, models: [RegisteredModel]) {
        self.repository = repository.description
        self.models = models.map { model in
            var reasons: [String] = []
            if case .quarantined(let all) = model.stored.state { reasons = all }
            return Model(
                version: model.version,
                digest: model.stored.digest.description,
                state: model.stored.state.isAdmitted ? "admitted" : "quarantined",
                reasons: reasons,
                tags: model.tags.map(\.description),
                pushedBy: model.stored.pushedBy,
                pushedAt: model.stored.pushedAt.description
            )
        }
    }
}

/// The blobs that a collection took, or would take, as the registry says them.
public struct BlobCollection: Codable, Sendable {
    /// One blob.
    public struct Blob: Codable, Sendable {
        /// Its digest.
        public let digest: String
        /// Its length in bytes.
        public let size: UInt64
    }

    /// The repository.
    public let repository: String
    /// Whether nothing was taken.
    public let dryRun: Bool
    /// The blobs.
    public let blobs: [Blob]

    init(repository: RepositoryName, isDryRun: Bool, blobs: [ModelRegistry.UnneededBlob]) {
        self.repository = repository.description
        dryRun = isDryRun
        self.blobs = blobs.map { Blob(digest: $0.digest.description, size: $0.size) }
    }
}
