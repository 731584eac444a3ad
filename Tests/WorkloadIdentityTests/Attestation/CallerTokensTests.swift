import Foundation
import RPC
import SPIFFE
import Synchronization
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

/// The credential endpoint gets tokens of processes that are connected to it, for the audiences of the configuration.
@Suite(.timeLimit(.minutes(5))) struct CallerTokensTests {
    private struct World {
        let base: AuthorityFixture
        let client: RPCClient
        let records: Records
    }

    /// What was recorded, or that nothing can be.
    private final class Records: Sendable {
        struct Full: Error {}
        /// Guards the list, and whether it is full.
        let state = Mutex<(list: [TokenIssuance], isFull: Bool)>(([], false))

        func add(_ record: TokenIssuance) throws {
            try state.withLock { state in
                if state.isFull { throw Full() }
                state.list.append(record)
            }
        }
    }

    private static func with(
        selectors: [String] = ["unix:uid:\(geteuid())"],
        allowing: Set<UInt32> = [geteuid()],
        _ body: (World) async throws -> Void
    ) async throws {
        let base = try AuthorityFixture(clock: TestClock(Date()))
        try await base.authority.maintain()
        let registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: base.store)
        try await registry.refresh()
        _ = try await registry.create(
            WorkloadAPIFixture.entry("self", selectors: selectors),
            by: "test",
            at: base.clock.now
        )
        let records = Records()
        let tokens = CallerTokens(
            authority: base.authority,
            registry: registry,
            attestor: WorkloadAttestor(logger: quietLogger),
            allowedUIDs: allowing,
            audiences: { ["sts.amazonaws.com"] },
            logger: quietLogger,
            onIssue: { try records.add($0) }
        )
        let server = RPCServer(services: [tokens.service], logger: quietLogger)
        let path = base.directory.path + "/a.sock"
        try await server.bind(unixSocket: path, mode: 0o600)
        let client = try await RPCClient.connect(unixSocket: path)
        do { try await body(World(base: base, client: client, records: records)) } catch {
            await server.drain(grace: .zero)
            throw error
        }
        await client.close()
        await server.drain(grace: .zero)
    }

    /// A token for the holder of a socket that this process makes.
    private static func ask(
        _ world: World,
        id: String = "spiffe://cluster.local/self",
        audience: String = "sts.amazonaws.com",
        isOpen: Bool = true
    ) async throws -> Attestation_IssueCallerTokenResponse {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        var request = Attestation_IssueCallerTokenRequest()
        request.socket.inode = try #require(UInt64(link.dropFirst("socket:[".count).dropLast()))
        request.socket.uid = geteuid()
        request.spiffeID = id
        request.audience = audience
        if !isOpen { close(descriptor) }
        defer { if isOpen { close(descriptor) } }
        return try await world.client.unary("/\(ServiceName.callerTokens)/IssueCallerToken", request)
    }

    /// The status that asking ends with; nil for a token.
    private static func code(
        _ world: World,
        id: String = "spiffe://cluster.local/self",
        audience: String = "sts.amazonaws.com",
        isOpen: Bool = true
    ) async throws -> RPCStatus.Code? {
        do {
            _ = try await ask(world, id: id, audience: audience, isOpen: isOpen)
            return nil
        } catch let status as RPCStatus {
            return status.code
        }
    }

    @Test func `the holder of a connection gets its own token, which is recorded`() async throws {
        try await Self.with { world in
            let response = try await Self.ask(world)
            let bundle = world.base.authority.jwtBundle
            let svid = try JWTSVID(
                response.token,
                audiences: ["sts.amazonaws.com"],
                bundles: [bundle.trustDomain: bundle],
                at: world.base.clock.now
            )
            #expect(svid.id.description == "spiffe://cluster.local/self")
            let records = world.records.state.withLock { $0.list }
            #expect(records.map(\.tokenID) == [response.tokenID])
            #expect(records.first?.pid == getpid())
        }
    }

    @Test func `another audience, another identity, a closed connection and a full record get nothing`() async throws {
        try await Self.with { world in
            let other = "spiffe://cluster.local/other"
            let found = [
                try await Self.code(world, audience: "shop"), try await Self.code(world, audience: ""),
                try await Self.code(world, id: other), try await Self.code(world, id: ""),
                try await Self.code(world, isOpen: false),
            ]
            #expect(found == Array(repeating: .permissionDenied, count: 5))
            #expect(world.records.state.withLock { $0.list.isEmpty })
            world.records.state.withLock { $0.isFull = true }
            let full = try await Self.code(world)
            #expect(full == .unavailable)
        }
    }

    @Test func `only the endpoint's user is answered`() async throws {
        try await Self.with(allowing: [4_000_000]) { world in
            let status = await #expect(throws: RPCStatus.self) { _ = try await Self.ask(world) }
            #expect(status?.code == .permissionDenied)
        }
    }
}
