import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Gateway

/// Clients that ask one thing after the other until they are told that it is over.
private final class Load: Sendable {
    struct Answer: Sendable {
        let status: Int?
        let id: String
        /// The name that the upstream said.
        let by: String
    }

    let answered = Observed<[Answer]>([])
    let isOver = Atomic<Bool>(false)

    func overHTTP1(_ gateway: TestGateway, _ path: String) async throws {
        let client = try await gateway.client()
        var seen = 0
        while !isOver.load(ordering: .relaxed) {
            client.send(TestGateway.post(path))
            let start = seen
            let heard = await client.heard.wait { $0.isClosed || Self.isWhole($0.text.utf8.dropFirst(start)) }
            seen = heard.text.utf8.count
            let text = String(decoding: heard.text.utf8.dropFirst(start), as: UTF8.self)
            let id = text.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("x-request-id:") }
            add(Int(text.dropFirst(9).prefix(3)), id?.split(separator: " ").last.map(String.init), text)
            if heard.isClosed { return }
        }
        await client.close()
    }

    func overHTTP2(_ gateway: TestGateway, _ path: String) async throws {
        // Without a table of fields to refer to, each header section can be read by itself.
        let client = try await FrameClient.connect(to: gateway, settings: [(1, 0)])
        var stream: UInt32 = 1
        while !isOver.load(ordering: .relaxed) {
            let response = await client.request(stream, Frames.request("POST", path), body: "{}")
            add(response.status, response.fields["x-request-id"], response.body)
            if response.status == nil { return }
            stream += 2
        }
        await client.close()
    }

    private func add(_ status: Int?, _ id: String?, _ text: String) {
        answered.update { $0.append(Answer(status: status, id: id ?? "", by: text.contains("new") ? "new" : "old")) }
    }

    private static func isWhole(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        if text.contains("chunked") { return text.hasSuffix("0\r\n\r\n") }
        return text[end.upperBound...].utf8.count >= 3
    }
}

@Suite(.timeLimit(.minutes(2))) struct ReloadTests {
    /// A configuration whose every part has the same name, so that a mixture of two would show.
    private static func configuration(_ name: String, _ upstream: TestUpstream) -> (inout GatewayConfiguration) -> Void
    {
        let transport = upstream.transport
        return { configuration in
            configuration.upstreams = [Upstream(name: name, transport: transport)]
            configuration.routes = [Route(name: name, upstream: name)]
            configuration.listeners = [Listener(address: "127.0.0.1", port: 0)]
            // One that comes and goes.
            if name == "new" {
                configuration.listeners.append(Listener(name: "new", address: "127.0.0.1", port: 0))
            }
        }
    }

    /// An upstream that says its name, in one piece or as a stream.
    private static func upstream(_ name: String) async throws -> TestUpstream {
        try await TestUpstream.start { request, responder in
            if request.head.contains("/v1/stream") {
                responder.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata \r\n")
                responder.write("\(name.utf8.count)\r\n\(name)\r\n")
                responder.write("0\r\n\r\n")
            } else {
                responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
            }
        }
    }

    /// Runs a test with a gateway before an upstream `old`, and another upstream `new` beside it.
    private static func with(
        log: FakeLog = FakeLog(),
        _ body: (TestGateway, _ old: TestUpstream, _ new: TestUpstream) async throws -> Void
    ) async throws {
        let (old, new) = (try await upstream("old"), try await upstream("new"))
        let gateway = try await TestGateway.start(upstream: old, log: log, configure: configuration("old", old))
        do {
            try await body(gateway, old, new)
        } catch {
            await gateway.stop()
            await new.stop()
            throw error
        }
        await gateway.stop()
        await new.stop()
    }

    private static func reload(_ gateway: TestGateway, _ name: String, _ upstream: TestUpstream) async throws {
        var next = gateway.server.configuration
        configuration(name, upstream)(&next)
        try await gateway.server.update(
            configuration: next,
            policy: TestGateway.snapshot(TestGateway.policy, digest: name)
        )
    }

    // MARK: Under load

    @Test func `a hundred configurations under load fail no request, and each request sees one of them`() async throws {
        let log = FakeLog()
        try await Self.with(log: log) { gateway, old, new in
            try await Self.reload(gateway, "old", old)
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for path in ["/v1/predict", "/v1/predict", "/v1/stream"] {
                    group.addTask { try await load.overHTTP1(gateway, path) }
                    group.addTask { try await load.overHTTP2(gateway, path) }
                }
                for swap in 0..<100 {
                    let count = load.answered.value.count
                    try await Self.reload(gateway, swap % 2 == 0 ? "new" : "old", swap % 2 == 0 ? new : old)
                    // Some requests are answered between two swaps, whatever the machine is doing.
                    await load.answered.wait { $0.count >= count + 4 }
                }
                load.isOver.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
            let answers = load.answered.value
            var records: [String: FakeLog.Entry] = [:]
            for record in await log.records("decision", count: answers.count) { records[record["id"] ?? ""] = record }
            let mixed = answers.count { answer in
                let record = records[answer.id]
                return answer.status != 200 || record?["decision.snapshot"] != answer.by
                    || record?["route"] != answer.by
            }
            #expect(answers.count >= 400)
            #expect(mixed == 0)
            print("reload: \(answers.count - mixed) passed, \(mixed) failed (requests over 100 swaps)")
        }
    }

    // MARK: Upstreams

    @Test func `a request in flight finishes where it began, and its connection ends with it`() async throws {
        let held = Observed<[TestUpstream.Responder]>([])
        let slow = try await TestUpstream.start { _, responder in held.update { $0.append(responder) } }
        let gateway = try await TestGateway.start(upstream: slow, configure: Self.configuration("old", slow))
        let new = try await Self.upstream("new")
        let client = try await gateway.client()
        client.send(TestGateway.post())
        let responder = await held.wait { !$0.isEmpty }[0]
        try await Self.reload(gateway, "new", new)

        let other = try await gateway.client()
        #expect(await other.request(TestGateway.post()).text.hasSuffix("new"))
        responder.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
        #expect(await client.wait(for: "old").statuses == [200])
        await slow.closed.wait { $0 == 1 }
        #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
        #expect(slow.received.value.count == 1)
        await gateway.stop()
        await new.stop()
    }

    @Test func `idle connections to an upstream that is gone are closed, those to one that stays are kept`()
        async throws
    {
        try await Self.with { gateway, old, new in
            let client = try await gateway.client()
            _ = await client.request(TestGateway.post())
            try await gateway.replace(policy: TestGateway.snapshot(TestGateway.policy, digest: "other"))
            _ = await client.request(TestGateway.post(), responses: 2)
            #expect(old.connections.value == 1)
            #expect(old.closed.value == 0)
            try await Self.reload(gateway, "new", new)
            await old.closed.wait { $0 == 1 }
            #expect(await client.request(TestGateway.post(), responses: 3).text.hasSuffix("new"))
        }
    }

    @Test func `a request that waits for its record is called where it was decided`() async throws {
        let log = FakeLog(.held)
        let (old, new) = (try await Self.upstream("old"), try await Self.upstream("new"))
        let gateway = try await TestGateway.start(upstream: old, log: log) { configuration in
            Self.configuration("old", old)(&configuration)
            configuration.routes[0].record = .first
        }
        let client = try await gateway.client()
        client.send(TestGateway.post())
        _ = await log.records("decision", count: 1)
        try await Self.reload(gateway, "new", new)
        log.release()
        #expect(await client.wait(for: "old").statuses == [200])
        await old.closed.wait { $0 == 1 }
        await gateway.stop()
        await new.stop()
    }

    // MARK: Listeners

    @Test func `a new listener serves, one that is gone lets its request end and takes no other`() async throws {
        let held = Observed<[TestUpstream.Responder]>([])
        let slow = try await TestUpstream.start { _, responder in held.update { $0.append(responder) } }
        let gateway = try await TestGateway.start(upstream: slow)
        let first = gateway.server.ports["mtls"] ?? 0
        let client = try await gateway.client()
        client.send(TestGateway.post())
        let responder = await held.wait { !$0.isEmpty }[0]
        var next = gateway.server.configuration
        next.listeners = [Listener(name: "second", address: "127.0.0.1", port: 0)]
        try await gateway.server.update(
            configuration: next,
            policy: TestGateway.snapshot(TestGateway.policy, digest: "second")
        )
        #expect(gateway.server.ports.keys.sorted() == ["second"])
        await #expect(throws: (any Error).self) { try await TestClient.connectPlaintext(to: first) }

        responder.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let heard = await client.end()
        #expect(heard.statuses == [200])
        #expect(heard.text.lowercased().contains("connection: close"))

        let other = try await TestClient.connect(
            to: gateway.server.ports["second"] ?? 0,
            as: TestGateway.identity(gateway.authority, "/ns/ml-api/sa/api-gateway"),
            expecting: gateway.id
        )
        other.send(TestGateway.post())
        await held.wait { $0.count == 2 }[1].write(TestUpstream.ok)
        #expect(await other.wait(for: "hello").statuses == [200])
        await gateway.stop()
    }

    @Test func `a listener that cannot be bound refuses the whole configuration`() async throws {
        try await Self.with { gateway, _, new in
            let taken = try await TestUpstream.bind { _ in }
            let before = gateway.server.ports
            var next = gateway.server.configuration
            Self.configuration("new", new)(&next)
            next.listeners.append(Listener(name: "free", address: "127.0.0.1", port: 0))
            next.listeners.append(
                Listener(name: "taken", address: "127.0.0.1", port: taken.localAddress?.port ?? 0)
            )
            let policy = try TestGateway.snapshot("", digest: "new")
            let refusal = await #expect(throws: ListenerUnavailable.self) {
                try await gateway.server.update(configuration: next, policy: policy)
            }
            #expect(refusal?.listener == "taken")
            #expect(gateway.server.ports == before)
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).text.hasSuffix("old"))
            try await taken.close()
        }
    }

    @Test func `a listener that stays keeps its socket, and its new options hold for new connections`() async throws {
        try await Self.with { gateway, _, _ in
            let client = try await gateway.client()
            _ = await client.request(TestGateway.post())
            let before = gateway.server.ports
            var next = gateway.server.configuration
            next.listeners[0].acceptsHTTP2 = false
            next.limits.maximumRequestsPerConnection = 1
            try await gateway.server.update(
                configuration: next,
                policy: TestGateway.snapshot(TestGateway.policy)
            )
            #expect(gateway.server.ports == before)
            // The connection that was there keeps the terms that it began with.
            #expect(await client.request(TestGateway.post(), responses: 2).isClosed == false)
            let other = try await gateway.client()
            _ = await other.request(TestGateway.post())
            #expect(await other.end().statuses == [200])
        }
    }
}
