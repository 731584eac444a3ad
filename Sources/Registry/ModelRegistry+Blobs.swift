import ZeroTrust

extension ModelRegistry {
    /// The length of a blob, for a caller who may pull it or who pushes.
    public func blobLength(_ digest: ContentDigest, in repository: RepositoryName, by caller: RegistryCaller)
        async throws -> UInt64
    {
        try require(caller, .read, .write, in: repository)
        if may(caller, .write, in: repository) {
            // Who finds it here will not push it again, so that it counts as new, and is not cleaned away meanwhile.
            return try await gate.pass {
                let size = try await length(of: digest, in: repository)
                try await store.addBlob(digest, size: size, to: repository, at: clock())
                return size
            }
        }
        let size = try await length(of: digest, in: repository)
        try await requireAdmitted(digest, in: repository)
        return size
    }

    /// A blob's bytes, for a caller who may pull it: only those of admitted artifacts can be had.
    public func readBlob(
        _ digest: ContentDigest,
        in repository: RepositoryName,
        by caller: RegistryCaller,
        range: (UInt64) throws(RegistryError) -> ByteRange? = { _ in nil }
    ) async throws -> (reader: BlobReader, length: UInt64, range: ByteRange?) {
        try require(caller, .read, in: repository)
        guard let size = try await store.blob(digest, in: repository) else { throw Self.unknown(digest, repository) }
        try await requireAdmitted(digest, in: repository)
        let range = try range(size)
        let reader = try files.read(digest, range: range)
        guard files.length(of: digest) == size else {
            throw RegistryError(.damaged, "the bytes on the disk are not those of `\(digest)`")
        }
        return (reader, size, range)
    }

    /// Takes a blob out of a repository, where no manifest needs it.
    public func deleteBlob(_ digest: ContentDigest, from repository: RepositoryName, by caller: RegistryCaller)
        async throws
    {
        try require(caller, .delete, in: repository)
        try await gate.pass {
            guard try await store.blob(digest, in: repository) != nil else { throw Self.unknown(digest, repository) }
            let subject = "\(repository)@\(digest)"
            try await record("registry.blob.delete", on: subject, by: caller, from: digest)
            try await doing("registry.blob.delete", on: subject, by: caller) {
                guard try await store.removeBlob(digest, from: repository) else {
                    throw RegistryError(.conflict, "a manifest of `\(repository)` needs `\(digest)`; delete that first")
                }
                if try await !store.hasBlob(digest) { try files.remove(digest) }
            }
        }
    }

    private func length(of digest: ContentDigest, in repository: RepositoryName) async throws -> UInt64 {
        guard let size = try await store.blob(digest, in: repository), files.length(of: digest) == size else {
            throw Self.unknown(digest, repository)
        }
        return size
    }

    private func requireAdmitted(_ digest: ContentDigest, in repository: RepositoryName) async throws {
        guard try await store.isAdmitted(digest, in: repository) else {
            throw RegistryError(
                .quarantined,
                "no admitted artifact of `\(repository)` has the blob `\(digest)`: it is in quarantine, or of a push "
                    + "that has not ended"
            )
        }
    }

    private static func unknown(_ digest: ContentDigest, _ repository: RepositoryName) -> RegistryError {
        RegistryError(.blobUnknown, "there is no blob `\(digest)` in `\(repository)`")
    }
}
