import Foundation
import NIOCore
import RPC
import SwiftProtobuf
import Testing

/// What Python's grpcio makes of the server.
@Suite(.serialized, .enabled(if: PythonPeer.isAvailable), .timeLimit(.minutes(5))) struct `A gRPC client of others` {
    static let scenarios = [
        "unary", "many_at_once", "server_stream", "bidirectional", "status_and_message", "metadata", "interceptor",
        "credentials", "deadline", "cancel", "slow_reader", "slow_server", "too_large", "compression", "unknown",
        "malformed", "large_headers", "health",
    ]

    @Test(arguments: scenarios) func `is answered as gRPC says over a Unix socket`(_ scenario: String) async throws {
        try await withTemporaryFolder { folder in
            let echo = EchoServer()
            try await echo.server.bind(unixSocket: "\(folder)/s")
            let outcome = try await PythonPeer(script: "grpc_client.py").run(scenario, "unix:\(folder)/s")
            await echo.server.drain(grace: .zero)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test(arguments: ["unary", "server_stream", "bidirectional", "slow_reader"])
    func `is answered as gRPC says over TCP`(_ scenario: String) async throws {
        let echo = EchoServer()
        let port = try await echo.server.bind(host: "127.0.0.1", port: 0)
        let outcome = try await PythonPeer(script: "grpc_client.py").run(scenario, "127.0.0.1:\(port)")
        await echo.server.drain(grace: .zero)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `finishes its call when the server drains, and makes no other`() async throws {
        try await withTemporaryFolder { folder in
            let echo = EchoServer()
            try await echo.server.bind(unixSocket: "\(folder)/s")
            async let outcome = PythonPeer(script: "grpc_client.py").run("drain", "unix:\(folder)/s")
            for await _ in echo.held { break }
            async let drained: Void = echo.server.drain(grace: .seconds(60))
            // The call is let go only once the server no longer listens.
            try await wait { FileManager.default.fileExists(atPath: "\(folder)/s") }
            echo.release.open()
            await drained
            let result = try await outcome
            #expect(result.status == 0, "\(result.errors)")
            #expect(echo.server.connectionCount == 0)
        }
    }

    @Test func `is cut off when the grace is over`() async throws {
        try await withTemporaryFolder { folder in
            let echo = EchoServer()
            try await echo.server.bind(unixSocket: "\(folder)/s")
            async let outcome = PythonPeer(script: "grpc_client.py").run("cut_off", "unix:\(folder)/s")
            try await wait { echo.counter("hang.started") == 0 }
            await echo.server.drain(grace: .zero)
            let result = try await outcome
            #expect(result.status == 0, "\(result.errors)")
            try await wait { echo.counter("hang.cancelled") == 0 }
        }
    }
}

/// What frames that no library sends do to the server.
@Suite(.serialized, .enabled(if: PythonPeer.isAvailable), .timeLimit(.minutes(5))) struct `HTTP/2 by hand` {
    static let scenarios = [
        "content_type", "method_and_path", "framing", "no_preface", "other_protocol", "pings", "resets",
        "continuations", "large_headers", "too_many_streams",
    ]

    @Test(arguments: scenarios) func `is answered or cut off`(_ scenario: String) async throws {
        var limits = RPCLimits()
        if scenario == "no_preface" { limits.prefaceTimeout = .milliseconds(50) }
        let echo = EchoServer(limits: limits)
        let port = try await echo.server.bind(host: "127.0.0.1", port: 0)
        let outcome = try await PythonPeer(script: "raw_http2.py").run(scenario, "127.0.0.1", "\(port)")
        #expect(outcome.status == 0, "\(outcome.errors)")
        // Others are served as before, where they have the time to begin.
        guard scenario != "no_preface" else { return await echo.server.drain(grace: .zero) }
        let client = try await RPCClient.connect(host: "127.0.0.1", port: port)
        let answer: Text = try await client.unary("/test.Echo/Metadata", Text("x"), metadata: ["x": "still here"])
        #expect(answer.value == "still here")
        await client.close()
        await echo.server.drain(grace: .zero)
    }

    @Test func `is told to go while a call is in flight`() async throws {
        try await withTemporaryFolder { folder in
            let echo = EchoServer()
            let port = try await echo.server.bind(host: "127.0.0.1", port: 0)
            async let outcome = PythonPeer(script: "raw_http2.py")
                .run("going_away", "127.0.0.1", "\(port)", "\(folder)/told")
            for await _ in echo.held { break }
            async let drained: Void = echo.server.drain(grace: .seconds(60))
            try await wait {
                !FileManager.default.fileExists(atPath: "\(folder)/told") && echo.server.connectionCount > 0
            }
            echo.release.open()
            await drained
            let result = try await outcome
            #expect(result.status == 0, "\(result.errors)")
        }
    }
}
