import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import ZeroTrust

@testable import CloudIdentity

@Suite(.timeLimit(.minutes(5))) struct CredentialEndpointTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The endpoint with everything around it played.
    final class World: Sendable {
        /// Guards what happens next and what has happened.
        let state = Mutex(State())

        struct State {
            var now = Date(timeIntervalSince1970: 1_800_000_000)
            var ids = ["spiffe://cluster.local/a"]
            var isAttested = true
            var refusal: CloudIdentityError?
            var recordFails = false
            var exchanged: [(STSClient.Request, String)] = []
            var acts: [CredentialEndpoint.Act] = []
        }

        struct Failure: Error {}

        func endpoint() throws -> CredentialEndpoint {
            let rules = try CredentialRulesTests.load(
                "endpoint: https://sts.example\nroles:\n" + CredentialRulesTests.role
                    + "\n  sessionPolicy: '{\"a\":1}'"
            )
            return CredentialEndpoint(
                try #require(rules),
                sources: .init(
                    identities: { _ in
                        try self.state.withLock { state in
                            guard state.isAttested else { throw Failure() }
                            return try state.ids.map { try SPIFFEID($0) }
                        }
                    },
                    token: { _, id, audience in Redacted("token of \(id) for \(audience)") },
                    exchange: { request, token in
                        try self.state.withLock { state in
                            if let refusal = state.refusal { throw refusal }
                            state.exchanged.append((request, token.value))
                            return TemporaryCredentials(
                                accessKeyID: "ASIA\(state.exchanged.count)",
                                secretAccessKey: Redacted("s"),
                                sessionToken: Redacted("t"),
                                expiresAt: state.now + 3600,
                                accountID: "123456789012"
                            )
                        }
                    },
                    record: { act in
                        try self.state.withLock { state in
                            if state.recordFails { throw Failure() }
                            state.acts.append(act)
                        }
                    }
                ),
                clock: { self.state.withLock { $0.now } },
                logger: CredentialEndpointTests.quiet
            )
        }
    }

    private static let connection: CredentialEndpoint.Connection = {
        let loopback = IPAddress(v4: 0x7f00_0001)
        return .init(client: .init(address: loopback, port: 1), server: .init(address: loopback, port: 2))
    }()

    @Test func `a workload gets its role's credentials for its own token, and each time is recorded`() async throws {
        let world = World()
        let endpoint = try world.endpoint()
        let answer = await endpoint.answer(Self.connection)
        #expect(answer.status == 200)
        #expect(answer.body.value.contains(#""AccessKeyId":"ASIA1""#))
        #expect("\(answer)".contains("<redacted>"))
        let (request, token) = try #require(world.state.withLock { $0.exchanged.first })
        #expect(token == "token of spiffe://cluster.local/a for sts.amazonaws.com")
        #expect(request.roleARN == "arn:aws:iam::123456789012:role/training")
        #expect(request.sessionPolicy == #"{"a":1}"#)
        #expect(request.sessionName == "workload-a")
        // They are given again until half of their life is over.
        #expect(await endpoint.answer(Self.connection).body.value == answer.body.value)
        world.state.withLock { $0.now += 1801 }
        #expect(await endpoint.answer(Self.connection).body.value.contains("ASIA2"))
        #expect(world.state.withLock { $0.acts.map(\.accessKeyID) } == ["ASIA1", "ASIA1", "ASIA2"])
    }

    @Test func `who is not attested, has no role or is refused by the cloud gets nothing, with the reason recorded`()
        async throws
    {
        let world = World()
        let endpoint = try world.endpoint()
        world.state.withLock { $0.isAttested = false }
        #expect(await endpoint.answer(Self.connection).status == 403)
        world.state.withLock { state in
            state.isAttested = true
            state.ids = ["spiffe://cluster.local/b"]
        }
        #expect(await endpoint.answer(Self.connection).status == 403)
        world.state.withLock { state in
            state.ids = ["spiffe://cluster.local/a"]
            state.refusal = CloudIdentityError(.refused, "STS refused: ExpiredTokenException: over")
        }
        let refused = await endpoint.answer(Self.connection)
        #expect(refused.status == 403)
        #expect(!refused.body.value.contains("ExpiredToken"), "the caller is told no more than it needs")
        world.state.withLock { $0.refusal = CloudIdentityError(.unreachable, "away") }
        #expect(await endpoint.answer(Self.connection).status == 503)
        let acts = world.state.withLock { $0.acts }
        #expect(acts.map(\.accessKeyID) == [nil, nil, nil])
        #expect(acts.map(\.isFailure) == [false, true, true])
        #expect(acts.map(\.reason)[1].contains("ExpiredTokenException"))
        #expect(world.state.withLock { $0.exchanged.isEmpty })
    }

    @Test func `what cannot be recorded is not handed out`() async throws {
        let world = World()
        world.state.withLock { $0.recordFails = true }
        let answer = try await world.endpoint().answer(Self.connection)
        #expect(answer.status == 503)
        #expect(!answer.body.value.contains("ASIA"))
    }

    /// What a raw client reads.
    private func ask(_ port: Int, _ request: String) async throws -> String {
        let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await client.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var text = ""
            for try await part in inbound { text += String(buffer: part) }
            return text
        }
    }

    @Test func `the server answers one path, to whoever calls it by its own name`() async throws {
        let world = World()
        let endpoint = try world.endpoint()
        let seen = Mutex<[CredentialEndpoint.Connection]>([])
        let server = try await CredentialServer.start(port: 0) { connection in
            seen.withLock { $0.append(connection) }
            return await endpoint.answer(connection)
        }
        let host = "127.0.0.1:\(server.port)"
        func status(_ line: String, host: String) async throws -> String {
            let text = try await ask(server.port, "\(line) HTTP/1.1\r\nHost: \(host)\r\nAuthorization: x\r\n\r\n")
            return String(text.split(separator: " ").dropFirst().first ?? "none")
        }
        #expect(try await status("GET /v1/credentials", host: host) == "200")
        #expect(try await status("GET /v1/credentials?a", host: "localhost:\(server.port)") == "200")
        #expect(try await status("GET /v1/credentials", host: "evil.example") == "421")
        #expect(try await status("GET /v1/credentials", host: "127.0.0.1") == "421")
        #expect(try await status("GET /", host: host) == "404")
        #expect(try await status("POST /v1/credentials", host: host) == "405")
        #expect(try await ask(server.port, "nonsense\r\n\r\n").contains(" 400 "))
        let connections = seen.withLock { $0 }
        #expect(connections.count == 2)
        #expect(connections.allSatisfy { Int($0.server.port) == server.port && $0.client.port != $0.server.port })
        try await server.stop()
    }
}
