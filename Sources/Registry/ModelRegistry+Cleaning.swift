import Synchronization
import ZeroTrust

extension ModelRegistry {
    /// What was cleaned away.
    public struct Cleaning: Hashable, Sendable {
        /// Uploads that took too long, or of which only a half was left.
        public var uploads = 0
        /// Blobs that no manifest needed.
        public var blobs = 0
    }

    /// Cleans away old uploads, and blobs that no manifest has needed for long.
    public func clean() async throws -> Cleaning {
        var cleaning = Cleaning()
        let now = clock().nanoseconds
        let old = Timestamp(nanoseconds: now - Int64(configuration.uploadAge / .nanoseconds(1)))
        let uploads = try await store.uploads()
        for upload in uploads where upload.startedAt.nanoseconds < old.nanoseconds {
            // One that is being written to right now is left for the next time.
            let isBusy = sessions.withLock { sessions in
                if case .busy = sessions[upload.id] { return true }
                sessions[upload.id] = .busy
                return false
            }
            guard !isBusy else { continue }
            try await discard(upload.id)
            cleaning.uploads += 1
        }
        // Files of which the store knows nothing: the process ended between the two.
        for id in files.uploads() where try await store.upload(id) == nil {
            files.discard(id)
            cleaning.uploads += 1
        }
        let time = unneededSince
        for (repository, digest) in try await store.unreferencedBlobs(before: time) {
            if try await remove(digest, from: repository, addedBefore: time) { cleaning.blobs += 1 }
        }
        for digest in files.all() { try await gate.pass { try await removeFile(of: digest) } }
        return cleaning
    }

    /// A blob that a collection takes, or would take.
    public struct UnneededBlob: Hashable, Sendable {
        /// Its digest.
        public let digest: ContentDigest
        /// Its length in bytes.
        public let size: UInt64
    }

    /// Takes away the blobs of a repository that no manifest of it has needed for as long as the configuration says.
    ///
    /// A blob of a push that has not ended is younger than that: it counts as new when its upload ends, when it is
    /// mounted, and each time that a pusher finds it here. Each blob is looked at again when its turn comes, while nothing
    /// else is changed, and each that goes is recorded first. The bytes go where no other repository has the blob.
    ///
    /// - Parameters:
    ///   - repository: the repository.
    ///   - caller: who asks.
    ///   - isDryRun: whether it only says what it would take.
    /// - Returns: what was taken.
    /// - Throws: ``RegistryError`` where the caller may not delete in the repository, or an act cannot be recorded.
    public func collect(
        in repository: RepositoryName,
        by caller: RegistryCaller,
        isDryRun: Bool
    ) async throws -> [UnneededBlob] {
        try require(caller, .delete, in: repository)
        let time = unneededSince
        var collected: [UnneededBlob] = []
        for (place, digest) in try await store.unreferencedBlobs(before: time) where place == repository {
            guard let size = try await store.blob(digest, in: repository) else { continue }
            let blob = UnneededBlob(digest: digest, size: size)
            if isDryRun {
                collected.append(blob)
                continue
            }
            let action = "registry.blob.collect"
            let subject = "\(repository)@\(digest)"
            try await record(action, on: subject, by: caller, from: digest)
            let isGone = try await doing(action, on: subject, by: caller) {
                try await remove(digest, from: repository, addedBefore: time)
            }
            if isGone { collected.append(blob) }
        }
        return collected
    }

    /// What was added later than this may belong to a push that has not ended.
    private var unneededSince: Timestamp {
        Timestamp(nanoseconds: clock().nanoseconds - Int64(configuration.unreferencedAge / .nanoseconds(1)))
    }

    /// Takes a blob out of a repository while nothing else is changed; not where it was added again, or is needed now.
    private func remove(
        _ digest: ContentDigest,
        from repository: RepositoryName,
        addedBefore time: Timestamp
    ) async throws -> Bool {
        try await gate.pass {
            guard try await store.removeBlob(digest, from: repository, addedBefore: time) else { return false }
            try await removeFile(of: digest)
            return true
        }
    }

    /// Removes a blob's bytes where no repository has it; asked for while nothing else is changed.
    private func removeFile(of digest: ContentDigest) async throws {
        if try await !store.hasBlob(digest) { try files.remove(digest) }
    }
}
