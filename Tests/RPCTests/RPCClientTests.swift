import Foundation
import NIOCore
import RPC
import SwiftProtobuf
import Testing

@Suite(.timeLimit(.minutes(5))) struct `RPC client and server` {
    /// Serves for as long as the body runs.
    func serving<Result>(
        limits: RPCLimits = RPCLimits(),
        clientLimits: RPCLimits = RPCLimits(),
        _ body: (EchoServer, RPCClient) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let echo = EchoServer(limits: limits)
            try await echo.server.bind(unixSocket: "\(folder)/s")
            let client = try await RPCClient.connect(unixSocket: "\(folder)/s", limits: clientLimits)
            let result = try await body(echo, client)
            await client.close()
            await echo.server.drain(grace: .zero)
            return result
        }
    }

    /// The status with which a call ends.
    func status(_ body: () async throws -> Void) async -> RPCStatus? {
        do {
            try await body()
            return nil
        } catch let status as RPCStatus {
            return status
        } catch {
            return RPCStatus(.unknown, "\(error)")
        }
    }

    @Test(arguments: ["Echo", "EchoInline"]) func `a unary call carries its message`(_ method: String) async throws {
        try await self.serving { _, client in
            for size in [0, 1, 20_000, 1_000_000] {
                let request = Bytes(Data(repeating: 7, count: size))
                let response: Bytes = try await client.unary("/test.Echo/\(method)", request)
                #expect(response == request)
            }
        }
    }

    @Test func `calls at the same time do not mix`() async throws {
        try await self.serving { _, client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<300 {
                    group.addTask {
                        let request = Text("\(index)")
                        let response: Text = try await client.unary(
                            "/test.Echo/Metadata",
                            Text("x-index"),
                            metadata: ["x-index": request.value]
                        )
                        #expect(response == request)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a server's stream arrives in full`() async throws {
        try await self.serving { echo, client in
            let responses: RPCMessages<Bytes> = try await client.serverStreaming("/test.Echo/Count", Number(100))
            var count = 0
            for try await response in responses {
                #expect(response.value.count == 65_536)
                count += 1
            }
            #expect(count == 100)
            #expect(echo.counter("count.written") == 100)
        }
    }

    @Test func `a bidirectional call answers each message`() async throws {
        try await self.serving { _, client in
            let call = try await client.bidirectional("/test.Echo/Chat", sending: Bytes.self, receiving: Bytes.self)
            var responses = call.responses.makeAsyncIterator()
            for index in UInt8(0)..<50 {
                try await call.write(Bytes(Data([index])))
                #expect(try await responses.next()?.value == Data([index]))
            }
            call.finishWriting()
            #expect(try await responses.next() == nil)
        }
    }

    @Test func `a writer waits for a slow reader`() async throws {
        try await self.serving { echo, client in
            let responses: RPCMessages<Bytes> = try await client.serverStreaming("/test.Echo/Count", Number(2_000))
            var iterator = responses.makeAsyncIterator()
            for read in 1...2_000 {
                #expect(try await iterator.next() != nil)
                // What both sides may hold, in messages of 64 KiB, far below the 2,000 of the stream.
                #expect(echo.counter("count.written") < UInt64(read) + 100)
            }
            #expect(try await iterator.next() == nil)
        }
    }

    @Test func `a reader that lets its stream go ends it at the server`() async throws {
        try await self.serving { echo, client in
            do {
                let responses: RPCMessages<Bytes> = try await client.serverStreaming("/test.Echo/Count", Number(.max))
                for try await _ in responses { break }
            }
            try await wait { echo.counter("count.ended") == 0 }
        }
    }

    @Test func `cancelling the caller's task cancels the handler's`() async throws {
        try await self.serving { echo, client in
            let task = Task {
                let _: Text = try await client.unary("/test.Echo/Hang", Text("x"))
            }
            try await wait { echo.counter("hang.started") == 0 }
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
            try await wait { echo.counter("hang.cancelled") == 0 }
        }
    }

    @Test func `a deadline ends the call on both sides`() async throws {
        try await self.serving { echo, client in
            let status = await self.status {
                let _: Text = try await client.unary("/test.Echo/Hang", Text("x"), timeout: .milliseconds(50))
            }
            #expect(status?.code == .deadlineExceeded)
            // On a busy machine the time may be up before the handler begins.
            try await wait { echo.counter("hang.cancelled") < echo.counter("hang.started") }
        }
    }

    @Test func `a status arrives with its words and metadata`() async throws {
        try await self.serving { _, client in
            let status = await self.status { let _: Text = try await client.unary("/test.Echo/Fail", Text("status")) }
            #expect(status?.code == .failedPrecondition)
            #expect(status?.message == "100 % näher — 日本\nzwei Zeilen")
            #expect(status?.metadata["reason"] == ["test"])
        }
    }

    @Test func `an error that is no status keeps its words to itself`() async throws {
        try await self.serving { _, client in
            let status = await self.status { let _: Text = try await client.unary("/test.Echo/Fail", Text("error")) }
            #expect(status == RPCStatus(.unknown, "the call failed"))
        }
    }

    @Test func `what is not served is unimplemented`() async throws {
        try await self.serving { _, client in
            for path in ["/test.Echo/Nothing", "/test.Nobody/Echo", "/", "/test.Echo"] {
                let status = await self.status { let _: Text = try await client.unary(path, Text("x")) }
                #expect(status?.code == .unimplemented, "\(path)")
            }
        }
    }

    @Test func `a check refuses a stream before it begins`() async throws {
        try await self.serving { echo, client in
            let status = await self.status {
                let responses: RPCMessages<Bytes> = try await client.serverStreaming(
                    "/test.Echo/Count",
                    Number(1),
                    metadata: ["x-refuse": "yes"]
                )
                for try await _ in responses {}
            }
            #expect(status == RPCStatus(.permissionDenied, "refused before it was read"))
            #expect(echo.counter("count.ended") == 0)
        }
    }

    @Test func `a response that is too large for the client ends its call`() async throws {
        var limits = RPCLimits()
        limits.maximumMessageSize = 1_000
        try await self.serving(clientLimits: limits) { _, client in
            let status = await self.status {
                let _: Bytes = try await client.unary("/test.Echo/Echo", Bytes(Data(count: 2_000)))
            }
            #expect(status?.code == .resourceExhausted)
            let response: Bytes = try await client.unary("/test.Echo/Echo", Bytes(Data(count: 500)))
            #expect(response.value.count == 500)
        }
    }

    @Test func `the kernel says who calls`() async throws {
        try await self.serving { _, client in
            let answer: Text = try await client.unary("/test.Echo/Credentials", Text())
            let words = answer.value.split(separator: " ", omittingEmptySubsequences: false)
            #expect(words.first == "\(getpid())")
            #expect(words.dropFirst().first == "\(geteuid())")
            #expect(words.last == "running")
        }
    }

    @Test func `nobody vouches for a caller over TCP`() async throws {
        let echo = EchoServer()
        let port = try await echo.server.bind(host: "127.0.0.1", port: 0)
        let client = try await RPCClient.connect(host: "127.0.0.1", port: port)
        let answer: Text = try await client.unary("/test.Echo/Credentials", Text())
        #expect(answer.value == "none")
        await client.close()
        await echo.server.drain(grace: .zero)
    }

    @Test func `a drained server finishes what it has begun`() async throws {
        try await self.serving { echo, client in
            async let answer: Text = client.unary("/test.Echo/Hold", Text("held"))
            for await _ in echo.held { break }
            async let drained: Void = echo.server.drain(grace: .seconds(60))
            echo.release.open()
            let held = try await answer
            #expect(held.value == "held")
            await drained
            await client.waitUntilClosed()
            #expect(!client.isUsable)
            let status = await self.status { let _: Text = try await client.unary("/test.Echo/Hold", Text("late")) }
            #expect(status?.code == .unavailable)
        }
    }

    @Test func `a lost connection ends its calls`() async throws {
        try await self.serving { echo, client in
            let task = Task {
                let _: Text = try await client.unary("/test.Echo/Hang", Text("x"))
            }
            try await wait { echo.counter("hang.started") == 0 }
            await client.close()
            let status = await self.status { try await task.value }
            #expect(status?.code == .unavailable)
            try await wait { echo.counter("hang.cancelled") == 0 }
        }
    }

    @Test func `connections above the limit are closed`() async throws {
        var limits = RPCLimits()
        limits.maximumConnectionsPerUser = 2
        try await withTemporaryFolder { folder in
            let echo = EchoServer(limits: limits)
            try await echo.server.bind(unixSocket: "\(folder)/s")
            var clients: [RPCClient] = []
            for _ in 0..<2 {
                let client = try await RPCClient.connect(unixSocket: "\(folder)/s")
                let _: Text = try await client.unary("/test.Echo/Metadata", Text("x"))
                clients.append(client)
            }
            let status = await self.status {
                let third = try await RPCClient.connect(unixSocket: "\(folder)/s")
                let _: Text = try await third.unary("/test.Echo/Metadata", Text("x"))
            }
            #expect(status?.code == .unavailable)
            // A place that is given back can be taken again.
            await clients.removeLast().close()
            try await wait { echo.server.connectionCount > 1 }
            let fourth = try await RPCClient.connect(unixSocket: "\(folder)/s")
            let _: Text = try await fourth.unary("/test.Echo/Metadata", Text("x"))
            await fourth.close()
            await clients.removeLast().close()
            await echo.server.drain(grace: .zero)
        }
    }

    @Test func `nobody at the socket is unavailable`() async throws {
        let status = await self.status { _ = try await RPCClient.connect(unixSocket: "/tmp/lapwing-nobody") }
        #expect(status?.code == .unavailable)
    }

    @Test func `health is told and watched`() async throws {
        try await self.serving { echo, client in
            try await Self.checkHealth(echo, client)
        }
    }
}
