import AuditLog
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Resources
import Synchronization
import Testing
import ZeroTrust

@testable import lapwing

/// A receiver of OTLP/HTTP that answers each path as the test says, and counts what it was sent.
private final class Receiver: Sendable {
    private let statuses: Mutex<[String: Int]>
    private let counts = Mutex<[String: Int]>([:])
    private let heads = Mutex<[HTTPHeaders]>([])
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
        private let handler = Mutex<(@Sendable (HTTPRequestHead) -> Int)?>(nil)

        func set(_ body: @escaping @Sendable (HTTPRequestHead) -> Int) { handler.withLock { $0 = body } }
        func answer(_ head: HTTPRequestHead) -> Int { handler.withLock { $0 }?(head) ?? 500 }
    }

    private func answer(_ head: HTTPRequestHead) -> Int {
        counts.withLock { $0[head.uri, default: 0] += 1 }
        heads.withLock { $0.append(head.headers) }
        return statuses.withLock { $0[head.uri] ?? 404 }
    }

    /// The headers that came with the requests.
    var headers: [HTTPHeaders] { heads.withLock { $0 } }
    /// A status that is 200, with a body that comes byte by byte and never ends.
    static let endless = -1

    func count(_ path: String) -> Int { counts.withLock { $0[path] ?? 0 } }
    func set(_ path: String, _ status: Int) { statuses.withLock { $0[path] = status } }
    func stop() async { try? await channel.close() }

    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let answer: @Sendable (HTTPRequestHead) -> Int
        private var head: HTTPRequestHead?
        private var bytes: RepeatedTask?

        init(_ answer: @escaping @Sendable (HTTPRequestHead) -> Int) { self.answer = answer }

        func channelInactive(context: ChannelHandlerContext) { bytes?.cancel() }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                let status = head.map(answer) ?? 500
                let head = HTTPResponseHead(
                    version: .http1_1,
                    status: .init(statusCode: status == Receiver.endless ? 200 : status),
                    headers: ["content-length": status == Receiver.endless ? "60000" : "0"]
                )
                guard status != Receiver.endless else {
                    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
                    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                    bytes = context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(50)) { _ in
                        let (handler, context) = bound.value
                        let byte = ByteBuffer(bytes: [0x08])
                        context.writeAndFlush(handler.wrapOutboundOut(.body(.byteBuffer(byte))), promise: nil)
                    }
                    return
                }
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

    @Test("An answer that never ends is given up in time")
    func endless() async throws {
        let receiver = try await Receiver(["/v1/logs": Receiver.endless])
        let sink = try OTLPSink(
            endpoint: receiver.endpoint,
            exporter: OTLPExporter(node: "n", origin: "o", productVersion: "1"),
            timeout: .seconds(1)
        )
        let start = ContinuousClock.now
        await #expect(throws: Deadline.Passed.self) { try await sink.take([record(0)], after: SinkMark()) }
        #expect(ContinuousClock.now - start < .seconds(20))
        await sink.shutdown()
        await receiver.stop()
    }

    @Test("Headers are read from lines of either kind")
    func headers() async throws {
        let directory = try TemporaryDirectory()
        let receiver = try await Receiver(["/v1/logs": 200])
        let file = try directory.write("authorization: Bearer s3cret\r\n\r\nx-tenant:\ta b \r\n", to: "headers")
        let sink = try OTLPSink(
            endpoint: receiver.endpoint,
            headersFile: file,
            exporter: OTLPExporter(node: "n", origin: "o", productVersion: "1")
        )
        #expect(try await sink.take([record(0)], after: SinkMark()) == SinkMark())
        let headers = try #require(receiver.headers.first)
        #expect(headers["authorization"] == ["Bearer s3cret"] && headers["x-tenant"] == ["a b"])
        #expect(!"\(try HeaderFile(path: file))".contains("s3cret"))
        await sink.shutdown()
        await receiver.stop()
    }

    @Test(
        "A line that is no header is told by its number, and its value is not",
        arguments: [
            ("a: b\n\nx: s3\u{1}cret\n", ":3: the value has a control character"),
            ("x: s3cret\u{7f}", ":1: the value has a control character"),
            ("a: b\r\ns3cret\r\n", ":2: expected NAME: VALUE"), (": s3cret", ":1: expected NAME: VALUE"),
            ("a b: s3cret", ":1: the name of a header"), ("  : s3cret", ":1: the name of a header"),
        ]
    )
    func noHeader(_ text: String, message: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(text, to: "headers")
        let error = #expect(throws: CommandError.self) { try HeaderFile(path: file) }
        #expect(error?.message.contains(message) == true && error?.message.contains("s3") == false)
    }

    @Test("A sink whose cursor cannot be used says so, and goes on once it can")
    func cursor() async throws {
        let directory = try TemporaryDirectory()
        let receiver = try await Receiver(["/v1/logs": 200])
        let authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/n")
        let log = try LogWriter(directory: directory.path + "/audit", origin: "log.example/n", signer: authority)
        _ = try log.append(record(0).entry)
        let cursor = try directory.write("no cursor", to: "otel.cursor")
        let documents = try ResourceLoader.parse(
            yaml: """
                apiVersion: lapwing.dev/v1alpha1
                kind: AuditPolicy
                metadata: { name: audit }
                spec: { sinks: [{ name: otel, type: otlp, endpoint: "\(receiver.endpoint)" }] }
                """,
            file: "audit.yaml"
        )
        let sink = try #require(try AuditPolicyResource.load(documents).sinks.first)
        let rounds = SinkRounds(
            log: log,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            node: "n",
            directory: directory.path,
            sinks: { [sink] }
        )
        let running = Task { await rounds.run() }
        try await Task.sleep(for: .milliseconds(600))
        #expect(receiver.count("/v1/logs") == 0)
        try FileManager.default.removeItem(atPath: cursor)
        let end = ContinuousClock.now + .seconds(20)
        while receiver.count("/v1/logs") == 0, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(receiver.count("/v1/logs") == 1)
        running.cancel()
        await running.value
        log.close()
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
