import Foundation
import Synchronization
import Testing

@testable import lapwing

/// What waits for the console's queue: so much, and nothing that nobody waits for.
@Suite(.timeLimit(.minutes(1))) struct ConsoleWorkTests {
    /// What was done, in its order.
    private final class Done: Sendable {
        private let numbers = Mutex<[Int]>([])

        func append(_ number: Int) { numbers.withLock { $0.append(number) } }

        var all: [Int] { numbers.withLock { $0 } }
    }

    private static func until(_ holds: @Sendable () -> Bool) async throws -> Bool {
        for _ in 0..<3_000 {
            if holds() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test func `what is too much is refused, and what is cancelled is not done`() async throws {
        let work = ConsoleWork("test", limit: 2)
        let gate = DispatchSemaphore(value: 0)
        let done = Done()
        let first = Task {
            try await work.run {
                done.append(0)
                gate.wait()
            }
        }
        let hasBegun = try await Self.until { done.all == [0] }
        #expect(hasBegun)
        let waiting = [1, 2].map { number -> Task<Void, any Error> in
            Task { try await work.run { done.append(number) } }
        }
        let isFull = try await Self.until { work.isFull }
        #expect(isFull)
        await #expect(throws: ConsoleWork.Busy.self) { try await work.run { done.append(3) } }
        // Whoever has gone makes room.
        waiting[0].cancel()
        let hasRoom = try await Self.until { !work.isFull }
        #expect(hasRoom)
        gate.signal()
        try await first.value
        await #expect(throws: CancellationError.self) { try await waiting[0].value }
        try await waiting[1].value
        #expect(done.all == [0, 2])
        try await work.run { done.append(4) }
        #expect(done.all == [0, 2, 4])
    }
}
