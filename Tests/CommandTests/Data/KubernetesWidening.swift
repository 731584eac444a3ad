import Foundation

/// One change by which what was written for a cluster lets through more than the estate says.
struct KubernetesWidening {
    /// What it is, in words.
    let name: String
    /// The files that it makes.
    let files: [(path: String, text: String)]

    /// Numbers that look random and are the same each time (SplitMix64).
    struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        mutating func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int.random(in: 0..<elements.count, using: &self)]
        }
    }

    private typealias Files = [(path: String, text: String)]

    /// A change of some files, chosen at random.
    init(of files: [(path: String, text: String)], _ numbers: inout Numbers) {
        // A change that finds nothing to change is chosen anew.
        while true {
            let (name, make) = numbers.pick(Self.all)
            guard let changed = make(files, &numbers) else { continue }
            self.name = name
            self.files = changed
            return
        }
    }

    private static let namespaces = [
        "ml-api", "ml-inference", "ml-registry", "ml-training", "ml-eval", "ml-features", "prod",
    ]
    private static let labels = [
        ("ml-api", "api-gateway"), ("ml-inference", "inference"), ("ml-registry", "model-registry"),
        ("ml-training", "training"), ("ml-training", "dataprep"), ("ml-eval", "evaluation"),
        ("ml-features", "featurepipe"), ("prod", "ingest"),
    ]

    // MARK: - Ways to change files

    /// Another resource.
    private static func adding(_ resource: String, to files: Files) -> Files { files + [("more/more.yaml", resource)] }

    /// One place of a text in some files, replaced; nil where there is none.
    private static func replacing(
        _ text: String,
        with other: String,
        in files: Files,
        where isMeant: (String) -> Bool,
        _ numbers: inout Numbers
    ) -> Files? {
        var places: [(Int, Range<String.Index>)] = []
        for (index, file) in files.enumerated() where isMeant(file.path) {
            places += file.text.ranges(of: text).map { (index, $0) }
        }
        guard !places.isEmpty else { return nil }
        let (index, range) = numbers.pick(places)
        var changed = files
        changed[index].text.replaceSubrange(range, with: other)
        return changed
    }

    /// One document fewer, among those that have a text.
    private static func dropping(_ text: String, _ files: Files, _ numbers: inout Numbers) -> Files? {
        var places: [(Int, Int)] = []
        for (index, file) in files.enumerated() {
            for (part, document) in file.text.components(separatedBy: "---\n").enumerated()
            where document.contains(text) {
                places.append((index, part))
            }
        }
        guard !places.isEmpty else { return nil }
        let (index, part) = numbers.pick(places)
        var changed = files
        var documents = changed[index].text.components(separatedBy: "---\n")
        documents.remove(at: part)
        changed[index].text = documents.joined(separator: "---\n")
        return changed
    }

    private static func policy(_ namespace: String, _ pods: String, _ rules: String) -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: more, namespace: \(namespace)}
        spec: {podSelector: \(pods), \(rules)}
        """
    }

    private static func mesh(_ kind: String, _ namespace: String, _ spec: String) -> String {
        let group = ["Sidecar", "ServiceEntry"].contains(kind) ? "networking" : "security"
        return """
            apiVersion: \(group).istio.io/v1
            kind: \(kind)
            metadata: {name: more, namespace: \(namespace)}
            spec: \(spec)
            """
    }

    // MARK: - The changes

    private typealias Change = @Sendable (Files, inout Numbers) -> Files?

    private static let all: [(String, Change)] = network + calls + egress + admission

    private static let network: [(String, Change)] = [
        (
            "egress to addresses outside",
            { files, numbers in
                let block = numbers.pick(["0.0.0.0/0", "::/0", "203.0.113.7/32", "10.0.0.0/8", "169.254.169.254/32"])
                let port = numbers.pick(["", ", ports: [{port: 443}]", ", ports: [{port: 53, protocol: UDP}]"])
                let pods = numbers.pick(["{}", "{matchLabels: {app: web}}"])
                let rule = "egress: [{to: [{ipBlock: {cidr: '\(block)'}}]\(port)}]"
                return adding(policy(numbers.pick(namespaces), pods, rule), to: files)
            }
        ),
        (
            "egress to anybody",
            { files, numbers in
                let rule = numbers.pick(["{}", "{ports: [{port: 443}]}", "{to: [{namespaceSelector: {}}]}"])
                return adding(policy(numbers.pick(namespaces), "{}", "egress: [\(rule)]"), to: files)
            }
        ),
        (
            "ingress from others",
            { files, numbers in
                let from = numbers.pick([
                    "{}", "{from: [{podSelector: {}}]}", "{from: [{namespaceSelector: {}}]}",
                    "{from: [{namespaceSelector: {matchLabels: {team: ml}}}]}",
                    "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}]}",
                    "{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8443}]}",
                    "{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}",
                ])
                return adding(policy(numbers.pick(namespaces), "{}", "ingress: [\(from)]"), to: files)
            }
        ),
        ("a dropped default deny", { dropping("NetworkPolicy\nmetadata:\n  name: lapwing-default-deny", $0, &$1) }),
        (
            "ports left out",
            { files, numbers in
                let text = "    ports:\n    - protocol: TCP\n      port: \(numbers.pick([8443, 5432, 15012, 443]))\n"
                return replacing(text, with: "", in: files, where: { $0.contains("network-policies") }, &numbers)
            }
        ),
        (
            "other ports",
            { files, numbers in
                let port = numbers.pick([8443, 5432, 15012, 443])
                let more = numbers.pick(["port: 22", "port: \(port)\n      endPort: 65535"])
                return replacing(
                    "port: \(port)\n",
                    with: more + "\n",
                    in: files,
                    where: { $0.contains("network-policies") },
                    &numbers
                )
            }
        ),
        (
            "any pod of a namespace",
            { files, numbers in
                let label = numbers.pick(labels).1
                return replacing(
                    "      podSelector:\n        matchLabels:\n          lapwing.dev/component: \(label)\n",
                    with: "",
                    in: files,
                    where: { $0.contains("network-policies") },
                    &numbers
                )
            }
        ),
        (
            "another component's label",
            { files, numbers in
                let (one, other) = (numbers.pick(labels).1, numbers.pick(labels).1)
                guard one != other else { return nil }
                return replacing(
                    "          lapwing.dev/component: \(one)\n",
                    with: "          lapwing.dev/component: \(other)\n",
                    in: files,
                    where: { $0.contains("network-policies") },
                    &numbers
                )
            }
        ),
        (
            "a policy of others, too",
            { files, numbers in
                // The rules of one component hold for all of its namespace.
                let (namespace, label) = numbers.pick(labels)
                return replacing(
                    "  podSelector:\n    matchLabels:\n      lapwing.dev/component: \(label)\n",
                    with: "  podSelector: {}\n",
                    in: files,
                    where: { $0.contains("\(namespace)/network-policies") },
                    &numbers
                )
            }
        ),
        (
            "a pod in its node's network",
            { files, numbers in
                let (namespace, account) = numbers.pick([
                    ("ml-inference", "inference-service"), ("ml-training", "training"), ("prod", "ingest"),
                ])
                return adding(
                    """
                    apiVersion: apps/v1
                    kind: DaemonSet
                    metadata: {name: more, namespace: \(namespace)}
                    spec: {template: {spec: {serviceAccountName: \(account), hostNetwork: true}}}
                    """,
                    to: files
                )
            }
        ),
    ]

    private static let calls: [(String, Change)] = [
        (
            "a policy that allows everybody",
            { files, numbers in
                let rules = numbers.pick([
                    "{rules: [{}]}", "{rules: [{to: [{operation: {methods: [GET]}}]}]}",
                    "{rules: [{from: [{source: {principals: ['*']}}]}]}",
                    "{rules: [{from: [{source: {namespaces: [ml-api]}}]}]}",
                    "{rules: [{from: [{source: {notPrincipals: [cluster.local/ns/x/sa/y]}}]}]}",
                    "{selector: {matchLabels: {app: web}}, rules: [{}]}",
                ])
                return adding(
                    mesh("AuthorizationPolicy", numbers.pick(namespaces + ["istio-system"]), rules),
                    to: files
                )
            }
        ),
        (
            "a rule without principals",
            { files, numbers in
                let caller = numbers.pick([
                    "ml-api/sa/api-gateway", "ml-inference/sa/inference-service", "ml-training/sa/training",
                ])
                return replacing(
                    "  - from:\n    - source:\n        principals:\n        - cluster.local/ns/\(caller)\n    to:\n",
                    with: "  - to:\n",
                    in: files,
                    where: { $0.contains("authorization") },
                    &numbers
                )
            }
        ),
        (
            "other principals",
            { files, numbers in
                let caller = numbers.pick([
                    "ml-api/sa/api-gateway", "ml-inference/sa/inference-service", "ml-training/sa/training",
                ])
                let other = numbers.pick([
                    "\"*\"", "cluster.local/ns/ml-eval/sa/evaluation", "\"cluster.local/ns/ml-api/*\"",
                    "cluster.local/ns/web/sa/web",
                ])
                return replacing(
                    "        - cluster.local/ns/\(caller)\n",
                    with: "        - \(other)\n",
                    in: files,
                    where: { $0.contains("authorization") },
                    &numbers
                )
            }
        ),
        (
            "more paths, methods or ports",
            { files, numbers in
                let (text, other) = numbers.pick([
                    ("        - /v1/predict\n", "        - \"/v1/*\"\n"),
                    ("        - \"/v2/*\"\n", "        - \"*\"\n"),
                    ("        - /v1/stream\n", "        - /v1/stream\n        - /admin\n"),
                    ("        methods:\n        - POST\n", ""), ("        methods:\n        - GET\n", ""),
                    ("        - PUT\n", "        - PUT\n        - DELETE\n"),
                    ("        ports:\n        - \"8443\"\n", ""),
                    ("        - \"8443\"\n", "        - \"8443\"\n        - \"9000\"\n"),
                    ("        paths:\n        - /v1/predict\n        - /v1/stream\n", ""),
                    ("        - /v1/predict\n", "        - \"/v1/predict*\"\n"),
                ])
                return replacing(text, with: other, in: files, where: { $0.contains("authorization") }, &numbers)
            }
        ),
        (
            "a dropped default deny of the mesh",
            { dropping("AuthorizationPolicy\nmetadata:\n  name: lapwing-default-deny", $0, &$1) }
        ),
        (
            "plaintext",
            { files, numbers in
                let mode = numbers.pick(["PERMISSIVE", "DISABLE"])
                return replacing("STRICT", with: mode, in: files, where: { $0.contains("peer-auth") }, &numbers)
            }
        ),
        ("a dropped PeerAuthentication", { dropping("kind: PeerAuthentication", $0, &$1) }),
        (
            "plaintext at one port",
            { files, numbers in
                let (namespace, label) = numbers.pick(labels)
                let spec =
                    "{selector: {matchLabels: {lapwing.dev/component: \(label)}}, mtls: {mode: STRICT}, portLevelMtls: {8443: {mode: PERMISSIVE}}}"
                return adding(mesh("PeerAuthentication", namespace, spec), to: files)
            }
        ),
    ]

    private static let egress: [(String, Change)] = [
        (
            "ALLOW_ANY",
            { replacing("REGISTRY_ONLY", with: "ALLOW_ANY", in: $0, where: { $0.contains("sidecars") }, &$1) }
        ),
        (
            "no outboundTrafficPolicy",
            { files, numbers in
                replacing(
                    "  outboundTrafficPolicy:\n    mode: REGISTRY_ONLY\n",
                    with: "",
                    in: files,
                    where: { $0.contains("sidecars") },
                    &numbers
                )
            }
        ),
        (
            "more hosts",
            { files, numbers in
                let (text, other) = numbers.pick([
                    ("    - \"~/*\"\n", "    - \"*/*\"\n"), ("    - \"~/*\"\n", "    - \"./*\"\n"),
                    ("    - \"ml-registry/*\"\n", "    - \"ml-registry/*\"\n    - \"prod/*\"\n"),
                    ("    - data/pg.data.svc.cluster.local\n", "    - \"data/*\"\n"),
                ])
                return replacing(text, with: other, in: files, where: { $0.contains("sidecars") }, &numbers)
            }
        ),
        (
            "pods that are not behind their proxies",
            { files, numbers in
                let (namespace, account) = numbers.pick([
                    ("ml-inference", "inference-service"), ("ml-training", "training"), ("prod", "ingest"),
                    ("ml-eval", "visitor"),
                ])
                let said = numbers.pick([
                    "annotations: {sidecar.istio.io/inject: 'false'}", "labels: {sidecar.istio.io/inject: 'false'}",
                    "annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: '443'}",
                    "annotations: {traffic.sidecar.istio.io/excludeInboundPorts: '8443'}",
                    "annotations: {proxy.istio.io/config: '{}'}",
                ])
                return adding(
                    """
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: more, namespace: \(namespace)}
                    spec: {template: {metadata: {\(said)}, spec: {serviceAccountName: \(account)}}}
                    """,
                    to: files
                )
            }
        ),
        (
            "a Service of a callee's namespace that leads outside",
            { files, numbers in
                let namespace = numbers.pick(["ml-inference", "ml-registry"])
                return adding(
                    """
                    apiVersion: v1
                    kind: Service
                    metadata: {name: more, namespace: \(namespace)}
                    spec: {type: ExternalName, externalName: \(numbers.pick(["evil.example", "x.other.svc.cluster.local"]))}
                    """,
                    to: files
                )
            }
        ),
        ("a dropped Sidecar", { dropping("kind: Sidecar\nmetadata:\n  name: lapwing-default", $0, &$1) }),
        (
            "a ServiceEntry for a declared host, elsewhere",
            { files, numbers in
                let host = "prod-events.s3.eu-west-1.amazonaws.com"
                let spec = numbers.pick([
                    "{hosts: [\(host)], ports: [{number: 443, name: a, protocol: TLS}], resolution: STATIC, endpoints: [{address: 203.0.113.7}]}",
                    "{hosts: [\(host)], ports: [{number: 443, name: a, protocol: TCP}], resolution: NONE}",
                    "{hosts: [\(host)], ports: [{number: 22, name: a, protocol: TCP}], resolution: DNS}",
                    "{hosts: [\(host)], addresses: [203.0.113.0/24], ports: [{number: 443, name: a, protocol: TCP}], resolution: NONE}",
                ])
                return adding(
                    mesh("ServiceEntry", numbers.pick(["prod", "ml-training", "ml-features"]), spec),
                    to: files
                )
            }
        ),
        (
            "a ServiceEntry for a host outside, which proxies know",
            { files, numbers in
                let (namespace, label) = numbers.pick(labels)
                let entry = mesh(
                    "ServiceEntry",
                    namespace,
                    "{hosts: [evil.example], ports: [{number: 443, name: a, protocol: TLS}], resolution: DNS}"
                )
                let sidecar = mesh(
                    "Sidecar",
                    namespace,
                    "{workloadSelector: {labels: {lapwing.dev/component: \(label)}}, egress: [{hosts: [./evil.example]}], "
                        + "outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"
                )
                return adding(entry + "\n---\n" + sidecar, to: files)
            }
        ),
    ]

    private static let admission: [(String, Change)] = [
        (
            "a rule of admission that says less",
            { files, numbers in
                let (text, other) = numbers.pick([
                    ("validationActions:\n  - Deny", "validationActions:\n  - Audit"),
                    ("failurePolicy: Fail", "failurePolicy: Ignore"),
                    ("    - CREATE\n      - UPDATE\n", "    - CREATE\n"), ("      - pods/ephemeralcontainers\n", ""),
                    ("objectSelector: {}", "objectSelector: {matchLabels: {a: b}}"), ("        - prod\n", ""),
                    ("        - ml-inference\n", "        - ml-other\n"), ("'NET_BIND_SERVICE'", "'NET_ADMIN'"),
                    ("!object.spec.hostNetwork", "true"), ("!= 1337", "!= 1338"), ("'inference-service'", "'visitor'"),
                    ("istio/proxyv2", "evil/proxyv2"), ("variables.label == ", "true || variables.label == "),
                ])
                return replacing(text, with: other, in: files, where: { $0.contains("admission") }, &numbers)
            }
        ),
        ("a dropped admission rule", { dropping("kind: ValidatingAdmissionPolicy", $0, &$1) }),
    ]
}
