import Authorization
import DataAccess
import Foundation
import Resources
import Testing
import ZeroTrust

@testable import lapwing

/// What is written for Kubernetes and Istio, read back and proved, as a person or a pipeline does it.
@Suite(.timeLimit(.minutes(5))) struct KubernetesCommandTests {
    private static let yaml = ReferenceEstate.yaml.replacing(
        "enforcement:\n",
        with: """
            invariants:
            - {id: I5, never: {component: inference, reach: internet}}
            - {id: I6, never: {component: inference, call: {not: [model-registry.read]}, except: {read: features}}}
            enforcement:
              k8s: {networkPolicy: true, istio: {mode: sidecar}, addresses: {aws: [10.9.0.0/24]}}

            """
    )

    private static func estate() throws -> Estate {
        try Estate(try ResourceLoader.parse(yaml: yaml, file: "estate.yaml")[0])
    }

    private static func results(_ estate: Estate, _ files: [(path: String, text: String)]) throws -> [EstateProof
        .Result]
    {
        let documents = try files.flatMap { try ResourceLoader.parse(yaml: $0.text, file: $0.path) }
        let artifacts = try KubernetesArtifacts(documents, estate: estate)
        return EstateProof.results(estate, kubernetes: artifacts) + (try MeshProof(estate, artifacts).results())
    }

    @Test func `what is written is proved, by the engine that decides it`() throws {
        let estate = try Self.estate()
        let results = try Self.results(estate, try KubernetesEmitter(estate).files())
        for result in results { #expect(result.outcome == .proved, "\(result)") }
        #expect(results.count { $0.layer == "mesh" } == 8 && results.count { $0.layer == "network" } == 6)
    }

    /// How many changes are tried.
    private static let count = ProcessInfo.processInfo.environment["LAPWING_SCALE"] == "full" ? 1000 : 150

    @Test func `every widening is found, with somebody whom it lets through`() throws {
        let estate = try Self.estate()
        let files = try KubernetesEmitter(estate).files()
        var numbers = KubernetesWidening.Numbers(state: 20261126)
        var names: [String: Int] = [:]
        for _ in 0..<Self.count {
            let widening = KubernetesWidening(of: files, &numbers)
            names[widening.name, default: 0] += 1
            let results = try Self.results(estate, widening.files)
            let witness = results.lazy.compactMap { result -> Witness? in
                if case .refuted(_, let witness?) = result.outcome { witness } else { nil }
            }.first
            let changed = widening.files.filter { file in !files.contains { $0 == file } }.map(\.text)
            #expect(witness != nil, "\(widening.name)\n\(changed.joined(separator: "---\n").prefix(3000))")
        }
        #expect(names.count == 28, "\(names)")
    }

    // MARK: - The commands

    private struct Proof: Decodable {
        struct Line: Decodable {
            let id, layer, outcome: String
            let message: String?
        }
        let holds: Bool
        let results: [Line]
    }

    @Test func `an estate is written, proved, applied and watched for drift`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.yaml, to: "estate.yaml")
        let folder = directory.path + "/k8s"
        let emitted = try Program.run(["data", "emit", estate, "--to", "kubernetes", "--out", folder])
        #expect(emitted.status == 0 && emitted.errors.contains("files in"), "\(emitted.errors)")
        func proof(_ arguments: String...) throws -> (Proof, Int32) {
            let run = try Program.run(["data", "prove", estate, "-o", "json"] + arguments)
            return (try JSONDecoder().decode(Proof.self, from: Data(run.output.utf8)), run.status)
        }
        for arguments in [["--generated"], ["--kubernetes", folder]] {
            let (answer, status) =
                arguments.count == 1 ? try proof(arguments[0]) : try proof(arguments[0], arguments[1])
            #expect(answer.holds && status == 0, "\(answer.results.filter { $0.outcome != "proved" })")
            #expect(Set(answer.results.map(\.layer)).isSuperset(of: ["model", "network", "mesh"]))
        }
        let drift = try Program.run(["data", "drift", estate, "--kubernetes", folder])
        #expect(drift.status == 0 && drift.output.isEmpty, "\(drift.output)")

        // What a cluster exports: a list, in JSON, with what it adds, and kinds that are nobody's matter.
        let open = directory.path + "/export.json"
        _ = try directory.write(
            """
            {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [
              {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ml-inference"}, "data": {"a": "b"}},
              {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
               "metadata": {"name": "open", "namespace": "ml-inference", "uid": "1", "generation": 1,
                            "creationTimestamp": "2026-11-26T09:00:00Z", "managedFields": []},
               "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}}]}
            """,
            to: "export.json"
        )
        let more = try Program.run(["data", "drift", estate, "--kubernetes", folder, "--kubernetes", open])
        #expect(more.status == 1 && more.output.hasPrefix("more: NetworkPolicy ml-inference/open: "), "\(more.output)")
        let (refuted, status) = try proof("--kubernetes", folder, "--kubernetes", open)
        #expect(status == 1 && !refuted.holds)
        let lines = refuted.results.filter { $0.outcome == "REFUTED" }
        #expect(Set(lines.map(\.id)) == ["I5", "excess", "default deny"], "\(lines)")
        #expect(lines.first { $0.id == "I5" }?.message == "packets of `inference` get to the internet")
    }

    private struct Egress: Decodable {
        struct Condition: Decodable {
            struct Part: Decodable {
                let state: String
            }
            let number: Int
            let state: String
            let parts: [Part]
        }
        let components: [String]
        let conditions: [Condition]
    }

    @Test func `each of the ten conditions is said to be present, generated or missing`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.yaml, to: "estate.yaml")
        func states(_ arguments: String...) throws -> [String] {
            let run = try Program.run(["data", "egress", estate, "-o", "json"] + arguments)
            #expect(run.status == 1)
            let answer = try JSONDecoder().decode(Egress.self, from: Data(run.output.utf8))
            #expect(answer.components == ["inference"] && answer.conditions.map(\.number) == Array(1...10))
            return answer.conditions.map { $0.parts.map(\.state).joined(separator: "+") }
        }
        let generated = Array(repeating: "generated", count: 7)
        #expect(try states() == generated + ["generated+missing", "generated+missing", "generated"])
        let folder = directory.path + "/k8s"
        _ = try Program.run(["data", "emit", estate, "--to", "kubernetes", "--out", folder])
        let present = Array(repeating: "present", count: 7)
        #expect(try states("--kubernetes", folder) == present + ["present+missing", "generated+missing", "present"])
        // One thing taken away, and its condition is no longer present.
        let policies = folder + "/namespaces/ml-inference/network-policies.yaml"
        let text = try String(contentsOfFile: policies, encoding: .utf8)
        let opened =
            text + """
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: open, namespace: ml-inference}
                spec: {podSelector: {}, egress: [{to: [{ipBlock: {cidr: '::/0'}}], ports: [{port: 53, protocol: UDP}]}]}
                """
        try opened.write(toFile: policies, atomically: true, encoding: .utf8)
        let now = try states("--kubernetes", folder)
        #expect(
            now == [
                "present", "generated", "generated", "present", "present", "present", "present", "generated+missing",
                "generated+missing", "generated",
            ]
        )
        let table = try Program.run(["data", "egress", estate, "--component", "inference"])
        #expect(table.output.contains("Sidecar egress hosts") && table.errors.contains("missing: 8, 9"))
    }

    @Test func `a rule by other labels than a namespace's name may lead to the control plane`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.yaml, to: "estate.yaml")
        let folder = directory.path + "/k8s"
        _ = try Program.run(["data", "emit", estate, "--to", "kubernetes", "--out", folder])
        func state(_ more: String) throws -> String? {
            let export = try directory.write(more, to: "more.yaml")
            let run = try Program.run([
                "data", "egress", estate, "-o", "json", "--kubernetes", folder, "--kubernetes", export,
            ])
            return try JSONDecoder().decode(Egress.self, from: Data(run.output.utf8)).conditions[3].state
        }
        let rule = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: more, namespace: ml-inference}
            spec: {podSelector: {}, egress: [{to: [{namespaceSelector: {matchLabels: {team: platform}}}], ports: [{port: 443}]}]}

            """
        func namespace(_ team: String) -> String {
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {team: \(team)}}\n"
        }
        #expect(try state(rule) == "generated")
        #expect(try state(rule + namespace("platform")) == "generated")
        #expect(try state(rule + namespace("mesh")) == "present")
    }

    @Test func `policies that cannot be read are told, and not taken for open ones`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.yaml, to: "estate.yaml")
        let export = try directory.write(
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: more, namespace: ml-inference}
            spec: {rules: [{from: [{source: {principal: [x]}}]}]}
            """,
            to: "export.yaml"
        )
        let run = try Program.run(["data", "egress", estate, "--kubernetes", export])
        #expect(run.status != 0 && run.output.isEmpty && run.errors.contains("export.yaml:4"), "\(run.errors)")
    }

    @Test func `what the API answers as a list of one kind is read item by item`() throws {
        let directory = try TemporaryDirectory()
        let list = """
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "metadata": {"resourceVersion": "1"}, "items": [
              {"metadata": {"name": "open", "namespace": "ml-inference"}, "spec": {"podSelector": {}, "egress": [{}]}},
              {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
               "metadata": {"name": "more", "namespace": "ml-inference"}, "spec": {"podSelector": {}}}]}
            """
        let wrapped = #"{"apiVersion": "v1", "kind": "List", "items": [\#(list)]}"#
        for text in [list, wrapped] {
            let documents = try ClusterExport.load([try directory.write(text, to: "a.json")])
            #expect(documents.map(\.kind) == ["NetworkPolicy", "NetworkPolicy"])
            #expect(documents.map(\.metadata.name) == ["open", "more"])
        }
        let pods = #"{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "a"}, "spec": {}}]}"#
        let others = #"{"apiVersion": "v1", "kind": "SecretList", "items": [{"metadata": {"name": "a"}, "data": {}}]}"#
        let none = #"{"apiVersion": "apps/v1", "kind": "DeploymentList", "items": null}"#
        let both = try directory.write([pods, others, none].joined(separator: "\n---\n"), to: "b.yaml")
        #expect(try ClusterExport.load([both]).map(\.kind) == ["Pod"])
        let large = try directory.write(String(repeating: " ", count: 5 << 20), to: "large.yaml")
        #expect { try ClusterExport.load([large]) } throws: { "\($0)".contains("export kind by kind") }
        let broken = try directory.write(#"{"apiVersion": "v1", "kind": "PodList", "items": [1]}"#, to: "c.json")
        #expect(throws: ResourceError.self) { try ClusterExport.load([broken]) }
    }

    @Test func `a pod that is not behind its proxy answers anybody`() throws {
        let estate = try Self.estate()
        let files = try KubernetesEmitter(estate).files()
        func lines(_ account: String, _ metadata: String) throws -> [String] {
            let workload = """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: w, namespace: ml-inference}
                spec: {template: {metadata: {\(metadata)}, spec: {serviceAccountName: \(account)}}}
                """
            let results = try Self.results(estate, files + [("w.yaml", workload)])
            return results.filter { $0.outcome != .proved }.map { "\($0.layer) \($0.id)" }
        }
        let own = "labels: {lapwing.dev/component: inference}"
        #expect(try lines("inference-service", own) == [])
        let ports = "annotations: {traffic.sidecar.istio.io/excludeInboundPorts: '8443'}"
        #expect(try lines("inference-service", "\(own), \(ports)") == ["mesh excess", "mesh mutual TLS"])
        #expect(try lines("visitor", ports) == ["mesh default deny"])
        // So says a blast radius, of which the policies would be in the way.
        let (caller, callee) = (
            try #require(estate.component("evaluation")), try #require(estate.component("inference"))
        )
        for (metadata, answer) in [(own, BlastVerdict.Answer.denies), ("\(own), \(ports)", .allows)] {
            let workload = """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: w, namespace: ml-inference}
                spec: {template: {metadata: {\(metadata)}, spec: {serviceAccountName: inference-service}}}
                """
            let documents = try (files + [("w.yaml", workload)]).flatMap {
                try ResourceLoader.parse(yaml: $0.text, file: $0.path)
            }
            let calls = MeshCalls(
                try PolicySet.load(documents),
                try KubernetesNetwork(documents),
                trustDomain: "cluster.local"
            )
            let verdicts = calls.verdicts(caller, callee)
            #expect(verdicts.count == 2 && verdicts.values.allSatisfy { $0.answer == answer }, "\(verdicts)")
        }
        let off = "annotations: {sidecar.istio.io/inject: 'false'}"
        #expect(
            try lines("inference-service", "\(own), \(off)") == ["mesh egress", "mesh excess", "mesh mutual TLS"]
        )
    }

    @Test func `a blast radius looks at network and mesh as they would be written`() throws {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.yaml, to: "estate.yaml")
        let run = try Program.run(["blast-radius", "inference", estate, "--generated"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(!run.output.contains("the internet") && !run.output.contains("api-gateway.*"))
        #expect(run.output.contains("model-registry.read") && !run.output.contains("model-registry.publish"))
        let open = try Program.run(["blast-radius", "inference", estate, "--generated", "--without", "network"])
        #expect(open.output.contains("the internet"))
    }

    @Test func `a blast radius counts what a component reaches without its identity, where plaintext is let in`() throws
    {
        let directory = try TemporaryDirectory()
        let estate = try directory.write(Self.yaml, to: "estate.yaml")
        let written = directory.path + "/k8s"
        #expect(try Program.run("data", "emit", estate, "--to", "kubernetes", "--out", written).status == 0)
        _ = try directory.write(
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: nameless, namespace: ml-registry }
            spec:
              rules: [{ from: [{ source: { notPrincipals: ["*"] } }], to: [{ operation: { methods: [PUT] } }] }]
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: registry, namespace: ml-registry }
            spec:
              selector: { matchLabels: { lapwing.dev/component: model-registry } }
              template:
                metadata: { labels: { lapwing.dev/component: model-registry } }
                spec: { serviceAccountName: registry, containers: [{ name: registry, image: registry }] }

            """,
            to: "k8s/namespaces/ml-registry/nameless.yaml"
        )
        func radius() throws -> String {
            try Program.run("blast-radius", "inference", estate, "--kubernetes", written).output
        }
        #expect(!(try radius()).contains("model-registry.publish"))
        let file = written + "/namespaces/ml-registry/peer-authentication.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try #require(text.contains("STRICT"))
        try text.replacing("STRICT", with: "PERMISSIVE").write(toFile: file, atomically: true, encoding: .utf8)
        let open = try radius()
        #expect(open.contains("model-registry.publish") && open.contains("without its identity"), "\(open)")
    }
}
