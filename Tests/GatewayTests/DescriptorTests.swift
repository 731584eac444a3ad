import Authorization
import Foundation
import Glibc
import Testing

@testable import Gateway

/// Where descriptors run out, a listener waits; it neither dies nor spins.
@Suite(.timeLimit(.minutes(1))) struct DescriptorTests {
    private static func pauses(_ gateway: TestGateway) async throws -> Int {
        try await metric("lapwing_accept_pauses_total", gateway)
    }

    private static func metric(_ name: String, _ gateway: TestGateway) async throws -> Int {
        let text = try await TestGateway.admin(gateway, "/metrics").text
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + " ") })
        return try #require(Int(line.split(separator: " ")[1]))
    }

    @Test func `a budget leaves room for upstreams and for what else is opened`() {
        #expect(DescriptorBudget(descriptors: 1024).connections == 480)
        #expect(DescriptorBudget(descriptors: 65536).connections == 32736)
        #expect(DescriptorBudget(descriptors: 10).connections == 8)
        #expect(DescriptorBudget.ofProcess.connections >= 8)
    }

    @Test func `gateways of one process share what it may open`() {
        let account = DescriptorBudget.Account()
        let (one, other) = (
            DescriptorBudget(descriptors: 80, account: account), DescriptorBudget(descriptors: 80, account: account)
        )
        for _ in 0..<4 {
            one.take()
            other.take()
        }
        #expect(!one.hasRoom && !other.hasRoom)
        other.give()
        #expect(one.hasRoom && other.hasRoom)
        // One that counts for itself is not touched by them.
        #expect(DescriptorBudget(descriptors: 80).hasRoom)
    }

    @Test func `beyond the budget who comes waits, and comes in when somebody has gone`() async throws {
        let upstream = try await TestUpstream.start()
        // Eight connections, and as many as one look accepts at most.
        let gateway = try await TestGateway.start(
            upstream: upstream,
            policy: ModeTests.policy + TestGateway.mode(.disable),
            admin: true,
            descriptors: 80
        )
        var clients: [TestClient] = []
        for _ in 0..<8 {
            let client = try await gateway.plainClient()
            #expect(await client.request(TestGateway.post("/v1/open")).statuses == [200])
            clients.append(client)
        }
        var waiting: [TestClient] = []
        for _ in 0..<20 {
            let client = try await gateway.plainClient()
            client.send(TestGateway.post("/v1/open"))
            waiting.append(client)
        }
        // Those inside are served, and so is the admin listener.
        #expect(await clients[0].request(TestGateway.post("/v1/open"), responses: 2).statuses == [200, 200])
        #expect(try await Self.metric("lapwing_connections", gateway) < 8 + 8)
        #expect(try await Self.pauses(gateway) > 0)
        #expect(waiting.contains { $0.heard.value.statuses.isEmpty })
        for client in clients { await client.close() }
        for client in waiting {
            #expect(await client.wait(for: "hello").statuses == [200])
            await client.close()
        }
        await gateway.stop()
    }

    @Test func `where the system has no descriptor left, accepting pauses and goes on`() async throws {
        let upstream = try await TestUpstream.start()
        let gateway = try await TestGateway.start(
            upstream: upstream,
            policy: ModeTests.policy + TestGateway.mode(.disable),
            admin: true
        )
        let port = try #require(gateway.server.ports["mtls"])
        // Made first, since nothing can be opened once the limit holds.
        let sockets = (0..<64).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        var old = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #expect(unsafe getrlimit(resource, &old) == 0)
        var low = old
        low.rlim_cur = rlim_t((sockets.max() ?? 0) + 1)
        #expect(unsafe setrlimit(resource, &low) == 0)
        var filled: [Int32] = []
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        for descriptor in sockets {
            // Every number below the limit is in use, also those that another test has given back since.
            while true {
                let other = dup(0)
                guard other >= 0 else { break }
                filled.append(other)
            }
            let connected = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            #expect(connected == 0)
        }
        // The kernel has taken them; the listener cannot, and says so once it has tried.
        await gateway.events.wait { $0.contains("accepting paused") }
        #expect(unsafe setrlimit(resource, &old) == 0)
        for descriptor in filled { close(descriptor) }
        for descriptor in sockets { close(descriptor) }
        let client = try await gateway.plainClient()
        #expect(await client.request(TestGateway.post("/v1/open")).statuses == [200])
        await client.close()
        let pauses = try await Self.pauses(gateway)
        #expect((1..<100).contains(pauses), "\(pauses)")
        await gateway.stop()
    }
}
