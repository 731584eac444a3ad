import Foundation
import Logging
import NIOCore
import Testing
import ZeroTrust

@testable import AuditLog
@testable import Gateway

/// Bodies are kept as the policy says, sealed apart from the record, and what is not kept is on record.
@Suite(.timeLimit(.minutes(2))) struct BodyTests {
    /// A gateway that keeps bodies.
    private final class Fixture {
        let directory: URL
        let log = FakeLog()
        let keeper: BodyKeeper
        let archive: BodyArchive

        init(_ policy: BodyPolicy?, files: any FileSystem = SystemFiles()) throws {
            directory = FileManager.default.temporaryDirectory.appending(path: "lapwing-bodies-\(UUID())")
            keeper = BodyKeeper(
                vault: try BodyVault(directory: directory.path, files: files),
                samplingKey: [UInt8](repeating: 7, count: 32),
                log: log,
                node: "node-1",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            keeper.policy = policy
            archive = BodyArchive(directory: directory.path)
        }

        deinit { try? FileManager.default.removeItem(at: directory) }

        func with(
            _ respond: @escaping @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = { _, responder in
                responder.write(TestUpstream.ok)
            },
            _ body: (TestGateway) async throws -> Void
        ) async throws {
            let upstream = try await TestUpstream.start(respond: respond)
            let gateway = try await TestGateway.start(upstream: upstream, log: log, bodies: keeper)
            try await body(gateway)
            await gateway.stop()
            keeper.close()
        }

        /// The records of one kind, as they are read.
        func records() throws -> [AuditRecord] {
            try log.entries.value.map { try AuditRecord(entry: Array($0.text.utf8)) }
        }

        var bodies: [BodyRecord] {
            get throws { try records().compactMap { if case .bodies(let record) = $0 { record } else { nil } } }
        }

        var samplings: [SamplingRecord] {
            get throws { try records().compactMap { if case .sampling(let record) = $0 { record } else { nil } } }
        }

        var decisions: [DecisionRecord] {
            get throws { try records().compactMap { if case .decision(let record) = $0 { record } else { nil } } }
        }
    }

    @Test func `request and answer are kept without their framing, under the id of the decision`() async throws {
        let fixture = try Fixture(BodyPolicy())
        try await fixture.with({ request, responder in
            guard request.body.hasPrefix("chunk") else { return responder.write(TestUpstream.ok) }
            responder.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        }) { gateway in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/predict", "a secret prompt"))
            await client.wait(for: "hello")
            client.send(
                "POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nchunk\r\n3\r\ned!\r\n0\r\n\r\n"
            )
            await client.wait(for: "\r\n0\r\n\r\n")
            client.send("GET /v1/small HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await fixture.log.records("completion", count: 3)
            await client.close()
        }
        let records = try fixture.bodies
        let expected: [([UInt8]?, [UInt8]?)] = [
            (Array("a secret prompt".utf8), Array("hello".utf8)), (Array("chunked!".utf8), Array("abcde".utf8)),
            (nil, Array("hello".utf8)),
        ]
        #expect(try records.map(\.id) == fixture.decisions.map(\.id) && records.count == 3)
        for (record, (request, answer)) in zip(records, expected) {
            #expect(record.tenant == "ml-api" && record.key.contains("/20"))
            for (part, side, body) in [
                (record.request, BodyVault.Side.request, request), (record.response, .response, answer),
            ] {
                #expect((part == nil) == (body == nil))
                guard let part, let body else { continue }
                #expect(part.bytes == UInt64(body.count) && part.kept == part.bytes)
                #expect(try fixture.archive.open(part, of: record.id, side) == .body(body))
            }
        }
        #expect(try fixture.samplings.isEmpty)
        let text = fixture.log.entries.value.map(\.text).joined()
        #expect(!text.contains("secret prompt"))
    }

    @Test func `what chance leaves out is on record, and is the same for all requests of a trace`() async throws {
        let fixture = try Fixture(BodyPolicy(share: 0.5, keepsRefused: false))
        let count = 60
        try await fixture.with { gateway in
            let client = try await gateway.client()
            for number in 0..<count {
                let trace = String(repeating: "0", count: 31) + String(number / 3 % 10 + 1, radix: 16)
                let header = "traceparent: 00-\(trace)-00000000000000\(10 + number % 9)-01\r\n"
                client.send(TestGateway.post("/v1/predict", "body \(number)", headers: header))
                _ = await fixture.log.records("completion", count: number + 1)
            }
            await client.close()
        }
        let (bodies, samplings, decisions) = try (fixture.bodies, fixture.samplings, fixture.decisions)
        let kept = Set(bodies.map(\.id))
        let missing = decisions.map(\.id).filter { !kept.contains($0) }.sorted { $0.bits < $1.bits }
        #expect(!kept.isEmpty && !missing.isEmpty && kept.count + missing.count == count)
        #expect(samplings.reduce(0) { $0 + $1.count } == UInt64(missing.count))
        #expect(samplings.allSatisfy { $0.reason == "sampled_out" && $0.tenant == "ml-api" })
        #expect(samplings.first?.first == missing.first && samplings.last?.last == missing.last)
        if samplings.count == 1 { #expect(samplings[0].root == SamplingRecord.root(of: missing)) }
        var byTrace: [Substring: Set<Bool>] = [:]
        for decision in decisions {
            byTrace[decision.traceparent?.prefix(35) ?? "", default: []].insert(kept.contains(decision.id))
        }
        #expect(byTrace.count == 10 && byTrace.values.allSatisfy { $0.count == 1 })
    }

    @Test func `a long body is kept from its beginning, and for want of room none is`() async throws {
        let fixture = try Fixture(BodyPolicy(maximumBytes: 1_000, maximumHeld: 100_000))
        try await fixture.with { gateway in
            let client = try await gateway.client()
            client.send(TestGateway.post("/v1/predict", String(repeating: "x", count: 5_000)))
            _ = await fixture.log.records("bodies", count: 1)
            fixture.keeper.policy = BodyPolicy(maximumHeld: 10)
            client.send(TestGateway.post("/v1/predict", String(repeating: "y", count: 5_000)))
            _ = await fixture.log.records("completion", count: 2)
            await client.close()
        }
        let records = try fixture.bodies
        let part = try #require(records.first?.request)
        #expect(records.count == 1 && part.bytes == 5_000 && part.kept == 1_000)
        #expect(
            try fixture.archive.open(part, of: records[0].id, .request)
                == .body([UInt8](repeating: UInt8(ascii: "x"), count: 1_000))
        )
        #expect(try fixture.samplings.map(\.reason) == ["too_many"])
    }

    @Test func `what waits for a slow disk counts as held until it is sealed`() async throws {
        let files = StalledFiles()
        let limit = 1 << 20
        let fixture = try Fixture(BodyPolicy(maximumHeld: limit), files: files)
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: 60_000)
        let count = 100
        var seen = BodyKeeper.Seen()
        for number in 0..<count {
            let id = RequestID(milliseconds: 1_795_300_801_000, random: UInt128(number))
            let kept = try #require(
                fixture.keeper.begin(id, trace: nil, .length(UInt64(body.readableBytes)), .post, &seen)
            )
            kept.takeRequest(body, content: body.readableBytes)
            fixture.keeper.finish(kept, caller: nil, isRefused: false)
        }
        // Nothing has been written, and no more than the limit waits; the others are on record while it does.
        let room = limit / 61_024
        #expect(fixture.keeper.heldBytes == room * 61_024)
        let told: () throws -> Int = {
            try fixture.samplings.filter { $0.reason == "too_many" }.reduce(0) { $0 + Int($1.count) }
        }
        let end = ContinuousClock.now + .seconds(20)
        while try told() < count - room, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try told() == count - room && fixture.bodies.isEmpty)
        files.release()
        fixture.keeper.close()
        #expect(try fixture.bodies.count == room && fixture.keeper.heldBytes == 0)
    }

    @Test func `what chance has left out takes no room, and is on record as left out by chance`() throws {
        let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: 60_000)
        /// Gathers a request's body under a policy that has room for less.
        func fixture(keepsRefused: Bool, isRefused: Bool) throws -> (held: Int, reasons: [String]) {
            let fixture = try Fixture(BodyPolicy(share: 0, keepsRefused: keepsRefused, maximumHeld: 50_000))
            let id = RequestID(milliseconds: 1_795_300_801_000, random: 1)
            var seen = BodyKeeper.Seen()
            let kept = try #require(fixture.keeper.begin(id, trace: nil, .length(60_000), .post, &seen))
            kept.takeRequest(body.getSlice(at: 0, length: 20_000) ?? body, content: 20_000)
            let held = fixture.keeper.heldBytes
            kept.takeRequest(body, content: 40_000)
            fixture.keeper.finish(kept, caller: nil, isRefused: isRefused)
            fixture.keeper.close()
            return (held, try fixture.samplings.map(\.reason))
        }
        #expect(try fixture(keepsRefused: false, isRefused: false) == (0, ["sampled_out"]))
        #expect(try fixture(keepsRefused: false, isRefused: true) == (0, ["sampled_out"]))
        // What may be refused yet is gathered; what became of it in between is not why it is not kept.
        #expect(try fixture(keepsRefused: true, isRefused: false) == (21_024, ["sampled_out"]))
        #expect(try fixture(keepsRefused: true, isRefused: true) == (21_024, ["too_many"]))
    }

    @Test func `without a policy nothing is kept and nothing is said`() async throws {
        let fixture = try Fixture(nil)
        try await fixture.with { gateway in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            _ = await fixture.log.records("completion", count: 1)
            await client.close()
        }
        #expect(fixture.log.entries.value.count == 2)
    }

    @Test(
        arguments: [
            ("/ns/ml-api/sa/gateway", "ml-api"), ("/ns/ml-eval/sa/x", "acme"), ("/ns/UPPER/sa/x", "other"),
            ("/workload", "other"), ("/ns", "other"), (nil, "anonymous"),
        ] as [(String?, String)]
    )
    func `a tenant is the caller's namespace, or what the policy makes of it`(_ path: String?, tenant: String) throws {
        let policy = BodyPolicy(tenants: ["ml-eval": "acme"])
        let caller = try path.map { try SPIFFEID("spiffe://cluster.local" + $0) }
        #expect(policy.tenant(of: caller) == tenant)
    }
}
