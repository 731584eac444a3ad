import Synchronization
import Testing
import ZeroTrust

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct SharedLookupsTests {
    /// A resolver that answers when the test says so, and counts who asks.
    private final class Silent: HostResolver {
        private let state = Mutex<(asked: [String], waiting: [CheckedContinuation<Void, Never>])>(([], []))
        var asked: [String] { state.withLock { $0.asked } }

        func addresses(of name: DestinationName) async throws -> [IPAddress] {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.asked.append(name.text)
                    state.waiting.append(continuation)
                }
            }
            return [IPAddress(v4: 0x0100_0001)]
        }

        func answer() {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private static func name(_ text: String) throws -> DestinationName { try DestinationName.parse(text).get() }

    @Test func `whoever asks for a name meanwhile waits for the same answer, and later it is asked again`() async throws
    {
        let silent = Silent()
        let lookups = SharedLookups(silent)
        let name = try Self.name("slow.example")
        let asking = (0..<50).map { _ in Task { try await lookups.addresses(of: name) } }
        while silent.asked.isEmpty { await Task.yield() }
        for _ in 0..<1_000 { await Task.yield() }
        // One that came after all this would ask again; most have not.
        let answering = Task {
            while !Task.isCancelled {
                silent.answer()
                await Task.yield()
            }
        }
        for task in asking { #expect(try await task.value == [IPAddress(v4: 0x0100_0001)]) }
        let shared = silent.asked.count
        #expect(shared < 25)
        _ = try await lookups.addresses(of: name)
        #expect(silent.asked.count == shared + 1)
        answering.cancel()
    }

    @Test func `more names than the limit are refused until one is answered`() async throws {
        let silent = Silent()
        let lookups = SharedLookups(silent, limit: 1)
        let (first, second) = (try Self.name("a.example"), try Self.name("b.example"))
        let asking = Task { try await lookups.addresses(of: first) }
        while silent.asked.isEmpty { await Task.yield() }
        await #expect(throws: SystemResolver.Failure.self) { try await lookups.addresses(of: second) }
        silent.answer()
        _ = try await asking.value
        let again = Task { try await lookups.addresses(of: second) }
        while silent.asked.count < 2 { await Task.yield() }
        silent.answer()
        #expect(try await again.value.count == 1)
    }
}
