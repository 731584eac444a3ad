import NIOHTTP1
import ZeroTrust

extension RegistryRoutes {
    /// `POST /v2/NAME/blobs/uploads/`: begins an upload, mounts a blob, or takes it whole.
    func beginUpload(_ request: RegistryRequest, _ repository: RepositoryName) async throws -> RegistryResponse {
        guard request.method == .POST else { throw Self.wrongMethod }
        if let mounted = request.query["mount"] {
            let digest = try digest(mounted)
            let source = try request.query["from"].map { text in
                guard let name = RepositoryName(text) else {
                    throw RegistryError(.nameInvalid, "`\(text.prefix(255))` is no name of a repository")
                }
                return name
            }
            if let source, try await registry.mount(digest, from: source, to: repository, by: request.caller) {
                return created(digest, repository)
            }
        }
        let whole = try request.query["digest"].map(digest)
        let id = try await registry.beginUpload(to: repository, by: request.caller)
        guard let whole else { return progress(id, 0, repository, status: 202) }
        do {
            _ = try await registry.finishUpload(id, in: repository, by: request.caller, as: whole, request.body.next)
        } catch {
            // Nobody knows of this upload, so that nobody could go on with it.
            try? await registry.cancelUpload(id, in: repository, by: request.caller)
            throw error
        }
        return created(whole, repository)
    }

    /// What is done with an upload that has begun.
    func upload(_ request: RegistryRequest, _ repository: RepositoryName, _ text: String) async throws
        -> RegistryResponse
    {
        guard let id = RequestID(text) else {
            throw RegistryError(.blobUploadUnknown, "there is no upload `\(text.prefix(64))`")
        }
        let range = try request.headers.first(name: "content-range").map { text in
            guard let range = ByteRange(contentRange: text) else {
                throw RegistryError(.blobUploadInvalid, "`\(text.prefix(64))` is no range of bytes such as 0-1023")
            }
            return range
        }
        let caller = request.caller
        switch request.method {
        case .GET, .HEAD:
            let length = try await registry.uploadLength(id, in: repository, by: caller)
            return progress(id, length, repository, status: 204)
        case .PATCH:
            let length = try await registry.append(
                to: id,
                in: repository,
                by: caller,
                range: range,
                request.body.next
            )
            return progress(id, length, repository, status: 202)
        case .PUT:
            guard let digest = try request.query["digest"].map(digest) else {
                throw RegistryError(.digestInvalid, "the end of an upload needs `digest`")
            }
            let hasContent =
                request.headers.contains(name: "transfer-encoding")
                || (request.headers.first(name: "content-length") ?? "0") != "0"
            _ = try await registry.finishUpload(
                id,
                in: repository,
                by: caller,
                as: digest,
                range: hasContent ? range : nil,
                request.body.next
            )
            return created(digest, repository)
        case .DELETE:
            try await registry.cancelUpload(id, in: repository, by: caller)
            return RegistryResponse(204)
        default: throw Self.wrongMethod
        }
    }

    private func progress(_ id: RequestID, _ length: UInt64, _ repository: RepositoryName, status: Int)
        -> RegistryResponse
    {
        RegistryResponse(
            status,
            [
                "location": "/v2/\(repository)/blobs/uploads/\(id)", "docker-upload-uuid": id.description,
                "range": "0-\(length == 0 ? 0 : length - 1)",
            ]
        )
    }

    private func created(_ digest: ContentDigest, _ repository: RepositoryName) -> RegistryResponse {
        RegistryResponse(
            201,
            ["location": "/v2/\(repository)/blobs/\(digest)", "docker-content-digest": digest.description]
        )
    }
}
