import Foundation
import NIOCore
import NIOPosix
import SPIFFE
import TestIdentities
import Testing
import WorkloadIdentity
import ZeroTrust

@testable import Federation

@Suite(.timeLimit(.minutes(5))) struct HTTPSEndpointTests {
    /// Waits up to five seconds for a condition.
    private func holds(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<100 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), ("2001:db8:1:2::9", "2001:db8:1:2::"), (nil, ""),
    ])
    func `the addresses of one network of IPv6 count as one`(_ address: String?, _ source: String) {
        #expect(HTTPSEndpoint.source(address) == source)
    }

    @Test func `who holds all the connections that one address may have keeps nobody else out`() async throws {
        let root = try TestAuthority.root("partner.example")
        let server = try await BundleEndpointServer.start(address: try #require(IPAddress("127.0.0.1")), port: 0)
        try server.endpoint.show(try root.svid("/bundle"))
        server.serve(Array("{\"keys\":[]}".utf8))
        let other = try SocketAddress(ipAddress: "127.0.0.2", port: 0)
        let port = server.port
        func connect() async throws -> any Channel {
            try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(to: other)
                .connect(host: "127.0.0.1", port: port).get()
        }
        var held: [any Channel] = []
        for _ in 0..<HTTPSEndpoint.maximumPerAddress + 1 { held.append(try await connect()) }
        #expect(try await holds { held.filter { !$0.isActive }.count == 1 }, "one too many is closed")
        let answer = try await BundleEndpointClient(timeout: .seconds(3)).fetch(
            try BundleEndpointURL("https://127.0.0.1:\(port)/"),
            telling: .spiffe(
                try SPIFFEID("spiffe://partner.example/bundle"),
                [root.trustDomain: root.bundle]
            )
        )
        #expect(answer == Array("{\"keys\":[]}".utf8))
        // What is let go is free again.
        for channel in held where channel.isActive { try await channel.close() }
        let isFree = try await holds {
            let again = try await connect()
            try await Task.sleep(for: .milliseconds(100))
            let stays = again.isActive
            try? await again.close()
            return stays
        }
        #expect(isFree)
        await server.stop()
    }
}
