import Foundation
import NIOCore
import Testing

@testable import Gateway

/// What holds of a tunnel however its client asked for it.
@Suite(.timeLimit(.minutes(1))) struct TunnelTests {
    /// How a client asks for a tunnel.
    enum Kind: CaseIterable {
        case connect, webSocket

        var ask: String {
            switch self {
            case .connect: ConnectTests.ask()
            case .webSocket: WebSocketTests.ask()
            }
        }

        /// Runs a test with a route that allows such tunnels.
        func with(_ body: (TestGateway, TunnelUpstream) async throws -> Void) async throws {
            switch self {
            case .connect: try await ConnectTests.with { try await body($0, $1) }
            case .webSocket: try await WebSocketTests.with { try await body($0, $1) }
            }
        }
    }

    @Test(arguments: Kind.allCases) func `a tunnel ends when the gateway stops`(kind: Kind) async throws {
        try await kind.with { gateway, _ in
            let client = try await gateway.client()
            client.send(kind.ask)
            await client.wait(for: "\r\n\r\n")
            await gateway.server.drain(within: .milliseconds(50))
            _ = await client.end()
            #expect(await gateway.log.records("completion", count: 1).last?["ended"] == "drained")
        }
    }

    @Test(arguments: Kind.allCases) func `neither side is read faster than the other reads`(kind: Kind) async throws {
        let total = 32 << 20
        try await kind.with { gateway, upstream in
            let client = try await gateway.client(autoRead: false)
            client.send(kind.ask)
            await upstream.heard.wait { !$0.isEmpty }
            let sent = Observed(0)
            try await upstream.pour(total, sent)
            let held = try await StreamingTests.settled(sent, gateway)
            #expect(held < total / 2, "\(held) of \(total) bytes left the upstream")
            try await client.resume()
            await sent.wait { $0 == total }
            await client.heard.wait { $0.text.utf8.count > total }
            await client.close()
        }
    }
}
