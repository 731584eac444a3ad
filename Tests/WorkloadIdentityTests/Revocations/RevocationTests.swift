import Foundation
import RPC
import SPIFFE
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(1))) struct RevocationTests {
    @Test(arguments: [
        ("0A:Bf", "abf"), ("00", "0"), ("000001", "1"),
        ("ffffffffffffffffffffffffffffffffffffffff", String(repeating: "f", count: 40)),
        ("spiffe://cluster.local/a", "spiffe://cluster.local/a"),
    ])
    func `a subject is an identity or a serial number in one form`(text: String, form: String) throws {
        #expect(try Revocation.Subject(text).description == form)
    }

    @Test(arguments: [
        "", ":", "0x1f", "1g", "spiffe://", "spiffe://Cluster.local/a", "cluster.local/a",
        "1" + String(repeating: "0", count: 40), "spiffe:1f",
    ])
    func `anything else is refused`(text: String) {
        let error = #expect(throws: IdentityError.self) { _ = try Revocation.Subject(text) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: ["two\nlines", String(repeating: "a", count: 257), "\u{7f}"])
    func `a reason is one short line`(reason: String) {
        #expect(throws: IdentityError.self) {
            _ = try Revocation(.serialNumber("1"), reason: reason, creator: "x", at: Date())
        }
    }

    private static func revoke(_ subject: Revocation.Subject, _ fixture: WorkloadAPIFixture) async throws {
        try await fixture.registry.revoke(
            try Revocation(subject, reason: "", creator: "test", at: fixture.base.clock.now)
        )
    }

    @Test func `a revoked identity is taken from its workloads and given back when it is restored`() async throws {
        let fixture = try await WorkloadAPIFixture()
        let entry = try WorkloadAPIFixture.entry()
        try await fixture.create(entry)
        var events = try fixture.client.events().makeAsyncIterator()
        #expect(try await nextContext(&events).svids.map(\.id) == [entry.id])
        try await Self.revoke(.id(entry.id), fixture)
        while let event = try await events.next() {
            if case .denied(let status) = event {
                #expect(status.code == .permissionDenied)
                break
            }
        }
        #expect(
            try await WorkloadAPIServiceTests.status(fixture, "FetchX509SVID", WorkloadAPIServiceTests.header)
                == .permissionDenied
        )
        try await fixture.registry.restore(.id(entry.id))
        #expect(
            try await WorkloadAPIServiceTests.status(fixture, "FetchX509SVID", WorkloadAPIServiceTests.header) == nil
        )
        await fixture.drain()
    }

    @Test func `a workload whose certificate is revoked gets another at once`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        var events = try fixture.client.events().makeAsyncIterator()
        let first = try #require(try await nextContext(&events).svids.first)
        try await Self.revoke(try .init(first.serialNumber), fixture)
        let second = try #require(try await nextContext(&events).svids.first)
        #expect(second.id == first.id && second.serialNumber != first.serialNumber)
        await fixture.drain()
    }

    @Test func `revocations survive a restart, and those of another trust domain are its own`() async throws {
        let base = try AuthorityFixture()
        let domain = try TrustDomain("cluster.local")
        let registry = EntryRegistry(trustDomain: domain, store: base.store)
        try await registry.refresh()
        let revocation = try Revocation(.serialNumber("1f"), reason: "stolen", creator: "x", at: base.clock.now)
        try await registry.revoke(revocation)
        let again = EntryRegistry(trustDomain: domain, store: base.store)
        try await again.refresh()
        #expect(again.revocations == [revocation])
        #expect(again.snapshot.revocations.serialNumbers == ["1f"])
        let foreign = try Revocation(
            try .init("spiffe://other.example/a"),
            reason: "",
            creator: "x",
            at: base.clock.now
        )
        let error = await #expect(throws: IdentityError.self) { try await again.revoke(foreign) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `a gateway hears the whole list at once and at each change, and nobody else does`() async throws {
        let fixture = try await WorkloadAPIFixture()
        let id = try SPIFFEID("spiffe://cluster.local/a")
        for (uids, isAllowed) in [([geteuid()] as Set<UInt32>, true), ([4_294_967_294], false)] {
            let server = RPCServer(
                services: [RevocationService(registry: fixture.registry, allowedUIDs: uids).service],
                logger: quietLogger
            )
            let socket = fixture.base.directory.path + "/r\(isAllowed).sock"
            try await server.bind(unixSocket: socket, mode: 0o666)
            let client = try await RPCClient.connect(unixSocket: socket)
            let lists = try await client.serverStreaming(
                "/\(ServiceName.revocations)/Watch",
                Revocation_WatchRequest(),
                as: Revocation_RevocationList.self
            )
            var iterator = lists.makeAsyncIterator()
            if isAllowed {
                #expect(try await iterator.next()?.spiffeIds == [])
                try await Self.revoke(.id(id), fixture)
                #expect(try await iterator.next()?.spiffeIds == [id.description])
                try await Self.revoke(.serialNumber("2a"), fixture)
                #expect(try await iterator.next()?.serialNumbers == ["2a"])
                try await fixture.registry.restore(.id(id))
                #expect(try await iterator.next()?.spiffeIds == [])
            } else {
                let status = await #expect(throws: RPCStatus.self) { _ = try await iterator.next() }
                #expect(status?.code == .permissionDenied)
            }
            await client.close()
            await server.drain(grace: .zero)
        }
        await fixture.drain()
    }
}
