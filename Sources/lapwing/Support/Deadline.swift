import NIOCore

/// Bounds how long work may take that waits for somebody else.
enum Deadline {
    /// No result in time.
    struct Passed: Error, CustomStringConvertible {
        let limit: TimeAmount

        var description: String { "no answer within \(Double(limit.nanoseconds / 1_000_000) / 1_000) s" }
    }

    /// Runs work that has to be over in time, and cancels it where it is not.
    ///
    /// The deadlines of an HTTP client are over once an answer's head is here; this one is for all of it.
    ///
    /// - Parameters:
    ///   - limit: how long the work may take.
    ///   - work: what is done; it has to end when it is cancelled.
    /// - Returns: what the work returns.
    /// - Throws: ``Passed`` where it is not over in time, and what the work throws.
    static func run<Value: Sendable>(
        within limit: TimeAmount,
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(nanoseconds: UInt64(max(0, limit.nanoseconds)))
                throw Passed(limit: limit)
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
