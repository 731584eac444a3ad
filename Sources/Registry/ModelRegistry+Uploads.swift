public import NIOCore
import NIOPosix
import Synchronization
public import ZeroTrust

/// An upload that this process has opened.
enum UploadSession: Sendable {
    /// Nobody writes to it now.
    case idle(BlobWriter)
    /// A request writes to it.
    case busy
}

/// Gives the pieces of a request's body one after the other, and nil at its end.
public typealias BodyPieces = () async throws -> ByteBuffer?

extension ModelRegistry {
    /// Begins an upload.
    ///
    /// - Returns: its id.
    public func beginUpload(to repository: RepositoryName, by caller: RegistryCaller) async throws -> RequestID {
        try require(caller, .write, in: repository)
        let owner = caller.id.description
        let count = try await store.uploads().count { $0.owner == owner }
        guard count < configuration.maximumUploads else {
            throw RegistryError(.tooManyRequests, "`\(owner)` has \(count) uploads under way; end or cancel some")
        }
        let now = clock()
        let id = RequestID(milliseconds: now.milliseconds, random: .random(in: 0 ... .max))
        try await store.addUpload(StoredUpload(id: id, repository: repository, owner: owner, startedAt: now))
        do {
            let writer = try files.create(id)
            sessions.withLock { $0[id] = .idle(writer) }
        } catch {
            try await store.removeUpload(id)
            throw error
        }
        return id
    }

    /// How many bytes of an upload are there.
    public func uploadLength(_ id: RequestID, in repository: RepositoryName, by caller: RegistryCaller) async throws
        -> UInt64
    {
        try await using(id, in: repository, by: caller) { $0.length }
    }

    /// Adds a chunk to an upload; what came before an error stays.
    ///
    /// Where the request says in which range the chunk lies, that has to follow what is there.
    ///
    /// - Returns: how many bytes are there.
    /// - Throws: ``RegistryError``.
    public func append(
        to id: RequestID,
        in repository: RepositoryName,
        by caller: RegistryCaller,
        range: ByteRange?,
        _ pieces: BodyPieces
    ) async throws -> UInt64 {
        try await using(id, in: repository, by: caller) { writer in
            try await receive(&writer, range: range, pieces)
            return writer.length
        }
    }

    /// Ends an upload: the bytes must be those of the digest.
    ///
    /// - Returns: the blob's length.
    public func finishUpload(
        _ id: RequestID,
        in repository: RepositoryName,
        by caller: RegistryCaller,
        as digest: ContentDigest,
        range: ByteRange? = nil,
        _ pieces: BodyPieces
    ) async throws -> UInt64 {
        try await using(id, in: repository, by: caller) { writer in
            try await receive(&writer, range: range, pieces)
            // Nobody writes to these bytes again, whatever comes of them.
            writer.isOver = true
            let whole = writer
            do {
                // Bringing much to the disk takes its time, and is for a thread that may wait.
                let found = try await NIOThreadPool.singleton.runIfActive { try whole.finish(digest.algorithm) }
                guard found == digest else {
                    throw RegistryError(.digestInvalid, "the bytes have the digest `\(found)`, not `\(digest)`")
                }
                try await gate.pass {
                    try files.place(id, as: digest, length: whole.length)
                    try await store.addBlob(digest, size: whole.length, to: repository, at: clock())
                }
            } catch {
                try? await discard(id)
                throw error
            }
            try await discard(id)
            return whole.length
        }
    }

    /// Gives an upload up.
    public func cancelUpload(_ id: RequestID, in repository: RepositoryName, by caller: RegistryCaller) async throws {
        try await using(id, in: repository, by: caller) { writer in
            writer.isOver = true
            try await discard(id)
        }
    }

    /// Takes a blob that another repository has.
    ///
    /// - Returns: whether it was there, and the caller may see it there.
    public func mount(
        _ digest: ContentDigest,
        from source: RepositoryName,
        to repository: RepositoryName,
        by caller: RegistryCaller
    ) async throws -> Bool {
        try require(caller, .write, in: repository)
        return try await gate.pass {
            guard let size = try await store.blob(digest, in: source) else { return false }
            let mayRead = may(caller, .read, in: source)
            let isVisible =
                if may(caller, .write, in: source) { true } else if mayRead {
                    try await store.isAdmitted(digest, in: source)
                } else { false }
            guard isVisible, files.length(of: digest) == size else { return false }
            try await store.addBlob(digest, size: size, to: repository, at: clock())
            return true
        }
    }

    // MARK: Sessions

    /// Opens an upload for one request; another that comes meanwhile is refused.
    private func using<Result>(
        _ id: RequestID,
        in repository: RepositoryName,
        by caller: RegistryCaller,
        _ work: (inout BlobWriter) async throws -> Result
    ) async throws -> Result {
        try require(caller, .write, in: repository)
        guard let upload = try await store.upload(id), upload.repository == repository,
            upload.owner == caller.id.description
        else { throw RegistryError(.blobUploadUnknown, "there is no upload `\(id)` in `\(repository)`") }
        let session = sessions.withLock { sessions -> UploadSession? in
            defer { sessions[id] = .busy }
            return sessions[id]
        }
        var writer: BlobWriter
        switch session {
        case .busy: throw RegistryError(.conflict, "another request writes to this upload")
        case .idle(let open): writer = open
        case nil:
            do { writer = try files.resume(id) } catch {
                _ = sessions.withLock { $0.removeValue(forKey: id) }
                throw error.code == .blobUnknown
                    ? RegistryError(.blobUploadUnknown, "the bytes of the upload `\(id)` are gone") : error
            }
        }
        defer { if !writer.isOver { sessions.withLock { $0[id] = .idle(writer) } } }
        return try await work(&writer)
    }

    private func receive(_ writer: inout BlobWriter, range: ByteRange?, _ pieces: BodyPieces) async throws {
        if let range, range.first != writer.length {
            throw RegistryError(
                .rangeInvalid,
                "the chunk begins at \(range.first), and \(writer.length) bytes are there"
            )
        }
        let end = range.map { $0.last + 1 } ?? .max
        let maximum = configuration.maximumBlobLength
        while let piece = try await pieces() {
            let length = writer.length + UInt64(piece.readableBytes)
            guard length <= maximum else { throw RegistryError(.sizeInvalid, "a blob has at most \(maximum) bytes") }
            guard length <= end else { throw RegistryError(.rangeInvalid, "the chunk is longer than its range") }
            try writer.append(piece)
        }
        guard range == nil || writer.length == end else {
            throw RegistryError(.rangeInvalid, "the chunk is shorter than its range")
        }
    }

    /// Takes an upload away; until it is gone, nobody else can write to it.
    func discard(_ id: RequestID) async throws {
        defer { _ = sessions.withLock { $0.removeValue(forKey: id) } }
        files.discard(id)
        try await store.removeUpload(id)
    }
}
