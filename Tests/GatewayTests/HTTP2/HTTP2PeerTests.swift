import Foundation
import Testing

@testable import Gateway

/// Clients of HTTP/2 that other people wrote get what they ask for.
@Suite(.timeLimit(.minutes(2))) struct HTTP2PeerTests {
    /// Says back what it was sent.
    static let echo: @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = { request, responder in
        responder.write("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.utf8.count)\r\n\r\n\(request.body)")
    }

    @Test func `curl agrees on HTTP/2, and on HTTP/1 where it is asked to`() async throws {
        guard let curl = ExternalTool.installed("curl") else { return }
        try await TestGateway.with(Self.echo) { gateway, upstream in
            try await withCredentials(gateway) { folder, certificate, key in
                let url = "https://127.0.0.1:\(gateway.server.ports["mtls"] ?? 0)/v1/predict"
                let large = folder.appendingPathComponent("large")
                try Data(repeating: UInt8(ascii: "x"), count: 5 << 20).write(to: large)
                let common = [
                    "--silent", "--show-error", "--insecure", "--cert", certificate, "--key", key, "--max-time", "30",
                ]
                let said = ["--write-out", "\n%{http_version} %{http_code} %{size_upload} %{size_download}"]
                let cases: [(arguments: [String], end: String)] = [
                    (["--http2", "--data", "hello"], "hello\n2 200 5 5"),
                    (["--http1.1", "--data", "hello"], "hello\n1.1 200 5 5"),
                    (
                        ["--http2", "--data-binary", "@\(large.path)", "--output", "/dev/null"],
                        "\n2 200 5242880 5242880"
                    ),
                    (["--http2", "--header", "Transfer-Encoding: chunked", "--data", "hello"], "hello\n2 200 5 5"),
                    (["--http2", "--head"], "\n2 200 0 0"),
                    (["--http2", "--request", "DELETE", "--output", "/dev/null"], "2 403 0 54"),
                ]
                for (arguments, end) in cases {
                    let outcome = try await curl.run(common + said + arguments + [url])
                    #expect(outcome.status == 0 && outcome.output.hasSuffix(end), "\(arguments): \(outcome)")
                }
                #expect(upstream.received.value.count == cases.count - 1)
            }
        }
    }

    @Test func `Python's httpx has a thousand requests answered on few connections`() async throws {
        guard let python = ExternalTool.python else { return }
        try await TestGateway.with(Self.echo) { gateway, upstream in
            try await withCredentials(gateway) { _, certificate, key in
                let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                    .appendingPathComponent("../Peers/http2_client.py").standardizedFileURL.path
                let port = "\(gateway.server.ports["mtls"] ?? 0)"
                let outcome = try await python.run([script, port, certificate, key, "1000"])
                #expect(outcome.status == 0 && outcome.output == "1000 of 1000\n", "\(outcome.output)")
                #expect(upstream.received.value.count == 1001)
                let completions = await gateway.log.records("completion", count: 1002)
                #expect(completions.count == 1002)
                #expect(completions.filter { $0["ended"] == "complete" }.count == 1001)
                print("suite: httpx over HTTP/2: \(outcome.output.trimmingCharacters(in: .newlines)) answered")
            }
        }
    }

    @Test func `thousands of requests on a few connections are each answered and recorded once`() async throws {
        try await TestGateway.with(Self.echo) { gateway, upstream in
            let clients = 4
            let rounds = 20
            let streams = 50
            for client in 0..<clients {
                let connection = try await FrameClient.connect(to: gateway)
                for round in 0..<rounds {
                    let first = UInt32(round * streams) * 2 + 1
                    let all = (0..<UInt32(streams)).map { first + $0 * 2 }
                    connection.send(
                        all.flatMap {
                            Frames.headers($0, Frames.request(), ends: false)
                                + Frames.data($0, "\(client) \($0)", ends: true)
                        }
                    )
                    for stream in all {
                        let response = await connection.response(stream)
                        #expect(response.status == 200 && response.body == "\(client) \(stream)")
                    }
                }
                await connection.close()
            }
            let total = clients * rounds * streams
            #expect(await gateway.log.records("completion", count: total).count == total)
            #expect(upstream.received.value.count == total)
            print("suite: \(total) requests over \(clients) connections of HTTP/2 answered")
        }
    }
}
