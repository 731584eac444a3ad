import AuditLog
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import ZeroTrust

@testable import lapwing

/// A receiver of OTLP/HTTP that answers each path as the test says, and counts what it was sent.
private final class Receiver: Sendable {
    private let statuses: Mutex<[String: Int]>
    private let counts = Mutex<[String: Int]>([:])
    private let channel: any Channel
    var endpoint: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    init(_ statuses: [String: Int]) async throws {
        self.statuses = Mutex(statuses)
        let box = Box()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answers { box.answer($0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        box.set { [weak self] in self?.answer($0) ?? 500 }
    }

    /// What the connections ask, once the receiver is there.
    private final class Box: Sendable {
        private let handler = Mutex<(@Sendable (String) -> Int)?>(nil)

        func set(_ body: @escaping @Sendable (String) -> Int) { handler.withLock { $0 = body } }
        func answer(_ path: String) -> Int { handler.withLock { $0 }?(path) ?? 500 }
    }

    private func answer(_ path: String) -> Int {
        counts.withLock { $0[path, default: 0] += 1 }
        return statuses.withLock { $0[path] ?? 404 }
    }

    func count(_ path: String) -> Int { counts.withLock { $0[path] ?? 0 } }
    func set(_ path: String, _ status: Int) { statuses.withLock { $0[path] = status } }
    func stop() async { try? await channel.close() }

    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let answer: @Sendable (String) -> Int
        private var path = ""

        init(_ answer: @escaping @Sendable (String) -> Int) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): path = head.uri
            case .body: break
            case .end:
                let head = HTTPResponseHead(
                    version: .http1_1,
                    status: .init(statusCode: answer(path)),
                    headers: ["content-length": "0"]
                )
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}

@Suite("A sink of OpenTelemetry", .timeLimit(.minutes(2)))
struct OTLPSinkTests {
    private func record(_ index: UInt64) -> ExportedRecord {
        let completion = CompletionRecord(
            id: RequestID(milliseconds: 1_795_300_801_000, random: UInt128(index)),
            time: Timestamp(nanoseconds: 1_795_300_801_005_000_000),
            node: "node-1",
            status: 200,
            bytesReceived: 1,
            bytesSent: 2,
            upstream: "u",
            timings: .init(requestReceived: 1, upstreamHead: 2, total: 3),
            ending: .complete
        )
        return ExportedRecord(index: index, entry: completion.encoded(), record: .completion(completion))
    }

    private func sink(_ receiver: Receiver, _ told: @escaping @Sendable (String) -> Void) throws -> OTLPSink {
        try OTLPSink(
            endpoint: receiver.endpoint,
            exporter: OTLPExporter(node: "n", origin: "o", productVersion: "1"),
            onTraces: told
        )
    }

    @Test("A receiver without traces gets every log once, and is told of once", arguments: [404, 405, 501, 400, 422])
    func noTraces(_ status: Int) async throws {
        let receiver = try await Receiver(["/v1/logs": 200, "/v1/traces": status])
        let box = Told()
        let sink = try sink(receiver) { box.add($0) }
        for index in 0..<3 as Range<UInt64> {
            #expect(try await sink.take([record(index)], after: SinkMark()) == SinkMark())
        }
        #expect(receiver.count("/v1/logs") == 3 && receiver.count("/v1/traces") == 1)
        #expect(box.all == ["/v1/traces answers \(status)"])
        await sink.shutdown()
        await receiver.stop()
    }

    @Test("A receiver whose traces fail gets its logs, and a pause")
    func failingTraces() async throws {
        let receiver = try await Receiver(["/v1/logs": 200, "/v1/traces": 503])
        let box = Told()
        let sink = try sink(receiver) { box.add($0) }
        for index in 0..<3 as Range<UInt64> {
            #expect(try await sink.take([record(index)], after: SinkMark()) == SinkMark())
        }
        #expect(receiver.count("/v1/logs") == 3 && receiver.count("/v1/traces") == 1 && box.all.count == 1)
        // What the logs' path says decides.
        receiver.set("/v1/logs", 503)
        await #expect(throws: CommandError.self) { try await sink.take([record(3)], after: SinkMark()) }
        receiver.set("/v1/logs", 400)
        await #expect(throws: SinkRefusal.self) { try await sink.take([record(3)], after: SinkMark()) }
        await sink.shutdown()
        await receiver.stop()
    }

    @Test("A pause ends, and what is off stays off")
    func traceSwitch() {
        let (traces, start) = (TraceSwitch(), NIODeadline.now())
        #expect(traces.isOn(at: start) && traces.fail(forGood: false, at: start))
        #expect(!traces.isOn(at: start + .seconds(29)) && traces.isOn(at: start + .seconds(30)))
        // The same again is no news; that they are off for good is.
        #expect(!traces.fail(forGood: false, at: start + .seconds(30)))
        #expect(!traces.isOn(at: start + .seconds(31)) && traces.fail(forGood: true, at: start + .seconds(61)))
        #expect(!traces.fail(forGood: true, at: start + .seconds(62)) && !traces.isOn(at: start + .hours(9)))
    }

    /// What was told.
    private final class Told: Sendable {
        private let words = Mutex<[String]>([])

        func add(_ text: String) { words.withLock { $0.append(text) } }
        var all: [String] { words.withLock { $0 } }
    }
}
