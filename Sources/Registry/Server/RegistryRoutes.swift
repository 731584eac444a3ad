import NIOHTTP1

/// Which operation a request asks for (OCI distribution specification 1.1, "Endpoints").
struct RegistryRoutes: Sendable {
    let registry: ModelRegistry

    /// Answers a request.
    ///
    /// - Throws: ``RegistryError`` where it is refused.
    func answer(_ request: RegistryRequest) async throws -> RegistryResponse {
        let segments = request.segments
        if segments.starts(with: ["api", "2.0", "mlflow"]) {
            return try await mlflow(request, Array(segments.dropFirst(3)))
        }
        guard segments.first == "v2" else { throw RegistryError(.unsupported, "there is no such path", status: 404) }
        let path = Array(segments.dropFirst())
        if path.isEmpty || path == [""] {
            guard request.method == .GET || request.method == .HEAD else { throw Self.wrongMethod }
            return try .json([String: String]())
        }
        if path == ["_catalog"] { return try await catalog(request) }
        let count = path.count
        if count > 3, path[count - 3] == "_lapwing" {
            return try await extended(request, try name(path.dropLast(3)), path[count - 2], path[count - 1])
        }
        if count > 3, path[count - 3] == "blobs", path[count - 2] == "uploads" {
            let repository = try name(path.dropLast(3))
            return path[count - 1].isEmpty
                ? try await beginUpload(request, repository) : try await upload(request, repository, path[count - 1])
        }
        if count > 2 {
            let (operation, last) = (path[count - 2], path[count - 1])
            switch (operation, last) {
            case ("blobs", "uploads"): return try await beginUpload(request, try name(path.dropLast(2)))
            case ("blobs", _): return try await blob(request, try name(path.dropLast(2)), last)
            case ("manifests", _): return try await manifest(request, try name(path.dropLast(2)), last)
            case ("tags", "list"): return try await tags(request, try name(path.dropLast(2)))
            case ("referrers", _): return try await referrers(request, try name(path.dropLast(2)), last)
            default: break
            }
        }
        throw RegistryError(.unsupported, "there is no such path", status: 404)
    }

    static let wrongMethod = RegistryError(.unsupported, "the method does not belong to this path")

    func name(_ segments: ArraySlice<String>) throws -> RepositoryName {
        let text = segments.joined(separator: "/")
        guard let name = RepositoryName(text) else {
            throw RegistryError(.nameInvalid, "`\(text.prefix(255))` is no name of a repository")
        }
        return name
    }

    func digest(_ text: String) throws -> ContentDigest {
        guard let digest = ContentDigest(text) else {
            throw RegistryError(.digestInvalid, "`\(text.prefix(160))` is no digest of SHA-256 or SHA-512")
        }
        return digest
    }

    func reference(_ text: String) throws -> ManifestReference {
        guard let reference = ManifestReference(text) else {
            // What has the form of a digest and is none is not looked up.
            if text.contains(":") {
                throw RegistryError(.digestInvalid, "`\(text.prefix(160))` is no digest of SHA-256 or SHA-512")
            }
            throw RegistryError(.manifestInvalid, "`\(text.prefix(128))` is neither a tag nor a digest", status: 404)
        }
        return reference
    }

    // MARK: Blobs

    private func blob(_ request: RegistryRequest, _ repository: RepositoryName, _ text: String) async throws
        -> RegistryResponse
    {
        let digest = try digest(text)
        var headers: HTTPHeaders = [
            "docker-content-digest": digest.description, "content-type": "application/octet-stream",
            "accept-ranges": "bytes", "etag": "\"\(digest)\"",
        ]
        switch request.method {
        case .HEAD:
            let length = try await registry.blobLength(digest, in: repository, by: request.caller)
            headers.add(name: "content-length", value: String(length))
            return RegistryResponse(200, headers, body: .headOnly)
        case .GET:
            let wanted = request.headers.first(name: "range")
            let found = try await registry.readBlob(digest, in: repository, by: request.caller) {
                length throws(RegistryError) in
                switch ByteRange.Request(wanted, length: length) {
                case .whole: return nil
                case .part(let range): return range
                case .unsatisfiable: throw RegistryError(.rangeInvalid, "the blob has \(length) bytes")
                }
            }
            guard let range = found.range else { return RegistryResponse(200, headers, body: .blob(found.reader)) }
            headers.add(name: "content-range", value: "bytes \(range.first)-\(range.last)/\(found.length)")
            return RegistryResponse(206, headers, body: .blob(found.reader))
        case .DELETE:
            try await registry.deleteBlob(digest, from: repository, by: request.caller)
            return RegistryResponse(202)
        default: throw Self.wrongMethod
        }
    }

    // MARK: Manifests

    private func manifest(_ request: RegistryRequest, _ repository: RepositoryName, _ text: String) async throws
        -> RegistryResponse
    {
        let reference = try reference(text)
        switch request.method {
        case .GET, .HEAD:
            let stored = try await registry.manifest(reference, in: repository, by: request.caller)
            var headers: HTTPHeaders = [
                "docker-content-digest": stored.digest.description, "content-type": stored.mediaType,
                "etag": "\"\(stored.digest)\"",
            ]
            if !stored.state.isAdmitted { headers.add(name: "lapwing-state", value: "quarantined") }
            return RegistryResponse(200, headers, body: .bytes(stored.bytes))
        case .PUT:
            let type = request.headers.first(name: "content-type") ?? ""
            let bytes = try await request.body.collect(limit: Manifest.maximumLength)
            let stored = try await registry.putManifest(
                bytes,
                contentType: type.split(separator: ";").first.map(String.init) ?? "",
                as: reference,
                in: repository,
                by: request.caller
            )
            var headers: HTTPHeaders = [
                "location": "/v2/\(repository)/manifests/\(stored.digest)",
                "docker-content-digest": stored.digest.description,
            ]
            if let subject = stored.subject { headers.add(name: "oci-subject", value: subject.description) }
            if !stored.state.isAdmitted { headers.add(name: "lapwing-state", value: "quarantined") }
            return RegistryResponse(201, headers)
        case .DELETE:
            try await registry.deleteManifest(reference, from: repository, by: request.caller)
            return RegistryResponse(202)
        default: throw Self.wrongMethod
        }
    }

    private func referrers(_ request: RegistryRequest, _ repository: RepositoryName, _ text: String) async throws
        -> RegistryResponse
    {
        guard request.method == .GET else { throw Self.wrongMethod }
        struct Index: Encodable {
            let schemaVersion = 2
            let mediaType = MediaType.imageIndex
            let manifests: [Descriptor]
        }
        let type = request.query["artifactType"]
        let found = try await registry.referrers(
            of: try digest(text),
            artifactType: type,
            in: repository,
            by: request.caller
        )
        return try .json(
            Index(manifests: found),
            contentType: MediaType.imageIndex,
            headers: type == nil ? [:] : ["oci-filters-applied": "artifactType"]
        )
    }

    // MARK: Lists

    private func tags(_ request: RegistryRequest, _ repository: RepositoryName) async throws -> RegistryResponse {
        guard request.method == .GET else { throw Self.wrongMethod }
        struct List: Encodable {
            let name: String
            let tags: [String]
        }
        let page = try Page(request)
        let found = try await registry.tags(
            in: repository,
            after: page.last,
            limit: page.count + 1,
            by: request.caller
        ).map(\.0.description)
        let shown = Array(found.prefix(page.count))
        return try .json(
            List(name: repository.description, tags: shown),
            headers: page.link("/v2/\(repository)/tags/list", found, shown)
        )
    }

    private func catalog(_ request: RegistryRequest) async throws -> RegistryResponse {
        guard request.method == .GET else { throw Self.wrongMethod }
        struct Catalog: Encodable { let repositories: [String] }
        let page = try Page(request)
        let found = try await registry.repositories(by: request.caller).map(\.description).filter {
            $0 > page.last ?? ""
        }
        let shown = Array(found.prefix(page.count))
        return try .json(Catalog(repositories: shown), headers: page.link("/v2/_catalog", found, shown))
    }

    /// Which part of a list is asked for.
    private struct Page {
        let count: Int
        let last: String?

        init(_ request: RegistryRequest) throws {
            if let text = request.query["n"] {
                guard let count = ByteRange.number(text[...]).map(Int.init) else {
                    throw RegistryError(.unsupported, "`n` is no number", status: 400)
                }
                self.count = min(count, 1000)
            } else {
                self.count = 1000
            }
            self.last = request.query["last"]
        }

        /// The field that leads to the next part, where there is one (RFC 8288).
        func link(_ path: String, _ found: [String], _ shown: [String]) -> HTTPHeaders {
            guard found.count > shown.count, let last = shown.last else { return [:] }
            // Names of repositories and tags need no escapes but for `/`, which a query may hold.
            return ["link": "<\(path)?n=\(count)&last=\(last)>; rel=\"next\""]
        }
    }
}
