import RPC
import SwiftProtobuf
import Testing
import WireProtos

extension `RPC client and server` {
    static func checkHealth(_ echo: EchoServer, _ client: RPCClient) async throws {
        let path = "/\(ServiceName.health)"
        let answer: Health_HealthCheckResponse = try await client.unary("\(path)/Check", Health_HealthCheckRequest())
        #expect(answer.status == .serving)

        let watch: RPCMessages<Health_HealthCheckResponse> = try await client.serverStreaming(
            "\(path)/Watch",
            Health_HealthCheckRequest.with { $0.service = "new" }
        )
        var statuses = watch.makeAsyncIterator()
        #expect(try await statuses.next()?.status == .serviceUnknown)
        echo.health.set(.serving, for: "new")
        #expect(try await statuses.next()?.status == .serving)
        echo.health.set(.notServing, for: "other")
        echo.health.set(.notServing, for: "new")
        #expect(try await statuses.next()?.status == .notServing)
    }
}
