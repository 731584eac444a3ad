import Foundation
import NIOCore
import Testing

@testable import Gateway

/// Each way to make an HTTP/2 server work, wait or remember for nothing has an end.
@Suite(.timeLimit(.minutes(2))) struct FloodTests {
    /// What is sent after the connection's beginning, and what the connection may end for.
    struct Flood: Sendable {
        let name: String
        let reasons: [HTTP2Abuse]
        let frames: @Sendable () -> [UInt8]

        init(_ name: String, _ reasons: HTTP2Abuse..., frames: @escaping @Sendable () -> [UInt8]) {
            self.name = name
            self.reasons = reasons
            self.frames = frames
        }
    }

    /// Small, so that a flood is short; large enough for every request that a test makes in good faith.
    static let limits = GatewayLimits(
        headTimeout: .milliseconds(200),
        idleTimeout: .seconds(3),
        http2: HTTP2Limits(
            maximumStreams: 50,
            maximumResets: 20,
            maximumControlFrames: 40,
            maximumWindowUpdates: 100,
            maximumSmallFrames: 60
        )
    )

    /// The streams that a flood uses.
    static func streams(_ count: UInt32 = 200) -> [UInt32] { (0..<count).map { $0 * 2 + 1 } }

    static func open(_ stream: UInt32) -> [UInt8] { Frames.headers(stream, Frames.request(), ends: false) }

    static func whole(_ stream: UInt32) -> [UInt8] { Frames.headers(stream, Frames.request()) }

    static func times(_ count: Int, _ frame: [UInt8]) -> [UInt8] { (0..<count).flatMap { _ in frame } }

    static let floods: [Flood] = resets + headers + control + bodies + begun

    static let resets = [
        Flood("rapid reset (CVE-2023-44487)", .resets) { streams().flatMap { whole($0) + Frames.reset($0) } },
        Flood("rapid reset of open requests", .resets) { streams().flatMap { open($0) + Frames.reset($0) } },
        Flood("resets that the server makes: an empty window update (CVE-2025-8671)", .resets, .protocolError) {
            streams(40).flatMap { open($0) + Frames.windowUpdate($0, 0) }
        },
        Flood("resets that the server makes: a window beyond all windows", .resets) {
            streams(40).flatMap { open($0) + times(2, Frames.windowUpdate($0, 0x7fff_ffff)) }
        },
        Flood("resets that the server makes: DATA behind the end", .resets, .protocolError) {
            streams().flatMap { whole($0) + Frames.data($0, String(repeating: "late", count: 10)) }
        },
        Flood("resets that the server makes: HEADERS behind the end", .resets, .protocolError) {
            streams().flatMap { whole($0) + whole($0) }
        },
        Flood("resets that the server makes: trailers that do not end", .resets) {
            streams().flatMap { open($0) + Frames.headers($0, [("x", "1")], ends: false) }
        },
        Flood("resets that the server makes: a stream that depends on itself", .protocolError) {
            streams(20).flatMap { open($0) + Frames.priority($0, on: $0) }
        },
        Flood("requests that are malformed", .resets) {
            streams(45).flatMap { Frames.headers($0, Frames.request(with: [("X", "1")])) }
        },
        Flood("bodies that are not what was declared", .resets) {
            streams(45).flatMap {
                Frames.headers($0, Frames.request(with: [("content-length", "3")]), ends: false)
                    + Frames.data($0, String(repeating: "more", count: 10))
            }
        },
    ]

    static let headers = [
        Flood("CONTINUATION without an end (CVE-2024-27316)", .continuations) {
            Frames.headers(1, Frames.request(), endsHeaders: false)
                + times(2_000, Frames.continuation(1, Frames.block([("x", "1")])))
        },
        Flood("CONTINUATION with nothing in it", .continuations) {
            Frames.headers(1, Frames.request(), endsHeaders: false) + times(2_000, Frames.continuation(1, []))
        },
        Flood("CONTINUATION with much in it", .headers, .continuations) {
            Frames.headers(1, Frames.request(), endsHeaders: false)
                + times(100, Frames.continuation(1, Frames.block([("x", String(repeating: "a", count: 16_000))])))
        },
        Flood("a bomb of indexed fields", .headers, .protocolError) {
            let entry = [0x40] + Frames.string("a") + Frames.string(String(repeating: "a", count: 4_000))
            let block = Frames.block(Frames.request()) + entry + [UInt8](repeating: 0xbe, count: 10_000)
            return Frames.frame(0x1, flags: 0x5, stream: 1, block)
        },
        Flood("an integer of HPACK that does not end", .protocolError) {
            Frames.frame(0x1, flags: 0x5, stream: 1, [UInt8](repeating: 0xff, count: 100))
        },
        Flood("a table larger than was offered", .protocolError) {
            Frames.frame(0x1, flags: 0x5, stream: 1, Frames.integer(1 << 30, prefix: 5, marks: 0x20))
        },
        Flood("a field that the table does not have", .protocolError) {
            Frames.frame(0x1, flags: 0x5, stream: 1, [0xff, 0x20])
        },
        Flood("a string longer than its frame", .protocolError) {
            Frames.frame(0x1, flags: 0x5, stream: 1, [0x00] + Frames.integer(1 << 20, prefix: 7) + [0x61])
        },
        Flood("a field without a name", .protocolError) {
            Frames.headers(1, Frames.request(with: [("", "1")]))
        },
        Flood("more streams than were offered", .streams) { streams().flatMap { open($0) } },
    ]

    static let control = [
        Flood("SETTINGS", .controlFrames) { times(1_000, Frames.settings()) },
        Flood("SETTINGS with thousands of settings", .controlFrames) {
            Frames.settings((0..<2_700).map { (UInt16(0x4), UInt32($0)) })
        },
        Flood("acknowledgements of SETTINGS that nobody sent", .controlFrames, .protocolError) {
            times(1_000, Frames.settingsAcknowledged)
        },
        Flood("PING", .controlFrames) { times(1_000, Frames.ping()) },
        Flood("answers to PING that nobody sent", .controlFrames) {
            times(1_000, Frames.frame(0x6, flags: 0x1, Array("tap tap.".utf8)))
        },
        Flood("PRIORITY", .controlFrames) { streams(1_000).flatMap { Frames.priority($0) } },
        Flood("frames of a kind that is not known", .controlFrames) { times(1_000, Frames.frame(0xbe, [1, 2, 3])) },
        Flood("frames of no length of a kind that is not known", .controlFrames) { times(1_000, Frames.frame(0xfe)) },
        Flood("GOAWAY", .controlFrames) { times(1_000, Frames.goAway()) },
        Flood("WINDOW_UPDATE of the connection", .windowUpdates) { times(1_000, Frames.windowUpdate(0, 1)) },
        Flood("WINDOW_UPDATE of a stream", .windowUpdates) { open(1) + times(1_000, Frames.windowUpdate(1, 1)) },
        Flood("WINDOW_UPDATE of streams that have ended", .windowUpdates, .resets) {
            whole(1) + Frames.reset(1) + times(1_000, Frames.windowUpdate(1, 1))
        },
        Flood("a connection window beyond all windows", .protocolError) {
            times(2, Frames.windowUpdate(0, 0x7fff_ffff))
        },
    ]

    static let bodies = [
        Flood("DATA with nothing in it", .smallFrames) { open(1) + times(1_000, Frames.data(1)) },
        Flood("DATA with nothing but padding", .smallFrames) {
            open(1) + times(1_000, Frames.frame(0x0, flags: 0x8, stream: 1, [9] + [UInt8](repeating: 0, count: 9)))
        },
        Flood("DATA of one byte each", .smallFrames) { open(1) + times(1_000, Frames.data(1, "x")) },
        Flood("DATA of one byte and much padding", .smallFrames) {
            open(1)
                + times(200, Frames.frame(0x0, flags: 0x8, stream: 1, [255, 1] + [UInt8](repeating: 0, count: 255)))
        },
        Flood("more than the window allows", .resets) {
            streams(40).flatMap { open($0) + times(5, Frames.data($0, String(repeating: "x", count: 16_000))) }
        },
        Flood("a frame larger than was offered", .protocolError) { [0, 0x40, 0x01, 0, 0, 0, 0, 0, 1] },
        Flood("padding longer than its frame", .protocolError) {
            open(1) + Frames.frame(0x0, flags: 0x8, stream: 1, [200, 1])
        },
    ]

    static let begun = [
        Flood("a frame that does not end", .stalled) { [0, 0, 100, 0x1, 0x5, 0, 0, 0, 1, 0x82] },
        Flood("a frame header that does not end", .stalled) { [0, 0, 100, 0x1] },
        Flood("a header section that does not end", .stalled) {
            Frames.headers(1, Frames.request(), endsHeaders: false)
        },
    ]

    @Test func `a flood ends its connection, with a record that says what it was`() async throws {
        var passed = 0
        try await TestGateway.with({ _, _ in }, limits: Self.limits, configure: { $0.admin = .init(port: 0) }) {
            gateway,
            upstream in
            var before = try await Self.refusals(gateway)
            for flood in Self.floods {
                let client = try await FrameClient.connect(to: gateway)
                client.send(flood.frames())
                let heard = await client.end()
                #expect((heard.goAway?.code ?? 0) != 0, "\(flood.name): \(heard.goAway?.code ?? 0)")
                let after = try await Self.refusals(gateway)
                let reasons = after.filter { $0.value != before[$0.key] }.keys.sorted()
                let isExpected = reasons.count == 1 && flood.reasons.map(\.rawValue).contains(reasons[0])
                #expect(isExpected, "\(flood.name): \(reasons) \(heard)")
                if isExpected { passed += 1 }
                before = after
            }
            // No flood has made more work than its connection might have made in good faith.
            let most = Self.floods.count * (Self.limits.http2.maximumStreams + Self.limits.http2.maximumResets)
            #expect(upstream.received.value.count <= most)
            let records = await gateway.log.records("refusals", count: 1)
            #expect(records.first?["reason"]?.hasPrefix("http2_") == true)
        }
        print("suite: \(passed) floods stopped, \(Self.floods.count - passed) not")
    }

    /// How many connections were refused or ended, by reason.
    static func refusals(_ gateway: TestGateway) async throws -> [String: String] {
        let name = "lapwing_connections_refused_total{reason=\""
        var counts: [String: String] = [:]
        for line in try await TestGateway.admin(gateway, "/metrics").text.split(separator: "\n")
        where line.hasPrefix(name) {
            let parts = line.dropFirst(name.count).split(separator: "\"} ", maxSplits: 1)
            counts[String(parts[0])] = parts.last.map(String.init)
        }
        return counts
    }

    @Test func `a connection that does not begin is closed`() async throws {
        try await TestGateway.with(limits: Self.limits) { gateway, _ in
            let silent = try await FrameClient.connect(to: gateway, begins: false)
            #expect(await silent.end().goAway?.code == 11)
            let slow = try await FrameClient.connect(to: gateway, begins: false)
            slow.send(Array("PRI * HTTP".utf8))
            #expect(await slow.end().goAway?.code == 11)
            let other = try await FrameClient.connect(to: gateway, begins: false)
            other.send(Array("GET /v1/predict HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            await other.end()
            let reasons = await gateway.log.entries.wait {
                Set($0.compactMap { $0["reason"] }).isSuperset(of: ["http2_frame_timeout", "http2_protocol_error"])
            }
            #expect(!reasons.isEmpty)
        }
    }

    @Test func `what comes slowly enough is never too much`() {
        var budget = FrameBudget(30)
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for _ in 0..<10_000 {
            let isTaken = budget.take(at: now)
            #expect(isTaken)
            now = now + .seconds(1)
        }
        var taken = 0
        while budget.take(at: now) { taken += 1 }
        #expect((28...30).contains(taken))
        budget.give(10)
        let isRoomMade = budget.take(9, at: now)
        let isMore = budget.take(5, at: now)
        #expect(isRoomMade && !isMore)
    }

    @Test func `requests in flight are bounded over all connections, and the next one may be tried again`() async throws
    {
        var limits = GatewayLimits()
        limits.http2.maximumTotalStreams = 2
        let responders = Observed<[TestUpstream.Responder]>([])
        try await TestGateway.with({ _, responder in responders.update { $0.append(responder) } }, limits: limits) {
            gateway,
            _ in
            let first = try await FrameClient.connect(to: gateway)
            first.send(Frames.headers(1, Frames.request()) + Frames.headers(3, Frames.request()))
            await responders.wait { $0.count == 2 }
            let second = try await FrameClient.connect(to: gateway)
            // REFUSED_STREAM: nothing was done (RFC 9113 §8.7).
            #expect(await second.request(1).reset == 7)
            for responder in responders.value { responder.write(TestUpstream.ok) }
            await first.response(1)
            await first.response(3)
            second.send(Frames.headers(3, Frames.request()))
            await responders.wait { $0.count == 3 }.last?.write(TestUpstream.ok)
            #expect(await second.response(3).status == 200)
            await first.close()
            await second.close()
        }
    }

    @Test func `an answer that finds no window is given up`() async throws {
        let limits = GatewayLimits(bodyTimeout: .milliseconds(50))
        let total = 32 << 20
        let sent = Observed(0)
        try await TestGateway.with(
            { request, responder in
                guard request.head.contains("/v1/stream") else { return responder.write(TestUpstream.ok) }
                responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                StreamingTests.pour(total, into: responder.channel, sent)
            },
            limits: limits
        ) { gateway, upstream in
            let client = try await FrameClient.connect(to: gateway, settings: [(0x4, 0)])
            let small = await client.request(1)
            #expect(small.status == 200 && small.body.isEmpty && small.reset == 8)
            let large = await client.request(3, Frames.request("GET", "/v1/stream"))
            #expect(large.status == 200 && large.body.isEmpty && large.reset == 2)
            #expect(await gateway.log.records("completion", count: 2).last?["ended"] == "timed_out")
            #expect(sent.value < total)
            await upstream.closed.wait { $0 == 1 }
            await client.close()
        }
    }

    @Test func `a client that offers a huge table gets nothing remembered for it`() async throws {
        try await TestGateway.with { gateway, _ in
            let client = try await FrameClient.connect(to: gateway, settings: [(0x1, 0xffff_ffff)])
            for stream in Self.streams(20) {
                // Each header section is read by a decoder that knows of no other.
                let response = await client.request(stream)
                #expect(response.status == 200 && response.fields["x-request-id"] != nil)
            }
            await client.close()
        }
    }

    @Test func `answers that are not read wait with the upstream, not in memory`() async throws {
        let total = 16 << 20
        let streams = Self.streams(40)
        let sent = Observed(0)
        try await TestGateway.with({ _, responder in
            responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            StreamingTests.pour(total, into: responder.channel, sent)
        }) { gateway, upstream in
            let before = Self.residentBytes
            let client = try await FrameClient.connect(
                to: gateway,
                settings: [(0x4, 0x7fff_ffff)],
                autoRead: false
            )
            client.send(Frames.windowUpdate(0, 0x7fff_0000))
            client.send(streams.flatMap { Frames.headers($0, Frames.request("GET", "/v1/stream")) })
            await upstream.received.wait { $0.count == streams.count }
            let held = try await StreamingTests.settled(sent, gateway)
            let grown = Self.residentBytes - before
            #expect(grown < 48 << 20, "\(grown >> 20) MiB are held of \(held >> 20) MiB that left the upstream")
            print("suite: \(streams.count) answers of \(total >> 20) MiB unread hold \(grown >> 20) MiB")
            await client.close()
            _ = await gateway.log.records("completion", count: streams.count)
        }
    }

    static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4096
    }
}
