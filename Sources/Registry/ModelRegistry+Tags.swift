import ZeroTrust

extension ModelRegistry {
    /// The repositories in which a caller may do anything.
    public func repositories(by caller: RegistryCaller) async throws -> [RepositoryName] {
        try await store.repositories().filter { may(caller, .read, .write, .promote, .delete, in: $0) }
    }

    /// The tags of a repository in order, at most so many, after a name.
    public func tags(in repository: RepositoryName, after last: String?, limit: Int, by caller: RegistryCaller)
        async throws -> [(TagName, ContentDigest)]
    {
        try require(caller, .read, .write, .promote, in: repository)
        guard try await store.repositories().contains(repository) else {
            throw RegistryError(.nameUnknown, "there is no repository `\(repository)`")
        }
        return try await store.tags(in: repository, after: last, limit: limit)
    }

    /// The changes of a repository's tags, the oldest first.
    public func history(of tag: TagName?, in repository: RepositoryName, by caller: RegistryCaller) async throws
        -> [TagMove]
    {
        try require(caller, .read, .write, .promote, in: repository)
        return try await store.history(of: tag, in: repository)
    }

    /// Has a tag point to a manifest that is there and admitted.
    public func promote(
        _ reference: ManifestReference,
        to tag: TagName,
        in repository: RepositoryName,
        by caller: RegistryCaller
    ) async throws -> TagMove {
        try require(caller, .promote, in: repository)
        return try await gate.pass {
            let stored = try await find(reference, in: repository)
            try refuseTag(try Manifest(stored))
            let old = try await store.tag(tag, in: repository)
            guard stored.state.isAdmitted else {
                try await record(
                    "registry.tag.move",
                    on: "\(repository):\(tag)",
                    by: caller,
                    from: old,
                    to: stored.digest,
                    outcome: .deny,
                    reason: "in quarantine"
                )
                throw RegistryError(.quarantined, "`\(stored.digest)` is in quarantine and cannot be promoted")
            }
            try requireMovable(tag, from: old, to: stored.digest, stored.state, in: repository, by: caller)
            let move = TagMove(
                repository: repository,
                tag: tag,
                from: old,
                to: stored.digest,
                by: caller.id.description,
                at: clock(),
                record: caller.request
            )
            guard old != stored.digest else { return move }
            try await recordMove(move, by: caller)
            try await doing("registry.tag.move", on: "\(repository):\(tag)", by: caller) { try await store.move(move) }
            return move
        }
    }

    /// - Throws: ``RegistryError`` where a manifest is a signature: what has a tag is pulled as a model.
    func refuseTag(_ manifest: Manifest) throws(RegistryError) {
        guard manifest.isSignature else { return }
        throw RegistryError(.manifestInvalid, "a signature has no tag; push it by its digest")
    }

    /// - Throws: ``RegistryError`` with `denied` where a tag may not go from one manifest to another by this caller.
    func requireMovable(
        _ tag: TagName,
        from old: ContentDigest?,
        to new: ContentDigest?,
        _ state: AdmissionState,
        in repository: RepositoryName,
        by caller: RegistryCaller
    ) throws(RegistryError) {
        guard old != new, let rule = configuration.rule(for: repository) else { return }
        if old != nil, rule.isImmutable(tag) {
            throw RegistryError(.denied, "`\(repository):\(tag)` was set once and for all")
        }
        guard rule.isProtected(tag) else { return }
        guard rule.permits(caller.id, .promote) else {
            throw RegistryError(.denied, "only who may promote can change `\(repository):\(tag)`, not `\(caller.id)`")
        }
        guard state.isAdmitted else {
            throw RegistryError(.quarantined, "`\(repository):\(tag)` points only to what is admitted")
        }
    }

    func recordMove(_ move: TagMove, by caller: RegistryCaller) async throws {
        let action = move.to == nil ? "registry.tag.delete" : "registry.tag.move"
        try await record(action, on: "\(move.repository):\(move.tag)", by: caller, from: move.from, to: move.to)
    }
}
