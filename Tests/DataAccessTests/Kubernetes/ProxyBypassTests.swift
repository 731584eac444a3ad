import Resources
import Testing

@testable import DataAccess

@Suite("Pods that are not behind their proxies")
struct ProxyBypassTests {
    /// The lines of a proof that are not proved, with what was given beside what Lapwing writes.
    private static func refuted(_ more: String) throws -> [(line: String, outcome: InvariantProof.Outcome)] {
        let estate = try ClusterEstate.load()
        let documents = try ClusterEstate.documents(estate) + ResourceLoader.parse(yaml: more, file: "live.yaml")
        let artifacts = try KubernetesArtifacts(documents, estate: estate)
        return EstateProof.results(estate, kubernetes: artifacts).filter { $0.outcome != .proved }.map {
            ("\($0.layer) \($0.id)", $0.outcome)
        }
    }

    private static func deployment(_ account: String, metadata: String, spec: String = "") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: w, namespace: ml-training}
        spec:
          template:
            metadata: {\(metadata)}
            spec: {serviceAccountName: \(account)\(spec)}
        """
    }

    private static let own = "labels: {lapwing.dev/component: training}"

    @Test("are found by what their template says, with the place")
    func templates() throws {
        #expect(try Self.refuted(Self.deployment("training", metadata: Self.own)).isEmpty)
        for metadata in [
            "\(Self.own), annotations: {sidecar.istio.io/inject: 'false'}",
            "\(Self.own), annotations: {sidecar.istio.io/inject: false}",
            "\(Self.own), annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: '443'}",
            "\(Self.own), annotations: {traffic.sidecar.istio.io/excludeOutboundIPRanges: 0.0.0.0/0}",
            "\(Self.own), annotations: {traffic.sidecar.istio.io/includeOutboundIPRanges: 10.0.0.0/8}",
            "\(Self.own), annotations: {sidecar.istio.io/interceptionMode: NONE}",
            "labels: {lapwing.dev/component: training, sidecar.istio.io/inject: 'false'}",
            "labels: {lapwing.dev/component: training, istio.io/dataplane-mode: none}",
        ] {
            let found = try Self.refuted(Self.deployment("training", metadata: metadata))
            #expect(found.map(\.line) == ["mesh egress"], "\(metadata)")
            guard case .refuted(_, let witness?) = found.first?.outcome else { continue }
            #expect(witness.rules == ["live.yaml:6"] && witness.principal == "ml-training/training")
        }
        let sound = "annotations: {sidecar.istio.io/inject: 'true', sidecar.istio.io/proxyCPU: 100m, a: b}"
        #expect(try Self.refuted(Self.deployment("training", metadata: "\(Self.own), \(sound)")).isEmpty)
        // What comes in is not what goes out.
        let inbound = "annotations: {traffic.sidecar.istio.io/excludeInboundPorts: '8443'}"
        #expect(try Self.refuted(Self.deployment("training", metadata: "\(Self.own), \(inbound)")).isEmpty)
    }

    @Test("are those of other service accounts, too")
    func others() throws {
        let off = try Self.refuted(
            Self.deployment("visitor", metadata: "annotations: {sidecar.istio.io/inject: 'false'}")
        )
        #expect(off.map(\.line) == ["mesh egress of others"])
        let host = try Self.refuted(Self.deployment("visitor", metadata: "", spec: ", hostNetwork: true"))
        #expect(host.map(\.line) == ["network default deny", "mesh egress of others"])
    }

    @Test("are those in their node's network")
    func host() throws {
        let found = try Self.refuted(
            Self.deployment("training", metadata: Self.own, spec: ", hostNetwork: true")
        )
        #expect(found.map(\.line).contains("mesh egress"), "\(found)")
    }

    @Test("are pods that run without one")
    func running() throws {
        func pod(_ created: String, _ containers: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: p, namespace: ml-training, labels: {lapwing.dev/component: training}\(created)}
            spec: {serviceAccountName: training, \(containers)}
            """
        }
        let created = ", creationTimestamp: '2026-11-26T09:00:00Z'"
        #expect(try Self.refuted(pod(created, "containers: [{name: app}]")).map(\.line) == ["mesh egress"])
        #expect(try Self.refuted(pod(created, "containers: [{name: app}, {name: istio-proxy}]")).isEmpty)
        #expect(
            try Self.refuted(pod(created, "containers: [{name: app}], initContainers: [{name: istio-proxy}]")).isEmpty
        )
        // One that is written down is injected once it is taken in.
        #expect(try Self.refuted(pod("", "containers: [{name: app}]")).isEmpty)
    }

    // MARK: - Names that lead elsewhere

    @Test("a route of calls to a Service is in doubt, one of a gateway is not, and one that cannot be read is")
    func routes() throws {
        func lines(_ spec: String) throws -> [String] {
            let route =
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: \(spec)\n"
            return try Self.refuted(route).map(\.line)
        }
        for spec in ["{}", "{parentRefs: [{name: g}]}", "{parentRefs: [{kind: Gateway, name: g}]}"] {
            #expect(try lines(spec).isEmpty, "\(spec)")
        }
        for spec in [
            "{parentRefs: [{name: g}, {group: '', kind: Service, name: s}]}", "{parentRefs: [{kind: ServiceEntry}]}",
            "{parentRefs: {kind: Service}}", "{parentRefs: [Service]}", "[]",
        ] {
            #expect(try lines(spec) == ["network other policies"], "\(spec)")
        }
    }

    private static func service(_ spec: String, in namespace: String = "ml-registry") -> String {
        "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: \(namespace)}\nspec: \(spec)\n"
    }

    @Test("a Service of a callee's namespace that leads outside is refuted, and one without a selector in doubt")
    func services() throws {
        let outside = try Self.refuted(Self.service("{type: ExternalName, externalName: evil.example}"))
        #expect(outside.map(\.line) == ["mesh egress"])
        guard case .refuted(let message, let witness?) = outside.first?.outcome else {
            Issue.record("nothing is refuted")
            return
        }
        #expect(message.contains("s.ml-registry.svc.cluster.local") && witness.resource == "evil.example")
        #expect(witness.rules == ["live.yaml:1"])
        let written = try Self.refuted(Self.service("{ports: [{port: 443}]}"))
        guard case .unknown? = written.first?.outcome else {
            Issue.record("\(written)")
            return
        }
        #expect(try Self.refuted(Self.service("{selector: {app: x}, ports: [{port: 443}]}")).isEmpty)
        #expect(
            try Self.refuted(Self.service("{type: ExternalName, externalName: r.ml-registry.svc.cluster.local}"))
                .isEmpty
        )
        // Nobody calls this namespace.
        #expect(
            try Self.refuted(Self.service("{type: ExternalName, externalName: evil.example}", in: "ml-eval")).isEmpty
        )
        // A server that the estate names may be anywhere of the cluster, and not outside.
        let named = Self.service("{ports: [{port: 5432}]}", in: "data").replacing("name: s,", with: "name: pg,")
        #expect(try Self.refuted(named).isEmpty)
        let moved = Self.service("{type: ExternalName, externalName: evil.example}", in: "data")
            .replacing("name: s,", with: "name: pg,")
        #expect(try Self.refuted(moved).map(\.line) == ["mesh egress"])
    }
}
