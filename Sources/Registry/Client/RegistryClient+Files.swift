/// Models of thousands of files: what takes its time is not their bytes but the requests, and the connections for them.
extension RegistryClient {
    /// How many connections are used at once for short files, and for long ones.
    static let (connections, longConnections) = (8, 2)
    /// How long a file may be that counts as short.
    static let shortLength: UInt64 = 1 << 20
    /// How often one connection after the other may break, or one answer after the other ask to come again later.
    private static let tries = 6
    /// The longest that a registry is waited for because it says so.
    private static let longestWait: Int = 30

    /// What became of a file.
    enum Outcome {
        case isThere
        /// The registry has too much to do, or too many uploads of ours under way.
        case later(Answer)
    }

    /// Sends or fetches a file over a connection, and says how many bytes more, or fewer, of it are there.
    typealias FileWork<File> =
        @Sendable (File, inout RegistryConversation, @escaping @Sendable (Int64) -> Void) async throws -> Outcome

    /// Works on files, several at a time, on connections that stay open.
    ///
    /// - Parameters:
    ///   - files: what to work on, in this order.
    ///   - connections: how many at once.
    ///   - failure: what it means that the registry stays busy with one of them.
    ///   - progress: is told how many bytes more, or fewer, are there.
    ///   - work: what is done with one.
    /// - Throws: ``RegistryClientError``.
    func each<File: Sendable>(
        of files: [File],
        over connections: Int,
        failure: @escaping @Sendable (File) -> String,
        progress: (Int64) -> Void,
        _ work: @escaping FileWork<File>
    ) async throws {
        guard !files.isEmpty else { return }
        let workers = min(connections, files.count)
        let queue = TransferQueue(files, workers: workers)
        let (steps, continuation) = AsyncStream<Int64>.makeStream()
        async let done: Void = run(workers, on: queue, failure, work) {
            continuation.yield($0)
        } atEnd: {
            continuation.finish()
        }
        for await step in steps { progress(step) }
        try await done
    }

    private func run<File: Sendable>(
        _ workers: Int,
        on queue: TransferQueue<File>,
        _ failure: @escaping @Sendable (File) -> String,
        _ work: @escaping FileWork<File>,
        progress: @escaping @Sendable (Int64) -> Void,
        atEnd: @Sendable () -> Void
    ) async throws {
        defer { atEnd() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers {
                group.addTask { try await run(on: queue, failure, work, progress) }
            }
            // What one cannot do ends the others.
            while try await group.next() != nil {}
        }
    }

    /// Works on files from the queue until none is left; a connection that breaks is made again.
    private func run<File: Sendable>(
        on queue: TransferQueue<File>,
        _ failure: (File) -> String,
        _ work: FileWork<File>,
        _ progress: @escaping @Sendable (Int64) -> Void
    ) async throws {
        // How often it went wrong since a file was there last.
        var failures = 0
        while var current = queue.nextOrEnd() {
            do {
                let busy = try await connector.converse { conversation -> Answer? in
                    while true {
                        if case .later(let answer) = try await work(current, &conversation, progress) { return answer }
                        failures = 0
                        guard !conversation.isOver, let next = queue.next() else { return nil }
                        current = next
                    }
                }
                guard let busy else { continue }
                failures += 1
                guard failures < Self.tries else { throw busy.refusal(failure(current)) }
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
}
