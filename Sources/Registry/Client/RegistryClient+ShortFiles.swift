import NIOHTTP1

/// Models of thousands of short files: what takes its time is not their bytes but the requests.
extension RegistryClient {
    /// How long a file may be that is sent in one request.
    static let shortLength: UInt64 = 1 << 20
    /// A file up to this length is sent at once; of longer ones it is asked first whether the registry has them.
    private static let unaskedLength: UInt64 = 1 << 14
    /// How many connections are used at once.
    private static let connections = 8
    /// How often one connection after the other may break, or one answer after the other ask to come again later.
    private static let tries = 6
    /// The longest that a registry is waited for because it says so.
    private static let longestWait: Int = 30

    /// Pushes short files as blobs, several at a time on connections that stay open, each in one request where the
    /// registry takes it so.
    ///
    /// `progress` is told the size of each file that is there.
    ///
    /// - Throws: ``RegistryClientError``.
    func push(
        short files: [ModelPack.File],
        to repository: RepositoryName,
        progress: (UInt64) -> Void
    ) async throws {
        guard !files.isEmpty else { return }
        let workers = min(Self.connections, files.count)
        let queue = PushQueue(files, workers: workers)
        let (sizes, continuation) = AsyncStream<UInt64>.makeStream()
        async let pushed: Void = work(workers, on: queue, repository) {
            continuation.yield($0)
        } atEnd: {
            continuation.finish()
        }
        for await size in sizes { progress(size) }
        try await pushed
    }

    private func work(
        _ workers: Int,
        on queue: PushQueue,
        _ repository: RepositoryName,
        isThere: @escaping @Sendable (UInt64) -> Void,
        atEnd: @Sendable () -> Void
    ) async throws {
        defer { atEnd() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers {
                group.addTask { try await work(on: queue, repository, isThere) }
            }
            // What one cannot do ends the others.
            while try await group.next() != nil {}
        }
    }

    /// What became of a file.
    private enum Outcome {
        case isThere
        /// The registry has too much to do, or too many uploads of ours under way.
        case later(Answer)
    }

    /// Pushes files from the queue until none is left; a connection that breaks is made again.
    private func work(
        on queue: PushQueue,
        _ repository: RepositoryName,
        _ isThere: (UInt64) -> Void
    ) async throws {
        // How often it went wrong since a file was there last.
        var failures = 0
        while var current = queue.nextOrEnd() {
            do {
                let busy = try await connector.converse { conversation -> Answer? in
                    while true {
                        if case .later(let answer) = try await push(current, to: repository, &conversation) {
                            return answer
                        }
                        isThere(current.descriptor.size)
                        failures = 0
                        guard !conversation.isOver, let next = queue.next() else { return nil }
                        current = next
                    }
                }
                guard let busy else { continue }
                failures += 1
                guard failures < Self.tries else { throw busy.refusal("`\(current.path)` is not taken") }
                // Where it does not say when to come again, it may be one connection less that it wants.
                let wait = busy.field("retry-after").flatMap { Int($0) }
                if wait == nil, busy.status == 429, queue.leave(current) { return }
                queue.putBack(current)
                try await pause(after: failures, seconds: wait)
            } catch let error as RegistryClientError where error.code == .unreachable {
                failures += 1
                guard failures < Self.tries else { throw error }
                // The same bytes under the same digest: whether they came the first time makes no difference.
                queue.putBack(current)
                try await pause(after: failures, seconds: nil)
            }
        }
    }

    /// Waits for so many seconds, or longer with each failure.
    private func pause(after failures: Int, seconds: Int?) async throws {
        let wait: Duration =
            if let seconds { .seconds(min(max(0, seconds), Self.longestWait)) } else {
                .milliseconds(50 << min(failures, 6))
            }
        try await Task.sleep(for: wait)
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
