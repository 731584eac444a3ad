import Authorization
import Foundation
import Resources
import Testing

@testable import Gateway

/// A gateway whose CUSTOM policy asks a provider, and the provider.
enum ProviderWorld {
    static let custom = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: ask, namespace: ml-inference }
        spec:
          action: CUSTOM
          provider: { name: judge }
          rules: [{ to: [{ operation: { notPaths: ["/v1/small"] } }] }]
        ---

        """

    /// Reads providers as a configuration writes them.
    static func providers(_ yaml: String) throws -> [ExternalProvider] {
        let value = try #require(try ResourceLoader.values(yaml: yaml, file: "gateway.yaml").first)
        var warnings: [Diagnostic] = []
        return try value.list { try ExternalProvider($0, warnings: &warnings) }
    }

    /// Puts policies in force that may ask these providers.
    static func ask(
        _ providers: [ExternalProvider],
        by policy: String = custom + TestGateway.policy,
        at gateway: TestGateway
    ) async throws {
        let policies = try PolicySet.load(try ResourceLoader.parse(yaml: policy, file: "policy.yaml"))
        let workload = Workload(namespace: "ml-inference", labels: ["app": "inference-service"])
        let options = PolicyEngine.Options(providers: Set(providers.map(\.name)))
        var configuration = gateway.server.configuration
        configuration.providers = providers
        try await gateway.server.update(
            configuration: configuration,
            policy: PolicySnapshot(
                engine: try PolicyEngine(policies: policies, workload: workload, options: options),
                tokens: try TokenVerifier(
                    policies: policies,
                    workload: workload,
                    options: options,
                    keys: TokenKeyStore()
                ),
                digest: "digest-2"
            )
        )
    }

    /// A provider over HTTP that a test scripts, and a gateway that asks it.
    static func withHTTP(
        _ settings: String = "",
        policy: String = custom + TestGateway.policy,
        answering answer: @escaping @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void,
        _ body: (TestGateway, _ upstream: TestUpstream, _ provider: TestUpstream) async throws -> Void
    ) async throws {
        let provider = try await TestUpstream.start(respond: answer)
        do {
            try await TestGateway.with { gateway, upstream in
                try await ask(
                    providers(
                        """
                        - name: judge
                          envoyExtAuthzHttp:
                        \(indented(reached(provider.transport) + "\n" + settings))
                        """
                    ),
                    by: policy,
                    at: gateway
                )
                try await body(gateway, upstream, provider)
            }
        } catch {
            await provider.stop()
            throw error
        }
        await provider.stop()
    }

    /// How a transport is written in a configuration.
    static func reached(_ transport: Upstream.Transport) -> String {
        switch transport {
        case .unixSocket(let path): "unixSocket: \(path)"
        case .plaintext(let address, let port): "service: \(address)\nport: \(port)\nplaintext: true"
        case .mutualTLS(let host, let port, let id, _): "service: \(host)\nport: \(port)\nspiffeID: \(id)"
        }
    }

    static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
    }
}
