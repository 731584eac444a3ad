import Foundation
import RPC
import SPIFFE
import Synchronization
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct WorkloadAPIServiceTests {
    static let header: RPCMetadata = ["workload.spiffe.io": "true"]

    /// The status that a call ends with, or nil where a message came.
    static func status(_ fixture: WorkloadAPIFixture, _ method: String, _ metadata: RPCMetadata) async throws
        -> RPCStatus.Code?
    {
        let client = try await RPCClient.connect(unixSocket: fixture.socket)
        defer { Task { await client.close() } }
        do {
            let responses = try await client.serverStreaming(
                "/SpiffeWorkloadAPI/\(method)",
                WorkloadAPI_X509SVIDRequest(),
                metadata: metadata,
                timeout: .seconds(10),
                as: WorkloadAPI_X509SVIDResponse.self
            )
            for try await _ in responses { return nil }
            return .ok
        } catch let status as RPCStatus {
            return status.code
        }
    }

    @Test(arguments: [
        RPCMetadata(), ["workload.spiffe.io": "True"], ["workload.spiffe.io": "false"], ["workload.spiffe.io": ""],
        ["workload.spiffe.io": "true, true"], ["workload.spiffe.io": "true", "Workload.Spiffe.io": "true"],
    ])
    func `a call without the security header is INVALID_ARGUMENT`(_ metadata: RPCMetadata) async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        for method in ["FetchX509SVID", "FetchX509Bundles", "FetchJWTSVID"] {
            #expect(try await Self.status(fixture, method, metadata) == .invalidArgument)
        }
        #expect(try await Self.status(fixture, "FetchX509SVID", Self.header) == nil)
        await fixture.drain()
    }

    @Test(arguments: ["FetchWITSVID", "FetchWITBundles", "NoSuchMethod"])
    func `a call that is not served is UNIMPLEMENTED`(_ method: String) async throws {
        let fixture = try await WorkloadAPIFixture()
        #expect(try await Self.status(fixture, method, Self.header) == .unimplemented)
        await fixture.drain()
    }

    @Test func `a caller without an entry is refused`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("other", selectors: ["unix:uid:4294967294"]))
        #expect(try await Self.status(fixture, "FetchX509SVID", Self.header) == .permissionDenied)
        #expect(try await Self.status(fixture, "FetchX509Bundles", Self.header) == .permissionDenied)
        await fixture.drain()
    }

    @Test func `calls are UNAVAILABLE until the authority can sign`() async throws {
        let fixture = try await WorkloadAPIFixture(isReady: false)
        try await fixture.create(try WorkloadAPIFixture.entry())
        #expect(try await Self.status(fixture, "FetchX509SVID", Self.header) == .unavailable)
        try await fixture.authority.maintain()
        #expect(try await Self.status(fixture, "FetchX509SVID", Self.header) == nil)
        await fixture.drain()
    }

    @Test func `a call over TCP names no process and is refused`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        let port = try await fixture.server.bind(host: "127.0.0.1", port: 0)
        let client = WorkloadAPIClient(
            endpoint: try WorkloadEndpoint("tcp://127.0.0.1:\(port)"),
            logger: quietLogger
        )
        let failure = await #expect(throws: RPCStatus.self) { try await client.fetchX509Context() }
        #expect(failure?.code == .permissionDenied)
        await fixture.drain()
    }

    @Test func `one user cannot hold more streams than the limit`() async throws {
        var limits = WorkloadAPIService.Limits()
        limits.streamsPerUser = 2
        let fixture = try await WorkloadAPIFixture(limits: limits)
        try await fixture.create(try WorkloadAPIFixture.entry())
        let client = try fixture.client
        var one = client.events().makeAsyncIterator()
        var two = client.events().makeAsyncIterator()
        _ = try await nextContext(&one)
        _ = try await nextContext(&two)
        #expect(fixture.api.streamCount == 2)
        #expect(try await Self.status(fixture, "FetchX509SVID", Self.header) == .unavailable)
        await fixture.drain()
    }

    @Test func `every message holds the full state, and the first entry by name is the default`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("b", dnsNames: ["b.example"], hint: "same"))
        var events = try fixture.client.events().makeAsyncIterator()
        let first = try await nextContext(&events)
        #expect(first.svids.map(\.id.path) == ["/b"])
        try await fixture.create(try WorkloadAPIFixture.entry("a", hint: "same"))
        let second = try await nextContext(&events)
        #expect(second.svids.map(\.id.path) == ["/a", "/b"])
        // A hint stands once in a response.
        #expect(second.svids.map(\.hint) == ["same", nil])
        // What did not change is not issued again.
        #expect(second.svids[1].serialNumber == first.svids[0].serialNumber)
        #expect(second.bundles == [fixture.authority.bundle.trustDomain: fixture.authority.bundle])
        try await fixture.registry.delete("a")
        #expect(try await nextContext(&events).svids.map(\.id.path) == ["/b"])
        await fixture.drain()
    }

    @Test func `the last entry's removal ends the stream with PERMISSION_DENIED, and a new one begins again`()
        async throws
    {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        var events = try fixture.client.events().makeAsyncIterator()
        _ = try await nextContext(&events)
        try await fixture.registry.delete("self")
        guard case .denied(let status)? = try await events.next() else {
            Issue.record("the stream went on")
            return
        }
        #expect(status.code == .permissionDenied)
        try await fixture.create(try WorkloadAPIFixture.entry())
        #expect(try await nextContext(&events).svids.count == 1)
        await fixture.drain()
    }

    @Test func `a rotation of the authority pushes the new root before anything is signed by it`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        var events = try fixture.client.events().makeAsyncIterator()
        let first = try await nextContext(&events)
        try await fixture.authority.prepare()
        let second = try await nextContext(&events)
        #expect(second.defaultSVID.serialNumber == first.defaultSVID.serialNumber)
        #expect(second.bundles.values.first?.authorities.count == 2)
        try await fixture.authority.activate()
        // Replaced ahead of the schedule: what the old one signed is replaced at once, and still trusted.
        let third = try await nextContext(&events)
        #expect(third.defaultSVID.serialNumber != first.defaultSVID.serialNumber)
        #expect(third.bundles.values.first?.authorities.count == 2)
        try await fixture.authority.prune(force: true)
        let fourth = try await nextContext(&events)
        #expect(fourth.bundles.values.first?.authorities.count == 1)
        #expect(fourth.defaultSVID.serialNumber == third.defaultSVID.serialNumber)
        await fixture.drain()
    }

    @Test func `an SVID is renewed when half of its life is over`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry(lifetime: 600))
        var events = try fixture.client.events().makeAsyncIterator()
        let first = try await nextContext(&events)
        fixture.base.clock.advance(by: 269)
        fixture.registry.changes.announce()
        try await fixture.create(try WorkloadAPIFixture.entry("other"))
        let second = try await nextContext(&events)
        #expect(second.svids.contains { $0.serialNumber == first.defaultSVID.serialNumber })
        fixture.base.clock.advance(by: 62)
        fixture.registry.changes.announce()
        let third = try await nextContext(&events)
        #expect(!third.svids.contains { $0.serialNumber == first.defaultSVID.serialNumber })
        await fixture.drain()
    }

    @Test func `a timer that is early asks again until the renewal is due`() async throws {
        let (ticks, continuation) = AsyncStream.makeStream(of: Void.self)
        let waits = Mutex<[Duration]>([])
        let fixture = try await WorkloadAPIFixture(sleep: { duration in
            waits.withLock { $0.append(duration) }
            for await _ in ticks { return }
            throw CancellationError()
        })
        try await fixture.create(try WorkloadAPIFixture.entry(lifetime: 100))
        var events = try fixture.client.events().makeAsyncIterator()
        let first = try await nextContext(&events)
        // Too early by the clock: nothing comes of it but another look.
        continuation.yield()
        while waits.withLock({ $0.count }) < 2 { await Task.yield() }
        fixture.base.clock.advance(by: 56)
        continuation.yield()
        let second = try await nextContext(&events)
        #expect(second.defaultSVID.serialNumber != first.defaultSVID.serialNumber)
        let seen = waits.withLock { $0 }
        #expect(seen[0] >= .seconds(44) && seen[0] <= .seconds(56))
        #expect(seen[1] == .seconds(1))
        continuation.finish()
        await fixture.drain()
    }

    @Test func `the bundles are pushed on change`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        #expect(try await fixture.client.fetchX509Bundles().values.map(\.authorities.count) == [1])
        let client = try await RPCClient.connect(unixSocket: fixture.socket)
        let responses = try await client.serverStreaming(
            "/SpiffeWorkloadAPI/FetchX509Bundles",
            WorkloadAPI_X509BundlesRequest(),
            metadata: Self.header,
            as: WorkloadAPI_X509BundlesResponse.self
        )
        var iterator = responses.makeAsyncIterator()
        #expect(try await iterator.next()?.bundles.keys.map { $0 } == ["spiffe://cluster.local"])
        try await fixture.authority.prepare()
        let der = Array(try #require(try await iterator.next()?.bundles.values.first))
        #expect(try X509Bundle(trustDomain: fixture.authority.options.trustDomain, der: der).authorities.count == 2)
        await client.close()
        await fixture.drain()
    }

    @Test func `changes reach a streaming client`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        var events = try fixture.client.events().makeAsyncIterator()
        _ = try await nextContext(&events)
        var times: [Duration] = []
        for index in 0..<scaled(40) {
            let start = ContinuousClock.now
            try await fixture.create(try WorkloadAPIFixture.entry("e\(index)"))
            let context = try await nextContext(&events)
            times.append(ContinuousClock.now - start)
            #expect(context.svids.count == 2)
            try await fixture.registry.delete("e\(index)")
            _ = try await nextContext(&events)
        }
        times.sort()
        print("entry change to client: p50 \(times[times.count / 2]), p99 \(times[times.count * 99 / 100])")
        await fixture.drain()
    }

    @Test(arguments: [-1.0, -0.5, 0, 1])
    func `a renewal comes at half life, give or take a tenth`(_ jitter: Double) {
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        let renewal = RenewalSchedule.renewal(issuedAt: start, notAfter: start + 3600, jitter: jitter)
        #expect(renewal == start + 1800 + 180 * jitter)
    }
}
