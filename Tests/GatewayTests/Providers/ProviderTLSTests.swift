import Foundation
import TestIdentities
import Testing

@testable import Gateway

/// CUSTOM policies whose provider is reached over mutual TLS.
@Suite(.timeLimit(.minutes(1))) struct ProviderTLSTests {
    /// A gRPC provider that allows everything, by hand: a `CheckResponse` with an empty status is one of code OK.
    private static let allowing: @Sendable (FrameUpstream.Event) -> Void = { event in
        guard case .whole(let connection, let stream, _) = event else { return }
        connection.send(
            Frames.headers(stream, [(":status", "200"), ("content-type", "application/grpc")], ends: false)
                + Frames.data(stream, "\0\0\0\0\u{2}\n\0") + Frames.headers(stream, [("grpc-status", "0")])
        )
    }

    /// Asks a provider with one identity that is expected to have another; the status, and what the provider was sent.
    private func ask(
        providerOf domain: String = "cluster.local",
        as path: String,
        expecting expected: String
    ) async throws -> (statuses: [Int], reason: String?, asked: Int, forwarded: Int) {
        let authority = try TestAuthority.root("cluster.local", now: Date())
        let own = domain == "cluster.local" ? authority : try TestAuthority.root(domain, now: Date())
        let provider = try await FrameUpstream.start(
            identity: TestGateway.identity(own, path),
            respond: Self.allowing
        )
        let upstream = try await TestUpstream.start()
        let gateway = try await TestGateway.start(upstream: upstream, authority: authority)
        guard case .mutualTLS(let host, let port, _, _) = provider.transport else { fatalError("no mutual TLS") }
        try await ProviderWorld.ask(
            ProviderWorld.providers(
                """
                - name: judge
                  envoyExtAuthzGrpc:
                    service: \(host)
                    port: \(port)
                    spiffeID: \(expected)
                """
            ),
            at: gateway
        )
        let client = try await gateway.client()
        let statuses = await client.request(TestGateway.post()).statuses
        let record = await gateway.log.records("decision", count: 1).first
        let asked = provider.heard.value.reduce(0) { $0 + $1.requests.count }
        let result = (statuses, record?["decision.reason"], asked, upstream.received.value.count)
        await client.close()
        await gateway.stop()
        await provider.stop()
        await upstream.stop()
        return result
    }

    @Test func `the provider that it should be is asked`() async throws {
        let result = try await ask(as: "/ns/istio/sa/judge", expecting: "spiffe://cluster.local/ns/istio/sa/judge")
        #expect(result.statuses == [200] && result.asked == 1 && result.forwarded == 1)
    }

    @Test func `another is told nothing, and allows nothing`() async throws {
        for (domain, path) in [("cluster.local", "/ns/istio/sa/other"), ("elsewhere.test", "/ns/istio/sa/judge")] {
            let result = try await ask(
                providerOf: domain,
                as: path,
                expecting: "spiffe://cluster.local/ns/istio/sa/judge"
            )
            #expect(result.statuses == [403] && result.asked == 0 && result.forwarded == 0, "\(domain) \(result)")
            #expect(result.reason == "provider_unreachable", "\(result)")
        }
    }
}
