import Federation
import Foundation
import Logging
import RPC
import SPIFFE
import Synchronization
import TestIdentities
import Testing
import WireProtos
import WorkloadIdentity
import ZeroTrust

@testable import lapwing

/// What endpoints for strangers show follows the Workload API, whatever ends its stream.
@Suite(.timeLimit(.minutes(1))) struct ShownIdentitiesTests {
    @Test func `a stream that ends for good is asked for again, and what it says then is shown`() async throws {
        let directory = try TemporaryDirectory()
        let authority = try TestAuthority.root()
        let svid = try authority.svid("/ns/lapwing/sa/federation")
        let bundle = authority.bundle.der
        let calls = Mutex(0)
        let service = RPCService(
            "SpiffeWorkloadAPI",
            methods: [
                .serverStreaming("FetchX509SVID") {
                    (_: WorkloadAPI_X509SVIDRequest, _, writer: RPCWriter<WorkloadAPI_X509SVIDResponse>) in
                    let call = calls.withLock { calls -> Int in
                        calls += 1
                        return calls
                    }
                    // After this the client's stream is over.
                    guard call > 2 else { throw RPCStatus(.invalidArgument, "not like this") }
                    var shown = WorkloadAPI_X509SVID()
                    shown.spiffeID = svid.id.description
                    shown.x509Svid = Data(svid.chainDER)
                    shown.x509SvidKey = Data(svid.keyPKCS8.value)
                    shown.bundle = Data(bundle)
                    var response = WorkloadAPI_X509SVIDResponse()
                    response.svids = [shown]
                    try await writer.write(response)
                    try await Task.sleep(for: .seconds(60))
                }
            ]
        )
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = RPCServer(services: [service], logger: logger)
        let socket = directory.path + "/w.sock"
        try await server.bind(unixSocket: socket)
        let endpoint = try await HTTPSEndpoint.start(address: IPAddress(v4: 0x7f00_0001), port: 0) { _ in
            .init(200, Array("{}".utf8))
        }
        let shown = ShownIdentities(socket: socket, pause: .milliseconds(20), logger: logger)
        shown.add(.spiffe(svid.id), on: endpoint, named: "federation")
        let following = Task { await shown.run() }
        var answer = ""
        for _ in 0..<500 where answer != "{}" {
            answer =
                try Program.run(["-sk", "-m", "5", "https://127.0.0.1:\(endpoint.port)/"], program: "/usr/bin/curl")
                .output
            if answer.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        }
        #expect(answer == "{}")
        #expect(calls.withLock { $0 } == 3)
        following.cancel()
        await following.value
        await endpoint.stop()
        await server.drain(grace: .zero)
    }
}
