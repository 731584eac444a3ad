import Foundation
import NIOCore
import NIOHTTP1

/// Pushes to and pulls from a registry that speaks the OCI distribution specification, ours or another.
///
/// Nothing that it returns is believed before its digest was checked.
public struct RegistryClient: Sendable {
    /// The bytes of one chunk of an upload: what has to be sent again, at most, after a break.
    static let chunkLength: UInt64 = 64 << 20
    /// How often an upload goes on after a break.
    private static let attempts = 5

    let connector: RegistryConnector
    private let authority: String
    private let fields: [(String, String)]

    /// A client.
    ///
    /// - Parameters:
    ///   - connector: the way to the registry.
    ///   - authority: its host and port, for the `Host` field.
    ///   - fields: further fields of every request.
    public init(_ connector: RegistryConnector, authority: String, fields: [(String, String)] = []) {
        self.connector = connector
        self.authority = authority
        self.fields = fields
    }

    // MARK: Requests

    /// An answer, read whole.
    public struct Answer: Sendable {
        /// The status.
        public let status: Int
        /// The fields; names are told apart without regard to case.
        let headers: HTTPHeaders
        /// The content.
        public let body: [UInt8]

        /// The first value of a field.
        public func field(_ name: String) -> String? { headers.first(name: name) }

        /// Whether the same request may be taken later.
        var isBusy: Bool { status == 429 || status == 503 }

        /// A refusal, worded as the registry worded it.
        func refusal(_ what: String) -> RegistryClientError {
            struct Form: Decodable {
                struct Entry: Decodable { let code: String, message: String? }
                let errors: [Entry]
            }
            let form = try? JSONDecoder().decode(Form.self, from: Data(body))
            // An answer to HEAD has no words, and neither has one of what stands before the registry.
            let meaning =
                switch status {
                case 502, 503, 504: ", the registry does not answer the gateway, or nothing can be recorded now"
                case 507: ", the registry's disk is full; free some of it and go on"
                default: ""
                }
            let words = form?.errors.first.map { "\($0.code): \($0.message ?? "")" } ?? "status \(status)\(meaning)"
            let request = field("x-request-id").map { " (request \($0))" } ?? ""
            let code: RegistryClientError.Code = status == 404 ? .notFound : status >= 500 ? .failed : .refused
            return RegistryClientError(code, "\(what): \(words)\(request)")
        }
    }

    /// Sends a request and reads the answer whole, up to a limit.
    public func request(
        _ method: String,
        _ uri: String,
        fields: [(String, String)] = [],
        content: [UInt8]? = nil,
        limit: Int = Manifest.maximumLength + 4096
    ) async throws -> Answer {
        var pieces = content.map { [ByteBuffer(bytes: $0)] } ?? []
        let next: BodyPieces = { pieces.isEmpty ? nil : pieces.removeFirst() }
        let length: UInt64? = content.map { UInt64($0.count) } ?? (method == "GET" || method == "HEAD" ? nil : 0)
        return try await send(method, uri, fields: fields, length: length, next) { head, body in
            var bytes: [UInt8] = []
            while let piece = try await body() {
                guard bytes.count + piece.readableBytes <= limit else {
                    throw RegistryClientError(.refused, "the registry's answer is longer than \(limit) bytes")
                }
                bytes += piece.readableBytesView
            }
            return Answer(status: Int(head.status.code), headers: head.headers, body: bytes)
        }
    }

    private func send<Result: Sendable>(
        _ method: String,
        _ uri: String,
        fields: [(String, String)],
        length: UInt64?,
        _ content: BodyPieces?,
        _ take: (HTTPResponseHead, BodyPieces) async throws -> Result
    ) async throws -> Result {
        let length = length.map { [("content-length", String($0))] } ?? []
        return try await connector.exchange(head(method, uri, fields: fields + length), content, take)
    }

    /// The head of a request, whose connection ends with the answer unless it stays.
    func head(_ method: String, _ uri: String, fields: [(String, String)], stays: Bool = false) -> HTTPRequestHead {
        var headers: HTTPHeaders = ["host": authority, "user-agent": "lapwing"]
        if !stays { headers.add(name: "connection", value: "close") }
        for (name, value) in self.fields + fields { headers.add(name: name, value: value) }
        return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: uri, headers: headers)
    }

    /// Sends a request whose answer is a value in JSON.
    ///
    /// - Throws: ``RegistryClientError`` where the registry refuses, or answers with something else.
    public func value<Value: Decodable>(_ method: String, _ uri: String) async throws -> Value {
        let answer = try await request(method, uri)
        guard answer.status == 200 else { throw answer.refusal("the registry refuses") }
        do { return try JSONDecoder().decode(Value.self, from: Data(answer.body)) } catch {
            throw RegistryClientError(.refused, "the registry's answer is not what was asked for; is it Lapwing's?")
        }
    }

    // MARK: Pushing

    /// Whether a repository has a blob of a length.
    public func hasBlob(_ descriptor: Descriptor, in repository: RepositoryName) async throws -> Bool {
        let answer = try await request("HEAD", "/v2/\(repository)/blobs/\(descriptor.digest)")
        if answer.status == 404 { return false }
        guard answer.status == 200 else { throw answer.refusal("`\(descriptor.digest)` cannot be looked for") }
        return true
    }

    /// Pushes a file as a blob, where the repository does not have it.
    ///
    /// An upload that breaks goes on where it was; one that is refused is taken back.
    ///
    /// `progress` is told how many bytes are there.
    ///
    /// - Throws: ``RegistryClientError``.
    public func push(
        file path: String,
        as descriptor: Descriptor,
        to repository: RepositoryName,
        progress: (UInt64) -> Void = { _ in }
    ) async throws {
        if try await hasBlob(descriptor, in: repository) { return progress(descriptor.size) }
        let file = try ClientFile(path)
        let begun = try await request("POST", "/v2/\(repository)/blobs/uploads/")
        guard begun.status == 202, var location = begun.field("location") else {
            throw begun.refusal("`\(repository)` takes no upload")
        }
        var offset: UInt64 = 0
        var failures = 0
        while offset < descriptor.size {
            let end = min(offset + Self.chunkLength, descriptor.size)
            do {
                let answer = try await patch(file, offset..<end, at: location)
                guard answer.status == 202 else { throw answer.refusal("`\(path)` is not taken") }
                location = answer.field("location") ?? location
                offset = end
            } catch let error as RegistryClientError where error.code != .unreachable {
                // What has come of it would fill the registry's disk for a day, and no other push goes on with it.
                if let target = try? relative(location) { _ = try? await request("DELETE", target) }
                throw error
            } catch {
                failures += 1
                guard failures < Self.attempts else { throw error }
                let state = try await request("GET", try relative(location))
                guard state.status == 204, let range = state.field("range") else {
                    throw state.refusal("the upload of `\(path)` cannot go on")
                }
                location = state.field("location") ?? location
                // An upload without a byte says the same as one with one byte, which no chunk of ours leaves.
                let last = ByteRange(contentRange: range)?.last ?? 0
                offset = last == 0 ? 0 : last + 1
            }
            progress(offset)
        }
        try await end(location, descriptor, repository)
    }

    /// Pushes bytes as a blob, where the repository does not have it.
    public func push(_ bytes: [UInt8], as descriptor: Descriptor, to repository: RepositoryName) async throws {
        if try await hasBlob(descriptor, in: repository) { return }
        let begun = try await request("POST", "/v2/\(repository)/blobs/uploads/")
        guard begun.status == 202, let location = begun.field("location") else {
            throw begun.refusal("`\(repository)` takes no upload")
        }
        try await end(location, descriptor, repository, content: bytes)
    }

    private func patch(_ file: ClientFile, _ range: Range<UInt64>, at location: String) async throws -> Answer {
        var offset = range.lowerBound
        let next: BodyPieces = {
            guard offset < range.upperBound else { return nil }
            let bytes = try file.read(at: offset, count: Int(min(1 << 18, range.upperBound - offset)))
            guard !bytes.isEmpty else { throw RegistryClientError(.file, "`\(file.path)` has become shorter") }
            offset += UInt64(bytes.count)
            return ByteBuffer(bytes: bytes)
        }
        let fields = [
            ("content-type", "application/octet-stream"),
            ("content-range", "\(range.lowerBound)-\(range.upperBound - 1)"),
        ]
        return try await send(
            "PATCH",
            try relative(location),
            fields: fields,
            length: range.upperBound - range.lowerBound,
            next
        ) { head, body in
            var bytes: [UInt8] = []
            while let piece = try await body(), bytes.count < 65_536 { bytes += piece.readableBytesView }
            return Answer(status: Int(head.status.code), headers: head.headers, body: bytes)
        }
    }

    private func end(
        _ location: String,
        _ descriptor: Descriptor,
        _ repository: RepositoryName,
        content: [UInt8]? = nil
    ) async throws {
        let target = try relative(location)
        let answer = try await request(
            "PUT",
            target + (target.contains("?") ? "&" : "?") + "digest=\(descriptor.digest)",
            fields: [("content-type", "application/octet-stream")],
            content: content
        )
        guard answer.status == 201 else { throw answer.refusal("`\(descriptor.digest)` is not taken") }
    }

    /// A location's path and query; one that leads to another host is not followed.
    func relative(_ location: String) throws -> String {
        if location.hasPrefix("/"), !location.hasPrefix("//") { return location }
        guard let url = URLComponents(string: location), let host = url.host else {
            throw RegistryClientError(.refused, "the registry's location `\(location.prefix(200))` cannot be read")
        }
        let port = url.port ?? (url.scheme == "http" ? 80 : 443)
        let own = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]:\(port)" : "\(host):\(port)"
        guard own == authority else {
            throw RegistryClientError(.refused, "the registry leads to another host, `\(own)`")
        }
        return url.percentEncodedPath + (url.percentEncodedQuery.map { "?" + $0 } ?? "")
    }

    /// Pushes a manifest under a tag or its digest.
    ///
    /// - Returns: whether it is in quarantine.
    public func push(_ manifest: [UInt8], type: String, as reference: ManifestReference, to repository: RepositoryName)
        async throws -> Bool
    {
        let answer = try await request(
            "PUT",
            "/v2/\(repository)/manifests/\(reference)",
            fields: [("content-type", type)],
            content: manifest
        )
        guard answer.status == 201 else { throw answer.refusal("`\(repository):\(reference)` is not taken") }
        return answer.field("lapwing-state") == "quarantined"
    }

    // MARK: Pulling

    /// Pulls a manifest; one that is asked for by digest has that digest.
    public func manifest(_ reference: ManifestReference, in repository: RepositoryName) async throws -> Manifest {
        let types = [MediaType.imageManifest, MediaType.modelManifest, MediaType.imageIndex].joined(separator: ", ")
        let answer = try await request("GET", "/v2/\(repository)/manifests/\(reference)", fields: [("accept", types)])
        guard answer.status == 200 else { throw answer.refusal("`\(repository):\(reference)` cannot be pulled") }
        var algorithm = ContentDigest.Algorithm.sha256
        if case .digest(let digest) = reference { algorithm = digest.algorithm }
        let type = (answer.field("content-type") ?? "").split(separator: ";").first.map(String.init) ?? ""
        let manifest: Manifest
        do { manifest = try Manifest(answer.body, contentType: type, algorithm: algorithm) } catch {
            throw RegistryClientError(.unverified, "the manifest is not taken: \(error.message)")
        }
        if case .digest(let digest) = reference, manifest.digest != digest {
            throw RegistryClientError(.unverified, "the registry gave a manifest with the digest `\(manifest.digest)`")
        }
        return manifest
    }
}
