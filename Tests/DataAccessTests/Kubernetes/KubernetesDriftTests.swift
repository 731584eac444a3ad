import Resources
import Testing

@testable import DataAccess

@Suite("Drift of a cluster")
struct KubernetesDriftTests {
    private static func drift(_ change: (String) -> String, more: String = "") throws -> [String] {
        let estate = try ClusterEstate.load()
        let text = try KubernetesEmitter(estate).files().map(\.text).joined(separator: "---\n")
        let documents = try ResourceLoader.parse(yaml: change(text) + more, file: "export.yaml")
        return try KubernetesDrift(of: documents, from: estate).differences.map {
            "\($0.kind.rawValue): \($0.object): \($0.detail)"
        }
    }

    @Test("what was written has none, as a cluster exports it neither")
    func none() throws {
        #expect(try Self.drift { $0 } == [])
        // What a cluster adds.
        let exported = try Self.drift { text in
            text.replacing(
                "metadata:\n  name: lapwing-strict\n",
                with: "metadata:\n  name: lapwing-strict\n  uid: x\n  generation: 1\n"
            )
        }
        #expect(exported == [])
    }

    @Test("what there is more and less is told, and what is otherwise")
    func differences() throws {
        let changed = try Self.drift(
            { $0.replacing("mode: STRICT", with: "mode: PERMISSIVE") }
        )
        #expect(changed.count == 7)
        #expect(
            changed.first
                == "changed: PeerAuthentication ml-api/lapwing-strict: spec.mtls.mode: PERMISSIVE, where the estate says STRICT"
        )
        let port = try Self.drift { text in
            text.replacing("        - /v1/predict\n", with: "        - /v1/predict\n        - /v1/admin\n")
        }
        try #require(port.count == 2, "\(port)")
        #expect(port[0].hasPrefix("less: AuthorizationPolicy ml-inference/lapwing-inference: spec.rules: "))
        #expect(port[1].hasPrefix("more: ") && port[1].contains("/v1/admin"))
        let more = try Self.drift(
            { $0 },
            more: """
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: open, namespace: ml-inference}
                spec: {podSelector: {}, egress: [{}]}
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: elsewhere, namespace: other}
                spec: {podSelector: {}, egress: [{}]}
                """
        )
        #expect(more.count == 1 && more[0].hasPrefix("more: NetworkPolicy ml-inference/open: "))
        let less = try Self.drift { $0.replacing("name: lapwing-strict", with: "name: strict") }
        #expect(less.count == 14 && less.count { $0.hasPrefix("less: ") } == 7)
    }

    @Test("what takes a resource out of force without a change of it is told")
    func metadata() throws {
        let trial = try Self.drift { text in
            text.replacing(
                "  name: lapwing-default-deny\n  namespace: ml-inference\n",
                with:
                    "  name: lapwing-default-deny\n  namespace: ml-inference\n  annotations: {istio.io/dry-run: \"true\", a: b}\n"
            )
        }
        let all = ["NetworkPolicy", "AuthorizationPolicy"].map {
            "more: \($0) ml-inference/lapwing-default-deny: metadata.annotations.istio.io/dry-run: true"
        }
        #expect(trial == all)
        let outside = try Self.drift { $0.replacing("    istio-injection: enabled\n", with: "") }
        #expect(outside.count == 7)
        #expect(outside.first == "less: Namespace ml-api: metadata.labels.istio-injection: enabled")
        let disabled = try Self.drift { $0.replacing("istio-injection: enabled", with: "istio-injection: disabled") }
        #expect(disabled.count == 7 && disabled.allSatisfy { $0.hasPrefix("changed: Namespace ") })
        let gone = try Self.drift { $0.replacing("kind: Namespace\n", with: "kind: Thing\n") }
        #expect(gone.count == 7 && gone.allSatisfy { $0.hasPrefix("less: Namespace ") })
        // Other namespaces, and what a cluster labels them with, are nobody's matter.
        let more =
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other, labels: {istio-injection: disabled}}\n"
        #expect(try Self.drift({ $0 }, more: more) == [])
    }

    @Test("pods that carry another's label, or are in their node's network, are hazards")
    func hazards() throws {
        func pod(_ account: String, _ labels: String, _ more: String = "") -> String {
            """
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: \(account), namespace: ml-training}
            spec:
              template:
                metadata: {labels: {app: x, \(labels)}}
                spec: {serviceAccountName: \(account)\(more)}

            """
        }
        let found = try Self.drift(
            { $0 },
            more: pod("training", "lapwing.dev/component: training")
                + pod("dataprep", "lapwing.dev/component: training")
                + pod("visitor", "lapwing.dev/component: training", ", hostNetwork: true") + pod("other", "a: b")
        )
        #expect(found.count == 3, "\(found)")
        #expect(
            found.first
                == "hazard: Deployment ml-training/dataprep: carries lapwing.dev/component=training and runs as the service "
                + "account dataprep"
        )
        #expect(found.contains { $0.contains("node's network") })
        let around = try Self.drift(
            { $0 },
            more: pod("training", "lapwing.dev/component: training, sidecar.istio.io/inject: 'false'")
        )
        #expect(around.count == 1, "\(around)")
        #expect(around.first?.hasPrefix("hazard: Deployment ml-training/training: its pods say `sidecar") == true)
        let unjudged = try Self.drift(
            { $0 },
            more: """
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: elsewhere, namespace: ml-inference}
                spec: {hosts: [x]}
                """
        )
        #expect(unjudged.count == 1 && unjudged[0].hasPrefix("hazard: VirtualService"))
    }
}
