import Foundation
import Glibc
import SPIFFE
import TestIdentities
import Testing

@testable import Gateway

/// A database of somebody else's behind a listener without HTTP, and its own client before it.
@Suite(.timeLimit(.minutes(1))) struct TCPThirdPartyTests {
    /// A Redis that listens at a socket in a folder, until the test is over.
    private final class Redis {
        private let process = Process()
        let socket: String

        init?(in folder: URL) async throws {
            guard let program = ExternalTool.installed("redis-server") else { return nil }
            socket = folder.appendingPathComponent("redis.sock").path
            process.executableURL = URL(fileURLWithPath: program.path)
            process.arguments = [
                "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder.path,
            ]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            for _ in 0..<500 where !FileManager.default.fileExists(atPath: socket) {
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        deinit {
            // It has inherited what this process blocks, SIGTERM among it, and would not hear of that.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Runs a test with a Redis behind a gateway, and with its client.
    private static func with(
        _ body: (TestGateway, _ redis: ([String], _ caller: String) async throws -> ExternalTool.Outcome) async throws
            -> Void
    ) async throws {
        guard let client = ExternalTool.installed("redis-cli") else { return }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        guard let redis = try await Redis(in: folder) else { return }
        let gateway = try await TestGateway.start(
            upstream: nil,
            transport: .unixSocket(redis.socket),
            policy: TCPTests.policy
        ) { configuration in
            let service = TCPService(upstream: "inference")
            configuration.listeners = [Listener(address: "127.0.0.1", port: 0, service: .tcp(service))]
            configuration.routes = []
        }
        let port = gateway.server.ports["mtls"] ?? 0
        let root = folder.appendingPathComponent("root.pem")
        try Data(gateway.authority.bundle.pem.utf8).write(to: root)
        do {
            try await body(gateway) { arguments, caller in
                try await withCredentials(gateway, caller) { _, certificate, key in
                    // It would wait for ever, where a connection hangs.
                    try await ExternalTool(path: "/usr/bin/timeout").run(
                        ["20", client.path, "-h", "127.0.0.1", "-p", "\(port)", "--tls", "--cacert", root.path]
                            + ["--cert", certificate, "--key", key] + arguments
                    )
                }
            }
        } catch {
            await gateway.stop()
            throw error
        }
        await gateway.stop()
    }

    @Test func `Redis and its client speak through a listener without HTTP`() async throws {
        try await Self.with { gateway, redis in
            let caller = "/ns/ml-api/sa/api-gateway"
            #expect(try await redis(["PING"], caller).output == "PONG\n")
            #expect(try await redis(["SET", "feature", "0.5"], caller).output == "OK\n")
            #expect(try await redis(["GET", "feature"], caller).output == "0.5\n")
            let large = String(repeating: "x", count: 100_000)
            #expect(try await redis(["SET", "large", large], caller).output == "OK\n")
            #expect(try await redis(["GET", "large"], caller).output == large + "\n")
            // A hundred commands, one after the other on one connection.
            let counted = try await redis(["-r", "100", "INCR", "count"], caller)
            #expect(counted.output.hasSuffix("\n99\n100\n"))
            let decisions = await gateway.log.records("decision", count: 6)
            #expect(decisions.allSatisfy { $0["decision.outcome"] == "allow" && $0["request.method"] == "TCP" })
        }
    }

    @Test func `a client of Redis that is not allowed gets nothing, and is told so`() async throws {
        try await Self.with { gateway, redis in
            let refused = try await redis(["GET", "feature"], "/ns/ml-training/sa/trainer")
            #expect(refused.status != 0 && refused.status != 124, "\(refused)")
            #expect(refused.output.contains("Error: "))
            let decision = try #require(await gateway.log.records("decision", count: 1).first)
            #expect(decision["decision.outcome"] == "deny")
        }
    }
}
