import Resources
import Testing
import ZeroTrust

@testable import DataAccess

@Suite("What is written for Kubernetes")
struct KubernetesEmitterTests {
    @Test("is the same bytes each time, in files that read back, each resource once")
    func canonical() throws {
        let estate = try ClusterEstate.load()
        let files = try KubernetesEmitter(estate).files()
        let again = try KubernetesEmitter(try ClusterEstate.load()).files()
        #expect(files.map(\.path) == again.map(\.path) && files.map(\.text) == again.map(\.text))
        #expect(files.first?.path == "cluster/namespaces.yaml")
        let documents = try ClusterEstate.documents(estate)
        try ResourceLoader.refuseDuplicates(documents)
        let counts = Dictionary(documents.map { ($0.kind, 1) }, uniquingKeysWith: +)
        // Seven namespaces, eight components, two of them called.
        #expect(
            counts == [
                "Namespace": 7, "NetworkPolicy": 15, "AuthorizationPolicy": 9, "PeerAuthentication": 7, "Sidecar": 15,
                "ServiceEntry": 5, "ValidatingAdmissionPolicy": 8, "ValidatingAdmissionPolicyBinding": 8,
            ]
        )
        for file in files {
            #expect(file.text.hasSuffix("\n") && !file.text.contains("\t"))
            // Written once more from what was read back, it is what it was.
            let back = try ResourceLoader.values(yaml: file.text, file: file.path)
            #expect(back.map { Self.text($0).document }.joined(separator: "---\n") == file.text, "\(file.path)")
        }
    }

    private static func text(_ value: Value) -> KubernetesText {
        switch value.content {
        case .null: .text("")
        case .bool(let flag): .flag(flag)
        case .number(let number): .number(Int(number) ?? 0)
        case .string(let text): .text(text)
        case .list(let elements): .list(elements.map(text))
        case .mapping(let entries): .mapping(entries.map { ($0.key, text($0.value)) })
        }
    }

    @Test("holds: every caller reaches what it calls, and nobody anything else")
    func holds() throws {
        let estate = try ClusterEstate.load()
        let artifacts = try KubernetesArtifacts(generatedFor: estate)
        let results = EstateProof.results(estate, kubernetes: artifacts)
        for result in results { #expect(result.outcome == .proved, "\(result)") }
        #expect(
            results.map(\.id) == [
                "I5", "I6", "I9", "excess", "missing", "default deny", "admission", "egress", "egress of others",
                "egress missing",
            ]
        )
        // The reader of network policies, asked pair by pair and port by port.
        let network = artifacts.network
        var open = 0
        for caller in estate.components {
            #expect(network.internet(from: caller).isInTheWay, "\(caller.name)")
            for callee in estate.components where callee.name != caller.name {
                for port in [1, 22, 443, 5432, 8442, 8443, 8444, 15012, 65535] {
                    let isDeclared = estate.calls.contains { call in
                        call.caller == caller.name && call.callee == callee.name
                            && callee.exposes.contains { $0.name == call.api && $0.port == port }
                    }
                    let verdict = network.call(from: caller, to: callee, port: port)
                    #expect(verdict.isInTheWay != isDeclared, "\(caller.name) \(callee.name) \(port)")
                    if isDeclared { open += 1 }
                }
            }
        }
        #expect(open == 3)
        let inference = try #require(estate.component("inference"))
        #expect(
            network.storage(from: inference).isInTheWay
                && !network.server("pg.data.svc", 5432, from: inference).isInTheWay
        )
        let gateway = try #require(estate.component("api-gateway"))
        #expect(network.server("pg.data.svc", 5432, from: gateway).isInTheWay)
    }

    @Test("tells what no network policy can let through")
    func gaps() throws {
        let estate = try ClusterEstate.load(ClusterEstate.yaml(addresses: ""))
        let warnings = try KubernetesEmitter(estate).warnings
        #expect(
            warnings.count == 4 && warnings.allSatisfy { $0.contains("enforcement.k8s.addresses.aws") },
            "\(warnings)"
        )
        let results = EstateProof.results(estate, kubernetes: try KubernetesArtifacts(generatedFor: estate))
        guard case .refuted(let message, nil) = results.first(where: { $0.id == "missing" })?.outcome else {
            Issue.record("what is missing was not told")
            return
        }
        #expect(message.contains("S3"))
        #expect(results.first { $0.id == "excess" }?.outcome == .proved)
    }

    @Test("has hosts outside by their addresses, and no others")
    func outside() throws {
        func estate(_ addresses: String) throws -> Estate {
            try ClusterEstate.load(
                ClusterEstate.yaml(addresses: ", addresses: {aws: [10.9.0.0/24]\(addresses)}").replacing(
                    "ingest: {identity:",
                    with: "ingest: {egress: [{host: partner.example.com}], identity:"
                )
            )
        }
        let known = try estate(", partner.example.com: [203.0.113.0/28]")
        let artifacts = try KubernetesArtifacts(generatedFor: known)
        for result in EstateProof.results(known, kubernetes: artifacts) where result.id != "I5" {
            #expect(result.outcome == .proved, "\(result)")
        }
        #expect(!artifacts.network.internet(from: try #require(known.component("ingest"))).isInTheWay)
        #expect(artifacts.network.internet(from: try #require(known.component("training"))).isInTheWay)
        let unknown = try KubernetesEmitter(try estate("")).warnings
        #expect(
            unknown == [
                "`ingest` does not get to `partner.example.com`, whose addresses the estate does not say; write them as "
                    + "`enforcement.k8s.addresses`, `{partner.example.com: [CIDR]}`"
            ]
        )
    }

    @Test(
        "is refused where it would say something else",
        arguments: [
            ("istio: {mode: sidecar}", "istio: {mode: ambient}", "ambient"),
            ("paths: [/v2/*]", "paths: ['/v2/{name}']", "template"),
            (
                "k8s: {networkPolicy: true, istio: {mode: sidecar}", "k8s: {networkPolicy: false",
                "nothing in Kubernetes"
            ),
        ]
    )
    func refusals(_ part: String, _ other: String, _ message: String) throws {
        let estate = try ClusterEstate.load(ClusterEstate.yaml().replacing(part, with: other))
        #expect { try KubernetesEmitter(estate) } throws: {
            ($0 as? KubernetesEmitter.Failure)?.description.contains(message) == true
        }
    }

    @Test(
        "knows no addresses that are too wide, or a cloud's metadata service",
        arguments: ["0.0.0.0/0", "128.0.0.0/1", "::/0", "169.254.0.0/16", "fd00:ec2::/32", "nonsense"]
    )
    func addresses(_ block: String) {
        #expect(throws: ResourceError.self) {
            try ClusterEstate.load(ClusterEstate.yaml(addresses: ", addresses: {aws: ['\(block)']}"))
        }
    }

    // MARK: - Names and text

    @Test("names fit Kubernetes, each of one thing")
    func names() {
        let long = String(repeating: "a", count: 63)
        let things = ["a-b", "a_b", "a_b_", "default-deny", long, long.dropLast() + "b", "shop.example", "x--", "A-B"]
        let names = KubernetesNames(things.map { String($0) }, reserved: ["default-deny"])
        let found = things.map { names[String($0)] }
        #expect(Set(found).count == things.count, "\(found)")
        for name in found {
            #expect(ComponentDecoder.isLabel(name) && name.utf8.count <= 48, "\(name)")
        }
        #expect(names["a-b"] == "a-b" && names["a_b"].hasPrefix("a-b-") && names["default-deny"] != "default-deny")
        // A name that was chosen to be another's is taken, and the other gets a longer one.
        let attacked = KubernetesNames(["a_b", names["a_b"]])
        #expect(attacked[names["a_b"]] == names["a_b"] && attacked["a_b"].count > names["a_b"].count)
        #expect(ComponentDecoder.isLabel(attacked["a_b"]))
    }

    @Test("components whose names no label can have are told apart")
    func collisions() throws {
        let yaml = ClusterEstate.yaml().replacing(
            "  dataprep: {identity",
            with: "  train_ing: {identity: {k8s: ml-training/other}, purpose: training}\n  dataprep: {identity"
        )
        let estate = try ClusterEstate.load(yaml)
        let documents = try ClusterEstate.documents(estate)
        try ResourceLoader.refuseDuplicates(documents)
        let artifacts = try KubernetesArtifacts(documents, estate: estate)
        for result in EstateProof.results(estate, kubernetes: artifacts) {
            #expect(result.outcome == .proved, "\(result)")
        }
    }

    @Test("hosts by name and by address have entries of their own, whatever they are called")
    func entries() throws {
        let yaml = ClusterEstate.yaml(addresses: ", addresses: {db: [10.8.0.0/24], db-tcp: [10.7.0.1]}")
            .replacing("host: pg.data.svc", with: "host: db").replacing(
                #"aws: {account: "123456789012", region: eu-west-1}"#,
                with: "minio: {endpoint: 'https://db-tcp:9000'}"
            ).replacing(#/, aws: \{role: [a-z-]+\}/#, with: "")
        let estate = try ClusterEstate.load(yaml)
        let documents = try ClusterEstate.documents(estate)
        try ResourceLoader.refuseDuplicates(documents)
        let entries = documents.filter { $0.kind == "ServiceEntry" && $0.metadata.namespace == "ml-features" }
        #expect(entries.count == 2 && Set(entries.map(\.metadata.name)).count == 2, "\(entries.map(\.metadata.name))")
        let artifacts = try KubernetesArtifacts(documents, estate: estate)
        for result in EstateProof.results(estate, kubernetes: artifacts) where result.layer == "mesh" {
            #expect(result.outcome == .proved, "\(result)")
        }
    }

    @Test(
        "text is what it was, whatever YAML might take it for",
        arguments: [
            "yes", "No", "on", "OFF", "null", "~", "", "1", "1.0", "0x1f", "1e3", "0o7", "1:30", "2026-11-26", "true",
            ".inf", "-", "- a", "a: b", "a #b", "*a", "&a", "!a", "[a", "{a}", "'a'", "\"a\"", "a\\b", " a", "a ", "%a",
            "a\nb", "ä", "\u{2028}", "\u{1F600}", "y", "N", "=", "<<", "/v1/predict", "plain-word", "a/b", "a/",
        ]
    )
    func text(_ text: String) throws {
        let document = KubernetesText.mapping([(text, .list([.text(text), .mapping([("k", .text(text))])]))]).document
        let value = try #require(try ResourceLoader.values(yaml: document, file: "t.yaml").first)
        let entry = try #require(try value.mapping().first)
        let elements = try entry.value.list { $0 }
        #expect(entry.key == text)
        #expect(try elements[0].string() == text)
        #expect(try elements[1].mapping().first?.value.string() == text)
    }
}
