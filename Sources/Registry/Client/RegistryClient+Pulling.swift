import NIOCore
import NIOHTTP1

/// Blobs that are pulled into files, over connections that stay open.
extension RegistryClient {
    /// Pulls blobs into files, which are complete and verified afterwards; those that are there in part go on.
    ///
    /// Short ones come first and several at a time, long ones over fewer connections.
    ///
    /// `progress` is told how many bytes more are there, or fewer where something has to come again.
    ///
    /// - Throws: ``RegistryClientError``; `unverified` where the bytes are not the blob's.
    func pull(_ files: [WantedFile], from repository: RepositoryName, progress: (Int64) -> Void) async throws {
        let short = files.filter { $0.descriptor.size <= Self.shortLength }
        let long = files.filter { $0.descriptor.size > Self.shortLength }
        for (files, connections) in [(short, Self.connections), (long, Self.longConnections)] {
            try await each(of: files, over: connections) {
                "`\($0.descriptor.digest)` cannot be pulled"
            } progress: {
                progress($0)
            } _: { file, conversation, came in
                try await pull(file, from: repository, &conversation, came)
            }
        }
    }

    /// Pulls one; what came of it before something went wrong is counted when it goes on.
    private func pull(
        _ wanted: WantedFile,
        from repository: RepositoryName,
        _ conversation: inout RegistryConversation,
        _ came: (Int64) -> Void
    ) async throws -> Outcome {
        let descriptor = wanted.descriptor
        var file = try PartialFile(wanted.path, descriptor.digest.algorithm)
        if file.length > descriptor.size { try file.restart() }
        came(Int64(file.length))
        do {
            if file.length < descriptor.size,
                let busy = try await fill(&file, with: descriptor, from: repository, &conversation, came)
            {
                came(-Int64(file.length))
                return .later(busy)
            }
            try file.verify(descriptor)
            return .isThere
        } catch {
            came(-Int64(file.length))
            throw error
        }
    }

    /// Asks for what of a blob is not there yet; returns the answer of a registry that has too much to do.
    private func fill(
        _ file: inout PartialFile,
        with descriptor: Descriptor,
        from repository: RepositoryName,
        _ conversation: inout RegistryConversation,
        _ came: (Int64) -> Void
    ) async throws -> Answer? {
        let uri = "/v2/\(repository)/blobs/\(descriptor.digest)"
        let isRest = file.length > 0
        let fields = isRest ? [("range", "bytes=\(file.length)-\(descriptor.size - 1)")] : []
        let answer = try await conversation.begin(head("GET", uri, fields: fields, stays: true))
        guard answer.status == .ok || answer.status == .partialContent && isRest else {
            var bytes: [UInt8] = []
            while bytes.count < 65_536, let piece = try await conversation.piece() { bytes += piece.readableBytesView }
            let refused = Answer(status: Int(answer.status.code), headers: answer.headers, body: bytes)
            if refused.isBusy { return refused }
            throw refused.refusal("`\(descriptor.digest)` cannot be pulled")
        }
        if answer.status == .ok, isRest {
            // It serves no ranges.
            came(-Int64(file.length))
            try file.restart()
        }
        while let piece = try await conversation.piece() {
            guard file.length + UInt64(piece.readableBytes) <= descriptor.size else {
                throw RegistryClientError(.unverified, "`\(descriptor.digest)` is longer than its manifest says")
            }
            try file.append(piece)
            came(Int64(piece.readableBytes))
        }
        guard file.length == descriptor.size else {
            throw RegistryClientError(.unreachable, "the registry ended `\(descriptor.digest)` early")
        }
        return nil
    }
}
