import Authorization
import Foundation
import Logging
import MutualTLS
import NIOCore
import Resources
import SPIFFE
import Synchronization
import TestIdentities
import ZeroTrust

@testable import Gateway

/// Answers names as a test says, and remembers what it was asked.
final class FakeResolver: HostResolver {
    private struct State {
        var answers: [String: [[String]]]
        var asked: [String] = []
    }

    struct Failed: Error {}

    /// Guards the answers that are left, and the questions.
    private let state: Mutex<State>

    /// Each name has its answers in the order of the questions.
    ///
    /// The last one stays. `!` is a failure.
    init(_ answers: [String: [[String]]] = [:]) {
        state = Mutex(State(answers: answers))
    }

    var asked: [String] { state.withLock { $0.asked } }

    func addresses(of name: DestinationName) async throws -> [IPAddress] {
        let answer = state.withLock { state -> [String] in
            state.asked.append(name.text)
            guard var list = state.answers[name.text], let first = list.first else { return [] }
            if list.count > 1 { list.removeFirst() }
            state.answers[name.text] = list
            return first
        }
        if answer == ["!"] { throw Failed() }
        return answer.compactMap { IPAddress($0) }
    }
}

/// Says of every caller what a test says.
struct FakeAttestor: LocalCallerAttestor {
    let identities: [String]

    func identities(of peer: LocalPeer) async throws -> [SPIFFEID] {
        try identities.map { try SPIFFEID("spiffe://cluster.local/ns/ml/sa/\($0)") }
    }
}

/// An egress listener on loopback, with a world of services that a trainer may call.
final class TestEgress: Sendable {
    let server: EgressServer
    let log: FakeLog
    let resolver: FakeResolver
    let authority: TestAuthority
    let box: EgressSnapshotBox

    private init(
        server: EgressServer,
        log: FakeLog,
        resolver: FakeResolver,
        authority: TestAuthority,
        box: EgressSnapshotBox
    ) {
        self.server = server
        self.log = log
        self.resolver = resolver
        self.authority = authority
        self.box = box
    }

    /// The declared world; `PORT` is that of the server on loopback.
    static let world = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: hub, namespace: ml }
        spec:
          hosts: ["hub.example.com", "xn--bcher-kva.example"]
          resolution: DNS
          ports: [{ number: 443, name: https, protocol: TLS }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: storage, namespace: ml }
        spec:
          hosts: ["*.storage.example.com", "*.quad9.net"]
          resolution: DYNAMIC_DNS
          ports: [{ number: 443, name: https, protocol: HTTPS }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: api, namespace: ml }
        spec:
          hosts: ["api.example.com"]
          resolution: DNS
          ports: [{ number: 80, name: http, protocol: HTTP }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: blocks, namespace: ml }
        spec:
          hosts: ["blocks.example.com"]
          addresses: ["10.20.0.0/16"]
          resolution: DNS
          ports: [{ number: 443, name: https, protocol: TLS }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: canary, namespace: ml }
        spec:
          hosts: ["canary.example.com"]
          resolution: STATIC
          ports:
            - { number: 80, name: http, protocol: HTTP, targetPort: PORT }
            - { number: 443, name: https, protocol: TLS, targetPort: PORT }
          endpoints: [{ address: 127.0.0.1 }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: features, namespace: ml }
        spec:
          hosts: ["features.ml"]
          location: MESH_INTERNAL
          resolution: STATIC
          ports: [{ number: 80, name: http, protocol: HTTP, targetPort: PORT }]
          endpoints: [{ address: 127.0.0.1 }]
          subjectAltNames: ["spiffe://cluster.local/ns/ml/sa/features"]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: hidden, namespace: other }
        spec:
          hosts: ["hidden.example.com"]
          exportTo: ["."]
          resolution: STATIC
          ports: [{ number: 443, name: https, protocol: TLS, targetPort: PORT }]
          endpoints: [{ address: 127.0.0.1 }]
        ---
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: undecidable, namespace: ml }
        spec:
          hosts: ["undecidable.example.com"]
          resolution: STATIC
          ports: [{ number: 443, name: https, protocol: TLS, targetPort: PORT }]
          endpoints: [{ address: 127.0.0.1 }]
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: trainer, namespace: ml }
        spec:
          targetRefs:
            - { group: networking.istio.io, kind: ServiceEntry, name: hub }
            - { group: networking.istio.io, kind: ServiceEntry, name: storage }
            - { group: networking.istio.io, kind: ServiceEntry, name: blocks }
            - { group: networking.istio.io, kind: ServiceEntry, name: features }
            - { group: networking.istio.io, kind: ServiceEntry, name: undecidable }
          rules:
            - from: [{ source: { principals: ["cluster.local/ns/ml/sa/trainer", "cluster.local/ns/ml/sa/gateway"] } }]
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: trainer-plain, namespace: ml }
        spec:
          targetRefs:
            - { group: networking.istio.io, kind: ServiceEntry, name: api }
            - { group: networking.istio.io, kind: ServiceEntry, name: canary }
          rules:
            - from: [{ source: { principals: ["cluster.local/ns/ml/sa/trainer"] } }]
              to:
                - operation: { methods: ["GET", "POST", "HEAD"], paths: ["/v1/*", "/dns-query*"] }
                - operation: { ports: ["443"] }
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: never-banned, namespace: ml }
        spec:
          targetRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: hub }]
          action: DENY
          rules:
            - from: [{ source: { principals: ["cluster.local/ns/ml/sa/banned"] } }]
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: no-deletes, namespace: ml }
        spec:
          targetRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: undecidable }]
          action: DENY
          rules:
            - to: [{ operation: { methods: ["DELETE"] } }]
        """

    static func snapshot(port: Int, world: String = world) throws -> EgressSnapshot {
        let documents = try ResourceLoader.parse(
            yaml: world.replacing("PORT", with: String(port)),
            file: "egress.yaml"
        )
        return try EgressSnapshot(
            entries: ServiceEntry.load(documents),
            policies: PolicySet.load(documents),
            namespace: "ml",
            trustDomains: ["cluster.local"],
            digest: "digest-1"
        )
    }

    /// Starts a listener before a server on loopback.
    static func start(
        port: Int = 1,
        callers: [String] = ["trainer"],
        answers: [String: [[String]]] = [:],
        log: FakeLog = FakeLog(),
        authority: TestAuthority? = nil,
        attestor: (any LocalCallerAttestor)? = nil,
        world: String = world,
        listeners: [EgressListener] = [
            EgressListener(name: "proxy", place: .loopback(address: "127.0.0.1", port: 0, isTransparent: false))
        ],
        configure: (inout EgressConfiguration) -> Void = { _ in }
    ) async throws -> TestEgress {
        let authority = try authority ?? .root("cluster.local", now: Date())
        let identity = try TestGateway.identity(authority, "/ns/ml/sa/gateway")
        let box = EgressSnapshotBox(try snapshot(port: port, world: world))
        let resolver = FakeResolver(answers)
        var egress = EgressConfiguration(listeners: listeners)
        configure(&egress)
        let server = EgressServer(
            egress: egress,
            gateway: GatewayConfiguration(
                name: "out",
                workload: Workload(namespace: "ml"),
                pathNormalization: .mergeSlashes,
                listeners: [],
                upstreams: [],
                routes: [],
                egress: egress
            ),
            snapshots: box,
            identity: identity,
            attestor: attestor ?? FakeAttestor(identities: callers),
            resolver: resolver,
            log: log,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            node: "node-1"
        )
        try await server.start()
        return TestEgress(server: server, log: log, resolver: resolver, authority: authority, box: box)
    }

    func connect() async throws -> EgressClient { try await EgressClient.connect(port: server.ports["proxy"] ?? 0) }

    func stop() async { await server.drain(within: .zero) }
}
