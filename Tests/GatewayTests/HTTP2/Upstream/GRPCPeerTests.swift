import Foundation
import SwiftASN1
import TestIdentities
import Testing
import X509

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct GRPCPeerTests {
    /// What the client may call; `Denied` is not among it.
    static let policy = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: calls, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
          - from: [{ source: { principals: ["cluster.local/ns/ml-api/sa/api-gateway"] } }]
            to: [{ operation: { methods: [POST], paths: ["/lapwing.test.Echo/*"], notPaths: ["*/Denied"] } }]
        """

    @Test func `Python's grpcio calls Python's grpcio through the gateway, in every way that gRPC has`() async throws {
        guard let python = ExternalTool.python else { return }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.appendingPathComponent("grpc.sock").path
        let gateway = try await TestGateway.start(
            upstream: nil,
            transport: .unixSocket(socket),
            policy: Self.policy
        ) { $0.upstreams[0].http2 = HTTP2Upstream() }
        let roots = folder.appendingPathComponent("roots.pem")
        try Data(try gateway.authority.certificate.serializeAsPEM().pemString.utf8).write(to: roots)
        try await withCredentials(gateway) { _, certificate, key in
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../Peers/grpc_through_gateway.py").standardizedFileURL.path
            let port = "\(gateway.server.ports["mtls"] ?? 0)"
            let outcome = try await python.run([script, port, certificate, key, roots.path, socket])
            #expect(outcome.status == 0 && outcome.output.hasSuffix("11 of 11\n"), "\(outcome.output)")
            print(
                "suite: grpcio through the gateway: \(outcome.output.split(separator: "\n").last ?? "nothing") kinds of calls"
            )
        }
        // One decision and one completion of each call.
        let decisions = await gateway.log.records("decision", count: 510)
        let completions = await gateway.log.records("completion", count: 510)
        #expect(decisions.count == completions.count)
        #expect(Set(decisions.map { $0["id"] }) == Set(completions.map { $0["id"] }))
        await gateway.stop()
    }
}
