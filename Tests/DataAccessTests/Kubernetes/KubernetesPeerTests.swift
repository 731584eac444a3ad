import Foundation
import Testing

@testable import DataAccess

/// What is written, judged by other people's programs: Kubernetes' schemas, Istio's own definitions of its kinds, and an
/// evaluator of CEL that runs the admission rules.
@Suite("Kubernetes resources and outside judges", .enabled(if: TestPeer.isAvailable))
struct KubernetesPeerTests {
    private struct Answer: Decodable {
        let problems: [String]
        let kinds: [String: Int]
        let denials: [[String]]
    }

    private static func judge(_ estate: Estate, _ pods: [Any] = []) throws -> Answer {
        let resources = try KubernetesEmitter(estate).files().map(\.text)
        let question = try JSONSerialization.data(withJSONObject: ["resources": resources, "pods": pods])
        let corpus = ProcessInfo.processInfo.environment["LAPWING_CORPUS"]
        let definitions = corpus.map { $0 + "/istio/api-crd/customresourcedefinitions.gen.yaml" }
        if definitions == nil { print("kubernetes: Istio's kinds are not judged, LAPWING_CORPUS is not set") }
        let text = try TestPeer(script: "kubernetes_resources.py").run(
            String(decoding: question, as: UTF8.self),
            definitions.map { [$0] } ?? []
        )
        return try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
    }

    @Test("Kubernetes and Istio take every resource as it is written")
    func shapes() throws {
        for yaml in [
            ClusterEstate.yaml(), EstateExample.yaml,
            ClusterEstate.yaml(
                addresses: ", addresses: {aws: [10.9.0.0/24], db.example.com: [10.8.0.0/24], a.example: [10.7.0.1]}"
            ).replacing("host: pg.data.svc", with: "host: db.example.com").replacing(
                "ingest: {identity",
                with: "ingest: {egress: [{host: a.example, port: 80}, {host: a.example}], identity"
            ),
        ] {
            let estate = try ClusterEstate.load(yaml)
            let answer = try Self.judge(estate)
            #expect(answer.problems == [])
            let count = answer.kinds.values.reduce(0, +)
            let all = try ClusterEstate.documents(estate).count
            if ProcessInfo.processInfo.environment["LAPWING_CORPUS"] != nil { #expect(count == all) }
            #expect(count > 20)
        }
    }

    // MARK: - Pods

    private static func container(_ name: String, _ change: [String: Any] = [:]) -> [String: Any] {
        [
            "name": name, "image": "registry.example/app@sha256:0",
            "securityContext": [
                "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]], "runAsUser": 1000,
                "runAsGroup": 1000,
            ],
        ].merging(change) { $1 }
    }

    private static var proxy: [String: Any] {
        [
            "name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26.0",
            "args": ["proxy", "sidecar", "--domain", "x"],
            "securityContext": [
                "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]], "runAsUser": 1337,
                "runAsGroup": 1337,
            ],
        ]
    }

    /// A pod of inference as it is after injection by Istio with its CNI plugin.
    private static func pod(
        spec: [String: Any] = [:],
        labels: [String: String] = ["lapwing.dev/component": "inference", "app": "inference"],
        annotations: [String: String] = [:],
        containers: [[String: Any]] = [container("app"), proxy],
        namespace: String = "ml-inference"
    ) -> [String: Any] {
        let validation = proxy.merging([
            "name": "istio-validation", "args": ["istio-iptables", "--run-validation"],
        ]) { $1 }
        let injected = [
            "sidecar.istio.io/status": "{}", "sidecar.istio.io/interceptionMode": "REDIRECT",
            "traffic.sidecar.istio.io/excludeInboundPorts": "15020",
            "traffic.sidecar.istio.io/includeInboundPorts": "*",
            "traffic.sidecar.istio.io/includeOutboundIPRanges": "*", "prometheus.io/port": "15020",
        ]
        let base: [String: Any] = [
            "serviceAccountName": "inference-service", "containers": containers, "initContainers": [validation],
            "volumes": [["name": "istio-envoy", "emptyDir": ["medium": "Memory"]]],
        ]
        return [
            "namespace": namespace,
            "pod": [
                "metadata": ["labels": labels, "annotations": injected.merging(annotations) { $1 }],
                "spec": base.merging(spec) { $1 },
            ],
        ]
    }

    private static func app(_ context: [String: Any], _ more: [String: Any] = [:]) -> [[String: Any]] {
        [container("app", ["securityContext": context].merging(more) { $1 }), proxy]
    }

    private static var sound: [String: Any] {
        [
            "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]], "runAsUser": 1000, "runAsGroup": 1000,
        ]
    }

    private static var good: [(String, [String: Any])] {
        [
            ("as injected", pod()),
            ("as another native sidecar", pod(spec: ["initContainers": [proxy]], containers: [container("app")])),
            (
                "of another account, without a label",
                pod(spec: ["serviceAccountName": "visitor"], labels: [:])
            ), ("with injection asked for", pod(annotations: ["sidecar.istio.io/inject": "true"])),
            (
                "user of the pod",
                pod(
                    spec: ["securityContext": ["runAsUser": 7, "runAsGroup": 7]],
                    containers: app(["allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]]])
                )
            ),
            (
                "low ports",
                pod(
                    containers: app(
                        sound.merging(["capabilities": ["drop": ["ALL"], "add": ["NET_BIND_SERVICE"]]]) { $1 }
                    )
                )
            ),
        ]
    }

    private static var bad: [(String, [String: Any])] {
        [
            ("hostNetwork", pod(spec: ["hostNetwork": true])), ("hostPID", pod(spec: ["hostPID": true])),
            ("hostPath", pod(spec: ["volumes": [["name": "x", "hostPath": ["path": "/"]]]])),
            (
                "NET_ADMIN",
                pod(containers: app(sound.merging(["capabilities": ["drop": ["ALL"], "add": ["NET_ADMIN"]]]) { $1 }))
            ),
            (
                "NET_RAW",
                pod(containers: app(sound.merging(["capabilities": ["drop": ["ALL"], "add": ["NET_RAW"]]]) { $1 }))
            ),
            ("privileged", pod(containers: app(sound.merging(["privileged": true]) { $1 }))),
            ("no drop", pod(containers: app(["allowPrivilegeEscalation": false, "runAsUser": 1, "runAsGroup": 1]))),
            ("escalation", pod(containers: app(sound.merging(["allowPrivilegeEscalation": true]) { $1 }))),
            ("user 1337", pod(containers: app(sound.merging(["runAsUser": 1337]) { $1 }))),
            ("group 1337", pod(containers: app(sound.merging(["runAsGroup": 1337]) { $1 }))),
            (
                "the image's user",
                pod(containers: app(["allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]]]))
            ),
            ("no context", pod(containers: [["name": "app", "image": "x"], proxy])),
            ("no proxy", pod(containers: [container("app")])),
            (
                "another's proxy",
                pod(containers: [container("app"), proxy.merging(["image": "evil/proxyv2:1"]) { $1 }])
            ),
            (
                "its image, another program",
                pod(containers: [container("app"), proxy.merging(["command": ["curl"]]) { $1 }])
            ),
            (
                "its image, other arguments",
                pod(containers: [container("app"), proxy.merging(["args": ["request"]]) { $1 }])
            ),
            ("a third under its name", pod(spec: ["ephemeralContainers": [container("istio-validation")]])),
            ("an ephemeral one", pod(spec: ["ephemeralContainers": [["name": "debug", "image": "x"]]])),
            (
                "istio-init",
                pod(spec: [
                    "initContainers": [
                        container(
                            "istio-init",
                            [
                                "securityContext": [
                                    "runAsUser": 0, "runAsGroup": 0,
                                    "allowPrivilegeEscalation": false,
                                    "capabilities": ["drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]],
                                ]
                            ]
                        )
                    ]
                ])
            ),
            ("injection off", pod(annotations: ["sidecar.istio.io/inject": "false"])),
            (
                "injection off by a label",
                pod(labels: ["lapwing.dev/component": "inference", "sidecar.istio.io/inject": "false"])
            ),
            ("another mesh", pod(labels: ["lapwing.dev/component": "inference", "istio.io/dataplane-mode": "none"])),
            ("ports left out", pod(annotations: ["traffic.sidecar.istio.io/excludeOutboundPorts": "443"])),
            ("addresses left out", pod(annotations: ["traffic.sidecar.istio.io/excludeOutboundIPRanges": "0.0.0.0/0"])),
            ("addresses few", pod(annotations: ["traffic.sidecar.istio.io/includeOutboundIPRanges": "10.0.0.0/8"])),
            ("inbound left out", pod(annotations: ["traffic.sidecar.istio.io/excludeInboundPorts": "15020,8443"])),
            ("no interception", pod(annotations: ["sidecar.istio.io/interceptionMode": "NONE"])),
            ("other settings", pod(annotations: ["proxy.istio.io/config": "{}"])),
            ("another template", pod(annotations: ["inject.istio.io/templates": "grpc-agent"])),
            ("another bootstrap", pod(annotations: ["sidecar.istio.io/bootstrapOverride": "x"])),
            ("no label", pod(labels: ["app": "inference"])),
            ("another's label", pod(labels: ["lapwing.dev/component": "training"])),
            ("a stranger with the label", pod(spec: ["serviceAccountName": "visitor"])),
            ("no account, with the label", pod(spec: ["serviceAccountName": "default"])),
        ]
    }

    @Test("the admission rules let sound pods in, and keep each way around network and mesh out")
    func admission() throws {
        let elsewhere = Self.pod(spec: ["hostNetwork": true], labels: [:], namespace: "elsewhere")
        let (good, bad) = (Self.good, Self.bad)
        let answer = try Self.judge(try ClusterEstate.load(), (good + bad).map(\.1) + [elsewhere])
        #expect(answer.denials.count == good.count + bad.count + 1)
        for (case_, denials) in zip(good, answer.denials) { #expect(denials == [], "\(case_.0)") }
        for (case_, denials) in zip(bad, answer.denials.dropFirst(good.count)) {
            #expect(!denials.isEmpty, "\(case_.0)")
            #expect(!denials.contains { $0.hasPrefix("error") }, "\(case_.0): \(denials)")
        }
        // What is in no namespace of the estate is not its matter.
        #expect(answer.denials.last == [])
    }
}
