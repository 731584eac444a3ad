import Resources
import Testing

@testable import DataAccess

@Suite("The network of a cluster")
struct KubernetesNetworkTests {
    /// Policies of the reference estate: closed by default, and what its calls and its data need.
    static let yaml: String = {
        let namespaces = ["ml-api", "ml-inference", "ml-registry", "ml-training", "ml-eval", "ml-features", "prod"]
        func deny(_ namespace: String) -> String {
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: default-deny, namespace: \(namespace)}
            spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
            """
        }
        func egress(_ namespace: String, _ rule: String) -> String {
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: out, namespace: \(namespace)}
            spec: {podSelector: {}, policyTypes: [Egress], egress: [\(rule)]}
            """
        }
        func ingress(_ namespace: String, _ from: [String]) -> String {
            let peers = from.map { "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: \($0)}}}" }
            return """
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: in, namespace: \(namespace)}
                spec: {podSelector: {}, ingress: [{from: [\(peers.joined(separator: ", "))], ports: [{port: 8443}]}]}
                """
        }
        func to(_ namespace: String, _ port: Int) -> String {
            "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: \(namespace)}}}], ports: [{port: \(port)}]}"
        }
        let database = to("data", 5432)
        let storage = "{to: [{ipBlock: {cidr: 10.9.0.0/24}}], ports: [{port: 443}]}"
        return
            (namespaces.map(deny) + [
                egress("ml-api", to("ml-inference", 8443)),
                egress("ml-inference", [to("ml-registry", 8443), database].joined(separator: ", ")),
                egress("ml-training", [to("ml-registry", 8443), database, storage].joined(separator: ", ")),
                egress("ml-eval", [database, storage].joined(separator: ", ")),
                egress("ml-features", [database, storage].joined(separator: ", ")),
                egress("prod", [database, storage].joined(separator: ", ")),
                ingress("ml-inference", ["ml-api"]), ingress("ml-registry", ["ml-inference", "ml-training"]),
            ]).joined(separator: "\n---\n")
    }()

    static var documents: [Document] {
        get throws { try ResourceLoader.parse(yaml: yaml, file: "network.yaml") }
    }

    private static func component(_ name: String) throws -> Estate.Component {
        try #require(try EstateExample.load(ReferenceEstate.yaml).component(name))
    }

    private static func network(_ yaml: String) throws -> KubernetesNetwork {
        try KubernetesNetwork(try ResourceLoader.parse(yaml: yaml, file: "n.yaml"))
    }

    @Test("lets through what both ends let through")
    func calls() throws {
        let network = try KubernetesNetwork(Self.documents)
        let (gateway, inference) = (try Self.component("api-gateway"), try Self.component("inference"))
        let training = try Self.component("training")
        #expect(!network.call(from: gateway, to: inference, port: 8443).isInTheWay)
        #expect(network.call(from: gateway, to: inference, port: 22).isInTheWay)
        #expect(network.call(from: training, to: inference, port: 8443).isInTheWay)
        #expect(network.call(from: inference, to: gateway, port: nil).isInTheWay)
        for component in [gateway, inference, training] { #expect(network.internet(from: component).isInTheWay) }
        #expect(network.storage(from: inference).isInTheWay && !network.storage(from: training).isInTheWay)
        #expect(network.server("pg.data.svc", 5432, from: gateway).isInTheWay)
        #expect(!network.server("pg.data.svc", 5432, from: training).isInTheWay)
        #expect(network.server("pg.elsewhere.svc.cluster.local", 5432, from: training).isInTheWay)
        #expect(!network.server("pg-0.pg.data.svc.cluster.local", 5432, from: training).isInTheWay)
        // A short name may be of the cluster.
        #expect(!network.server("pg", 5432, from: training).isInTheWay)
    }

    @Test(
        "leads to the internet where any rule does",
        arguments: [
            ("{}", true), ("{ports: [{port: 443}]}", true), ("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}", true),
            ("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}", true),
            ("{to: [{ipBlock: {cidr: '::/0'}}]}", true),
            ("{to: [{ipBlock: {cidr: 203.0.113.7/32}}]}", true), ("{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}", false),
            ("{to: [{namespaceSelector: {}}]}", false), ("{to: [{podSelector: {}}]}", false),
            ("{to: [{ipBlock: {cidr: 8.0.0.0/8, except: [8.0.0.0/8]}}]}", false),
        ]
    )
    func internet(_ rule: String, _ isOpen: Bool) throws {
        let network = try Self.network(
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: out, namespace: ml-inference}
            spec: {podSelector: {}, egress: [\(rule)]}
            """
        )
        let verdict = network.internet(from: try Self.component("inference"))
        #expect(verdict.isInTheWay != isOpen)
        if isOpen { #expect(verdict.rule == "n.yaml:4") }
    }

    @Test("is open where no policy surely isolates a pod")
    func labels() throws {
        let policy = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: out, namespace: ml-inference}
            spec: {podSelector: {matchLabels: {app: x}}, policyTypes: [Egress]}
            """
        func workload(_ label: String) -> String {
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: w, namespace: ml-inference}
            spec:
              selector: {matchLabels: {app: \(label)}}
              template:
                metadata: {labels: {app: \(label)}}
                spec: {serviceAccountName: inference-service, containers: []}
            """
        }
        let inference = try Self.component("inference")
        #expect(!(try Self.network(policy).internet(from: inference).isInTheWay))
        #expect(try Self.network(policy + "\n---\n" + workload("x")).internet(from: inference).isInTheWay)
        #expect(!(try Self.network(policy + "\n---\n" + workload("y")).internet(from: inference).isInTheWay))
    }

    @Test("is not read where labels or a service account are no text, which could be anybody's")
    func unreadable() {
        for template in [
            "{metadata: {labels: {app: 1}}, spec: {serviceAccountName: a}}",
            "{metadata: {labels: [app]}, spec: {serviceAccountName: a}}", "{spec: {serviceAccountName: 1}}",
        ] {
            #expect(throws: ResourceError.self, "\(template)") {
                try Self.network(
                    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec: {template: \(template)}\n"
                )
            }
        }
    }

    @Test("holds no pod that is in its node's own network")
    func hostNetwork() throws {
        func network(_ isHost: String) throws -> KubernetesNetwork {
            try Self.network(
                Self.yaml + """

                    ---
                    apiVersion: apps/v1
                    kind: DaemonSet
                    metadata: {name: w, namespace: ml-inference}
                    spec:
                      selector: {matchLabels: {app: w}}
                      template:
                        metadata: {labels: {app: w}}
                        spec:
                          serviceAccountName: inference-service
                          hostNetwork: \(isHost)
                          containers: []
                    """
            )
        }
        let (inference, training) = (try Self.component("inference"), try Self.component("training"))
        let closed = try network("false")
        #expect(closed.internet(from: inference).isInTheWay)
        #expect(closed.call(from: training, to: inference, port: 8443).isInTheWay)
        let open = try network("true")
        let verdict = open.internet(from: inference)
        #expect(!verdict.isInTheWay && verdict.rule.hasPrefix("n.yaml:") && verdict.rule.hasSuffix("(hostNetwork)"))
        #expect(!open.storage(from: inference).isInTheWay)
        #expect(!open.server("pg.elsewhere.svc", 5432, from: inference).isInTheWay)
        #expect(!open.call(from: training, to: inference, port: 8443).isInTheWay)
        #expect(!open.call(from: inference, to: training, port: 22).isInTheWay)
        #expect(open.internet(from: training).isInTheWay)
    }
}
