import Foundation
import Logging
import RPC
import Synchronization
import Testing
import WireProtos

@testable import lapwing

/// A change of who local callers are, or of what local upstreams have loaded, is told at once.
@Suite(.timeLimit(.minutes(1))) struct CallerFollowerTests {
    /// How often something has happened.
    private final class Count: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .relaxed) }
        func add(_ more: Int) { number.add(more, ordering: .relaxed) }
    }

    /// An authority that tells of a change whenever the test says so.
    private struct Authority {
        let socket: String
        let server: RPCServer
        let tell: AsyncStream<Void>.Continuation

        init() async throws {
            let (changes, tell) = AsyncStream.makeStream(of: Void.self)
            let service = RPCService(
                ServiceName.attestation,
                methods: [
                    .serverStreaming("Watch") {
                        (_: Attestation_WatchCallersRequest, _, writer: RPCWriter<Attestation_CallersChanged>) in
                        for await _ in changes { try await writer.write(Attestation_CallersChanged()) }
                    }
                ]
            )
            server = RPCServer(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            socket = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString.prefix(8) + ".sock"
            self.tell = tell
            try await server.bind(unixSocket: socket, mode: 0o600)
        }
    }

    private func eventually(_ condition: () -> Bool) async throws -> Bool {
        for _ in 0..<500 {
            if condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test func `a look that takes long keeps no change from being told, and is taken once more for all of them`()
        async throws
    {
        let authority = try await Authority()
        let changes = Count()
        let looks = Count()
        let (gate, release) = AsyncStream.makeStream(of: Never.self)
        let follower = CallerFollower(
            socket: authority.socket,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let following = Task {
            try await follower.follow(onChange: { changes.add(1) }) {
                looks.add(1)
                for await _ in gate {}
            }
        }
        authority.tell.yield()
        #expect(try await eventually { looks.value == 1 })
        for _ in 0..<3 { authority.tell.yield() }
        #expect(try await eventually { changes.value == 4 })
        #expect(looks.value == 1)
        release.finish()
        #expect(try await eventually { looks.value == 2 })
        following.cancel()
        _ = await following.result
        authority.tell.finish()
        await authority.server.drain(grace: .zero)
    }
}
