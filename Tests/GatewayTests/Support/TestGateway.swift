import Authorization
import Foundation
import Guardrails
import Logging
import MutualTLS
import Resources
import SPIFFE
import TestIdentities
import X509
import ZeroTrust

@testable import Gateway

/// A gateway on a loopback port, with the policy of the reference scenario.
final class TestGateway: Sendable {
    static let policy = policy(
        #"{ methods: ["POST", "GET", "HEAD"], paths: ["/v1/predict", "/v1/stream", "/v1/first", "/v1/small"] }"#
    )

    /// A policy that allows the reference scenario's caller these operations.
    static func policy(_ operations: String...) -> String {
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: inference, namespace: ml-inference }
        spec:
          selector: { matchLabels: { app: inference-service } }
          action: ALLOW
          rules:
            - from:
                - source: { principals: ["cluster.local/ns/ml-api/sa/api-gateway"] }
              to:
        """ + operations.map { "\n        - operation: \($0)" }.joined()
    }

    let authority: TestAuthority
    let identity: TLSIdentity
    let server: GatewayServer
    let log: FakeLog
    /// What the gateway has told its operator so far.
    let events: Observed<[String]>
    var id: SPIFFEID { identity.svid.id }
    private let upstream: TestUpstream?

    private init(
        authority: TestAuthority,
        identity: TLSIdentity,
        server: GatewayServer,
        log: FakeLog,
        events: Observed<[String]>,
        upstream: TestUpstream?
    ) {
        self.authority = authority
        self.identity = identity
        self.server = server
        self.log = log
        self.events = events
        self.upstream = upstream
    }

    /// An identity of the trust domain.
    static func identity(_ authority: TestAuthority, _ path: String) throws -> TLSIdentity {
        try TLSIdentity(svid: authority.svid(path), bundles: [authority.trustDomain: authority.bundle])
    }

    static func snapshot(
        _ policy: String,
        digest: String = "digest-1",
        keys: TokenKeyStore = TokenKeyStore(),
        compatibility: Compatibility = .strict
    ) throws -> PolicySnapshot {
        let documents = try ResourceLoader.parse(yaml: policy, file: "policy.yaml")
        let policies = try PolicySet.load(documents)
        let workload = Workload(namespace: "ml-inference", labels: ["app": "inference-service"])
        var options = PolicyEngine.Options()
        options.compatibility = compatibility
        return PolicySnapshot(
            engine: try PolicyEngine(policies: policies, workload: workload, options: options),
            tokens: try TokenVerifier(
                policies: policies,
                workload: workload,
                options: options,
                keys: keys
            ),
            mutualTLS: MutualTLSRequirement(policies.peerAuthentications, workload: workload),
            digest: digest
        )
    }

    /// A resource that sets the mode of the namespace, to be put behind a policy.
    static func mode(_ mode: MutualTLSMode) -> String {
        """

        ---
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: { name: default, namespace: ml-inference }
        spec: { mtls: { mode: \(mode.rawValue) } }
        """
    }

    /// Starts a gateway before an upstream.
    static func start(
        upstream: TestUpstream?,
        authority: TestAuthority? = nil,
        transport: Upstream.Transport? = nil,
        models: (any LocalModelAttestor)? = nil,
        log: FakeLog = FakeLog(),
        policy: String = TestGateway.policy,
        limits: GatewayLimits = GatewayLimits(),
        admin: Bool = false,
        descriptors: Int? = nil,
        bodies: BodyKeeper? = nil,
        configure: (inout GatewayConfiguration) -> Void = { _ in }
    ) async throws -> TestGateway {
        let authority = try authority ?? .root("cluster.local", now: Date())
        // What a client still sends after an answer is read, too, but a test need not wait for long.
        var limits = limits
        limits.linger = .milliseconds(200)
        // Some clients cannot be told that they look for a SPIFFE ID, and want a name beside it.
        let svid = try authority.svid("/ns/ml-inference/sa/inference-service") {
            $0.names.append(.dnsName("inference.example"))
        }
        let identity = try TLSIdentity(svid: svid, bundles: [authority.trustDomain: authority.bundle])
        var configuration = GatewayConfiguration(
            name: "inference",
            workload: Workload(namespace: "ml-inference", labels: ["app": "inference-service"]),
            listeners: [Listener(address: "127.0.0.1", port: 0)],
            upstreams: [
                Upstream(
                    name: "inference",
                    transport: transport ?? upstream?.transport ?? .plaintext(address: "127.0.0.1", port: 1)
                )
            ],
            routes: [
                Route(name: "all", upstream: "inference"),
                Route(name: "first", path: .exact("/v1/first"), upstream: "inference", record: .first),
                Route(name: "small", path: .exact("/v1/small"), upstream: "inference", bodyLimit: 10),
            ],
            limits: limits,
            admin: admin ? .init(port: 0) : nil
        )
        configure(&configuration)
        let events = Observed<[String]>([])
        let logger = Logger(label: "test") { _ in EventLog(events) }
        let server = GatewayServer(
            configuration: configuration,
            policy: try snapshot(policy),
            identity: identity,
            models: models,
            log: log,
            logger: logger,
            node: "node-1",
            version: "test",
            bodies: bodies,
            prompts: { request in
                request.texts.isEmpty
                    ? nil : DecisionRecord.Prompt(fingerprint: UInt64(request.texts.count), template: 7)
            },
            threads: 1,
            descriptors: descriptors
        )
        try await server.start()
        return TestGateway(
            authority: authority,
            identity: identity,
            server: server,
            log: log,
            events: events,
            upstream: upstream
        )
    }

    /// Puts another policy in force, and leaves the rest as it is.
    func replace(policy: PolicySnapshot) async throws {
        try await server.update(configuration: server.configuration, policy: policy)
    }

    /// A client with an identity of the trust domain.
    func client(_ path: String = "/ns/ml-api/sa/api-gateway", autoRead: Bool = true) async throws -> TestClient {
        try await TestClient.connect(
            to: server.ports["mtls"] ?? 0,
            as: TestGateway.identity(authority, path),
            expecting: id,
            autoRead: autoRead
        )
    }

    /// A client without TLS.
    func plainClient() async throws -> TestClient {
        try await TestClient.connectPlaintext(to: server.ports["mtls"] ?? 0)
    }

    func stop() async {
        await server.drain(within: .zero)
        await upstream?.stop()
    }

    /// Runs a test with a gateway and its upstream, and stops both.
    static func with(
        _ respond: @escaping @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = { _, responder in
            responder.write(TestUpstream.ok)
        },
        log: FakeLog = FakeLog(),
        policy: String = TestGateway.policy,
        limits: GatewayLimits = GatewayLimits(),
        configure: (inout GatewayConfiguration) -> Void = { _ in },
        _ body: (TestGateway, TestUpstream) async throws -> Void
    ) async throws {
        let upstream = try await TestUpstream.start(respond: respond)
        let gateway = try await TestGateway.start(
            upstream: upstream,
            log: log,
            policy: policy,
            limits: limits,
            configure: configure
        )
        do {
            try await body(gateway, upstream)
        } catch {
            await gateway.stop()
            throw error
        }
        await gateway.stop()
    }

    /// A client that a stranger's authority vouches for.
    static func stranger(_ gateway: TestGateway) async throws -> TestClient {
        let stranger = try TestAuthority.root("cluster.local", now: Date())
        let identity = try TLSIdentity(
            svid: stranger.svid("/ns/ml-api/sa/api-gateway"),
            bundles: [gateway.authority.trustDomain: gateway.authority.bundle]
        )
        return try await TestClient.connect(to: gateway.server.ports["mtls"] ?? 0, as: identity, expecting: gateway.id)
    }

    /// A client that sends a text without TLS.
    static func plaintext(_ gateway: TestGateway, _ text: String) async throws -> TestClient {
        try await plaintext(port: gateway.server.ports["mtls"] ?? 0, text)
    }

    static func plaintext(port: Int, _ text: String) async throws -> TestClient {
        let client = try await TestClient.connectPlaintext(to: port)
        client.send(text)
        return client
    }

    /// What the admin listener answers.
    static func admin(_ gateway: TestGateway, _ path: String) async throws -> TestClient.Heard {
        let port = gateway.server.adminPort ?? 0
        return await (try plaintext(port: port, "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")).end()
    }

    static func post(_ path: String = "/v1/predict", _ body: String = "{}", headers: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: inference.example\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
