/// A model of a repository, with its number and the tags that point to it.
public struct RegisteredModel: Sendable {
    /// Its number in its repository.
    public let version: Int
    /// Its manifest, without the bytes.
    public let stored: StoredManifest
    /// The tags that point to it.
    public let tags: [TagName]
}

extension ModelRegistry {
    /// The models of a repository by version; for one who may only pull, those that are admitted.
    public func models(in repository: RepositoryName, by caller: RegistryCaller) async throws -> [RegisteredModel] {
        try require(caller, .read, .write, .promote, in: repository)
        let seesAll = may(caller, .write, .promote, in: repository)
        var tags: [ContentDigest: [TagName]] = [:]
        for (tag, digest) in try await store.tags(in: repository, after: nil, limit: .max) {
            tags[digest, default: []].append(tag)
        }
        return try await store.models(in: repository).filter { seesAll || $0.state.isAdmitted }.compactMap { stored in
            stored.version.map { RegisteredModel(version: $0, stored: stored, tags: tags[stored.digest] ?? []) }
        }
    }
}
