import ZeroTrust

extension ModelRegistry {
    /// A manifest, for a caller who may pull it, or who pushes or promotes and sees what is in quarantine.
    ///
    /// - Throws: ``RegistryError`` with `quarantined` and the reasons for one who may only pull.
    public func manifest(_ reference: ManifestReference, in repository: RepositoryName, by caller: RegistryCaller)
        async throws -> StoredManifest
    {
        try require(caller, .read, .write, .promote, in: repository)
        let stored = try await find(reference, in: repository)
        guard case .quarantined(let reasons) = stored.state, !may(caller, .write, .promote, in: repository) else {
            return stored
        }
        throw RegistryError(.quarantined, "`\(stored.digest)` is in quarantine: \(reasons.joined(separator: "; "))")
    }

    /// Keeps a manifest, and has a tag point to it where it is pushed by tag.
    ///
    /// What does not satisfy the admission policy is kept in quarantine. Where the manifest refers to another, such as a
    /// signature does, that one is judged anew.
    public func putManifest(
        _ bytes: [UInt8],
        contentType: String,
        as reference: ManifestReference,
        in repository: RepositoryName,
        by caller: RegistryCaller
    ) async throws -> StoredManifest {
        try require(caller, .write, in: repository)
        var algorithm = ContentDigest.Algorithm.sha256
        if case .digest(let digest) = reference { algorithm = digest.algorithm }
        let manifest = try Manifest(bytes, contentType: contentType, algorithm: algorithm)
        if case .digest(let digest) = reference, digest != manifest.digest {
            throw RegistryError(.digestInvalid, "the manifest has the digest `\(manifest.digest)`, not `\(digest)`")
        }
        for blob in manifest.blobs {
            guard let size = try await store.blob(blob.digest, in: repository) else {
                throw RegistryError(.manifestBlobUnknown, "the blob `\(blob.digest)` is not in `\(repository)`")
            }
            guard size == blob.size else {
                throw RegistryError(.manifestInvalid, "`\(blob.digest)` has \(size) bytes, not \(blob.size)")
            }
        }
        if case .tag = reference { try refuseTag(manifest) }
        let stored = try await judging(manifest, in: repository) { state in
            try await keep(manifest, state, as: reference, in: repository, by: caller)
        }
        if let subject = manifest.subject { try await judgeAnew(subject.digest, in: repository, by: caller) }
        return stored
    }

    /// Judges a manifest, and does something with what came of it while nothing has changed by which it was judged.
    private func judging<Result>(
        _ manifest: Manifest,
        in repository: RepositoryName,
        _ work: (AdmissionState) async throws -> Result
    ) async throws -> Result {
        for _ in 0..<8 {
            let grounds = try await grounds(of: manifest.digest, in: repository)
            // Checks may take long, and nobody else has to wait for them.
            let state = await judge(manifest, in: repository)
            let result: Result? = try await gate.pass {
                guard try await self.grounds(of: manifest.digest, in: repository) == grounds else { return nil }
                return try await work(state)
            }
            if let result { return result }
        }
        throw RegistryError(.conflict, "what `\(manifest.digest)` is judged by keeps changing; push it again")
    }

    /// What a manifest is judged by besides its own bytes.
    private struct Grounds: Equatable {
        let requirement: AdmissionRequirement?
        let checks: String
        let referrers: [ContentDigest]
    }

    private func grounds(of digest: ContentDigest, in repository: RepositoryName) async throws -> Grounds {
        let requirement = configuration.rule(for: repository)?.admission
        return Grounds(
            requirement: requirement,
            checks: requirement.map { grounds(of: $0) } ?? "",
            referrers: try await store.referrers(of: digest, in: repository).map(\.digest)
        )
    }

    private func keep(
        _ manifest: Manifest,
        _ state: AdmissionState,
        as reference: ManifestReference,
        in repository: RepositoryName,
        by caller: RegistryCaller
    ) async throws -> StoredManifest {
        let now = clock()
        var moves: [TagMove] = []
        if case .tag(let tag) = reference {
            let old = try await store.tag(tag, in: repository)
            try requireMovable(tag, from: old, to: manifest.digest, state, in: repository, by: caller)
            if old != manifest.digest {
                moves = [
                    TagMove(
                        repository: repository,
                        tag: tag,
                        from: old,
                        to: manifest.digest,
                        by: caller.id.description,
                        at: now,
                        record: caller.request
                    )
                ]
            }
        }
        let subject = "\(repository)@\(manifest.digest)"
        var reason: String?
        if case .quarantined(let reasons) = state { reason = "quarantined: " + reasons.joined(separator: "; ") }
        let known = try await store.manifest(manifest.digest, in: repository)
        if known == nil || known?.state != state {
            try await record("registry.manifest.push", on: subject, by: caller, to: manifest.digest, reason: reason)
        }
        for move in moves { try await recordMove(move, by: caller) }
        return try await doing("registry.manifest.push", on: subject, by: caller) {
            try await store.put(
                StoredManifest(
                    repository: repository,
                    digest: manifest.digest,
                    mediaType: manifest.mediaType,
                    artifactType: manifest.artifactType,
                    subject: manifest.subject?.digest,
                    annotations: manifest.annotations,
                    bytes: manifest.bytes,
                    blobs: manifest.blobs.map(\.digest),
                    manifests: manifest.manifests.map(\.digest),
                    // The store counts.
                    version: manifest.isModel ? 0 : nil,
                    state: state,
                    pushedBy: caller.id.description,
                    pushedAt: now
                ),
                moving: moves
            )
        }
    }

    /// Judges a manifest again, since what refers to it has changed; records where that changes its state.
    func judgeAnew(_ digest: ContentDigest, in repository: RepositoryName, by caller: RegistryCaller) async throws {
        guard let stored = try await store.manifest(digest, in: repository) else { return }
        try await judging(try Manifest(stored), in: repository) { state in
            guard let stored = try await store.manifest(digest, in: repository), stored.state != state else { return }
            let subject = "\(repository)@\(digest)"
            switch state {
            case .admitted: try await record("registry.manifest.admit", on: subject, by: caller, to: digest)
            case .quarantined(let reasons):
                try await record(
                    "registry.manifest.quarantine",
                    on: subject,
                    by: caller,
                    from: digest,
                    reason: reasons.joined(separator: "; ")
                )
            }
            try await store.setState(state, of: digest, in: repository)
        }
    }

    /// Takes a manifest away with every tag that points to it, or a tag alone.
    public func deleteManifest(
        _ reference: ManifestReference,
        from repository: RepositoryName,
        by caller: RegistryCaller
    ) async throws {
        try require(caller, .delete, in: repository)
        let subject = try await find(reference, in: repository).subject
        try await gate.pass {
            let stored = try await find(reference, in: repository)
            let now = clock()
            let tags: [TagName]
            switch reference {
            case .tag(let tag): tags = [tag]
            case .digest(let digest):
                tags = try await store.tags(in: repository, after: nil, limit: .max).filter { $0.1 == digest }.map(\.0)
            }
            var moves: [TagMove] = []
            for tag in tags {
                try requireMovable(tag, from: stored.digest, to: nil, .admitted, in: repository, by: caller)
                moves.append(
                    TagMove(
                        repository: repository,
                        tag: tag,
                        from: stored.digest,
                        to: nil,
                        by: caller.id.description,
                        at: now,
                        record: caller.request
                    )
                )
            }
            for move in moves { try await recordMove(move, by: caller) }
            if case .tag = reference {
                for move in moves {
                    try await doing("registry.tag.delete", on: "\(repository):\(move.tag)", by: caller) {
                        try await store.move(move)
                    }
                }
                return
            }
            let subject = "\(repository)@\(stored.digest)"
            try await record("registry.manifest.delete", on: subject, by: caller, from: stored.digest)
            try await doing("registry.manifest.delete", on: subject, by: caller) {
                try await store.removeManifest(stored.digest, from: repository, moving: moves)
            }
        }
        if case .digest = reference, let subject { try await judgeAnew(subject, in: repository, by: caller) }
    }

    /// What refers to a manifest, of a kind of artifact where one is named.
    public func referrers(
        of digest: ContentDigest,
        artifactType: String?,
        in repository: RepositoryName,
        by caller: RegistryCaller
    ) async throws -> [Descriptor] {
        try require(caller, .read, .write, .promote, in: repository)
        let seesAll = may(caller, .write, .promote, in: repository)
        return try await store.referrers(of: digest, in: repository)
            .filter { (seesAll || $0.state.isAdmitted) && (artifactType == nil || $0.artifactType == artifactType) }
            .map { stored in
                Descriptor(
                    mediaType: stored.mediaType,
                    digest: stored.digest,
                    size: UInt64(stored.bytes.count),
                    artifactType: stored.artifactType,
                    annotations: stored.annotations
                )
            }
    }

    func find(_ reference: ManifestReference, in repository: RepositoryName) async throws -> StoredManifest {
        let digest: ContentDigest?
        switch reference {
        case .tag(let tag): digest = try await store.tag(tag, in: repository)
        case .digest(let own): digest = own
        }
        guard let digest, let stored = try await store.manifest(digest, in: repository) else {
            throw RegistryError(.manifestUnknown, "there is no manifest `\(reference)` in `\(repository)`")
        }
        return stored
    }
}
