import Foundation
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct WebSocketPeerTests {
    @Test func `Python's websockets talk through the gateway, client and server`() async throws {
        guard let python = ExternalTool.python else { return }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.appendingPathComponent("ws.sock").path
        let gateway = try await TestGateway.start(upstream: nil, transport: .unixSocket(socket)) {
            $0.routes[0].allowsWebSocket = true
        }
        try await withCredentials(gateway) { _, certificate, key in
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../Peers/websocket_through_gateway.py").standardizedFileURL.path
            let port = "\(gateway.server.ports["mtls"] ?? 0)"
            let outcome = try await python.run([script, port, certificate, key, socket])
            #expect(outcome.status == 0 && outcome.output.hasSuffix("11 of 11\n"), "\(outcome.output)")
            print("suite: websockets through the gateway: \(outcome.output.split(separator: "\n").last ?? "nothing")")
        }
        let decisions = await gateway.log.records("decision", count: 60)
        let completions = await gateway.log.records("completion", count: 60)
        #expect(decisions.count == 60 && completions.count == 60)
        #expect(completions.filter { $0["response.status"] == "101" && $0["ended"] == "complete" }.count == 57)
        await gateway.stop()
    }
}
