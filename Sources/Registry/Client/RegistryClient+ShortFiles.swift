import NIOHTTP1

/// Short files that are pushed, each in one request where the registry takes it so.
extension RegistryClient {
    /// A file up to this length is sent at once; of longer ones it is asked first whether the registry has them.
    private static let unaskedLength: UInt64 = 1 << 14

    /// Pushes short files as blobs, several at a time on connections that stay open.
    ///
    /// `progress` is told the size of each file that is there.
    ///
    /// - Throws: ``RegistryClientError``.
    func push(
        short files: [ModelPack.File],
        to repository: RepositoryName,
        progress: (UInt64) -> Void
    ) async throws {
        try await each(of: files, over: Self.connections) {
            "`\($0.path)` is not taken"
        } progress: {
            progress(UInt64($0))
        } _: { file, conversation, isThere in
            let outcome = try await push(file, to: repository, &conversation)
            if case .isThere = outcome { isThere(Int64(file.descriptor.size)) }
            return outcome
        }
    }

    /// Pushes one file.
    private func push(
        _ file: ModelPack.File,
        to repository: RepositoryName,
        _ conversation: inout RegistryConversation
    ) async throws -> Outcome {
        let descriptor = file.descriptor
        if descriptor.size > Self.unaskedLength {
            let uri = "/v2/\(repository)/blobs/\(descriptor.digest)"
            let answer = try await ask("HEAD", uri, [], &conversation)
            if answer.status == 200 { return .isThere }
            if answer.isBusy { return .later(answer) }
            guard answer.status == 404 else { throw answer.refusal("`\(descriptor.digest)` cannot be looked for") }
        }
        let bytes = try Self.content(of: file)
        let target = "/v2/\(repository)/blobs/uploads/"
        let begun = try await ask("POST", target + "?digest=\(descriptor.digest)", bytes, &conversation)
        if begun.status == 201 { return .isThere }
        if begun.isBusy { return .later(begun) }
        // Registries that take no blob with the first request say where it goes.
        guard begun.status == 202, let location = begun.field("location") else {
            throw begun.refusal("`\(file.path)` is not taken")
        }
        let place = try relative(location)
        let uri = place + (place.contains("?") ? "&" : "?") + "digest=\(descriptor.digest)"
        let ended = try await ask("PUT", uri, bytes, &conversation)
        if ended.status == 201 { return .isThere }
        // Nothing half done stays there.
        if !conversation.isOver { _ = try? await ask("DELETE", place, [], &conversation) }
        if ended.isBusy { return .later(ended) }
        throw ended.refusal("`\(file.path)` is not taken")
    }

    private static func content(of file: ModelPack.File) throws -> [UInt8] {
        let size = Int(file.descriptor.size)
        let source = try ClientFile(file.path)
        let bytes = size == 0 ? [] : try source.read(at: 0, count: size)
        guard bytes.count == size else { throw RegistryClientError(.file, "`\(file.path)` has become shorter") }
        return bytes
    }

    private func ask(
        _ method: String,
        _ uri: String,
        _ content: [UInt8],
        _ conversation: inout RegistryConversation
    ) async throws -> Answer {
        var fields: [(String, String)] = []
        if method != "HEAD" {
            fields = [("content-type", "application/octet-stream"), ("content-length", "\(content.count)")]
        }
        return try await conversation.ask(
            head(method, uri, fields: fields, stays: true),
            content,
            limit: Manifest.maximumLength + 4096
        )
    }
}
