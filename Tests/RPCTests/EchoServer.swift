import Foundation
import Logging
import NIOCore
import RPC
import SwiftProtobuf
import Synchronization
import Testing
import WireProtos

typealias Bytes = Google_Protobuf_BytesValue
typealias Text = Google_Protobuf_StringValue
typealias Number = Google_Protobuf_UInt64Value

/// The service that all clients in these tests call, and the server that serves it.
final class EchoServer: Sendable {
    let server: RPCServer
    let health = HealthService()
    /// What the handlers have counted, by name.
    let counters = Mutex<[String: UInt64]>([:])
    /// Says when a held call has begun.
    let held: AsyncStream<Void>
    private let heldContinuation: AsyncStream<Void>.Continuation
    /// Lets held calls, and stalled ones, go on.
    let release = Gate()

    struct Failure: Error { let secret = "secret" }

    init(limits: RPCLimits = RPCLimits()) {
        var logger = Logger(label: "test.rpc")
        logger.logLevel = .critical
        (self.held, self.heldContinuation) = AsyncStream.makeStream()
        let box = Box()
        self.server = RPCServer(
            services: [Self.service(box), self.health.service],
            limits: limits,
            logger: logger
        )
        self.health.set(.notServing, for: "test.Echo")
        box.set(self)
    }

    func count(_ name: String) {
        self.counters.withLock { $0[name, default: 0] += 1 }
    }

    func counter(_ name: String) -> UInt64 {
        self.counters.withLock { $0[name, default: 0] }
    }

    /// Holds the server, since its handlers are made before it.
    private final class Box: Sendable {
        private let value = Mutex<EchoServer?>(nil)
        func set(_ server: EchoServer) { self.value.withLock { $0 = server } }
        var echo: EchoServer {
            get throws {
                guard let value = self.value.withLock({ $0 }) else { throw RPCStatus(.unavailable) }
                return value
            }
        }
    }

    private static func service(_ box: Box) -> RPCService {
        RPCService(
            "test.Echo",
            methods: Self.unaryMethods(box) + Self.streamingMethods(box),
            intercept: { context in
                if context.metadata["x-refuse"] == ["yes"] {
                    throw RPCStatus(.permissionDenied, "refused before it was read")
                }
            }
        )
    }

    private static func unaryMethods(_ box: Box) -> [RPCMethod] {
        [
            .unary("Echo") { (request: Bytes, _) in request },
            .unaryInline("EchoInline") { (request: Bytes, _) in request },
            .unary("Fail") { (request: Text, _) -> Text in
                guard request.value == "status" else { throw Failure() }
                throw RPCStatus(
                    .failedPrecondition,
                    "100 % näher — 日本\nzwei Zeilen",
                    metadata: ["reason": "test"]
                )
            },
            .unary("Metadata") { (request: Text, context) in
                Text(context.metadata[request.value].joined(separator: "|"))
            },
            .unary("Credentials") { (_: Text, context) in
                guard let credentials = context.credentials else { return Text("none") }
                let groups = credentials.groups.sorted().map(String.init).joined(separator: ",")
                let running = credentials.process.map { $0.isRunning ? "running" : "ended" } ?? "unknown"
                return Text("\(credentials.pid) \(credentials.uid) \(credentials.gid) \(groups) \(running)")
            },
            .unary("Counter") { (request: Text, _) in
                let echo = try box.echo
                if request.value == "stall.release" {
                    echo.release.open()
                    return Number(1)
                }
                return Number(echo.counter(request.value))
            },
            .unary("Hang") { (request: Text, context) in
                let echo = try box.echo
                echo.count("hang.started")
                do {
                    try await Gate().wait()
                } catch {
                    #expect(context.isCancelled)
                    echo.count("hang.cancelled")
                    throw error
                }
                return request
            },
            .unary("Hold") { (request: Text, _) in
                let echo = try box.echo
                echo.heldContinuation.yield()
                try await echo.release.wait()
                return request
            },
        ]
    }

    private static func streamingMethods(_ box: Box) -> [RPCMethod] {
        [
            .serverStreaming("Count") { (request: Number, _, writer: RPCWriter<Bytes>) in
                let echo = try box.echo
                defer { echo.count("count.ended") }
                let message = Bytes(Data(count: 65_536))
                for _ in 0..<request.value {
                    try await writer.write(message)
                    echo.count("count.written")
                }
            },
            .bidirectional("Chat") { (requests: RPCMessages<Bytes>, _, writer: RPCWriter<Bytes>) in
                for try await request in requests {
                    try await writer.write(request)
                }
            },
            .bidirectional("Stall") { (requests: RPCMessages<Bytes>, _, writer: RPCWriter<Bytes>) in
                let echo = try box.echo
                echo.count("stall.started")
                try await echo.release.wait()
                for try await _ in requests {
                    try await writer.write(Bytes(Data([1])))
                }
            },
        ]
    }
}

/// Something that tasks wait for until it is opened, once and for all.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }

    func open() {
        self.continuation.finish()
    }

    func wait() async throws {
        for await _ in self.stream {}
        try Task.checkCancellation()
    }
}

/// Waits while a condition holds that something else will end.
func wait(while condition: () -> Bool) async throws {
    while condition() {
        try await Task.sleep(for: .milliseconds(2))
    }
}
