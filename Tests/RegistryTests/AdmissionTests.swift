import Crypto
import Foundation
import ModelTrust
import Registry
import Resources
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `Admission by signature and scan` {
    private let key = P256.Signing.PrivateKey()

    private var requirement: AdmissionRequirement {
        AdmissionRequirement(scan: true, signature: .init(keys: [key.publicKey.pemRepresentation]))
    }

    /// A model whose weights are a whole safetensors file of no tensor.
    private func model(in directory: TemporaryDirectory, _ more: [String: [UInt8]] = [:]) throws -> String {
        let root = directory.path + "/model"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let files = ["model.safetensors": [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)].merging(more) { $1 }
        for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: root + "/" + name)) }
        return root
    }

    private func sign(_ root: String, with key: P256.Signing.PrivateKey) throws -> [UInt8] {
        let credential = SigningCredential(key: try SignerPrivateKey(pem: key.pemRepresentation))
        return Array(try ModelSigner(credential: credential).sign(model: root, signatureFile: root + ".sig").bundle)
    }

    private func push(_ root: String, _ signature: [UInt8]?, to registry: TestRegistry) async throws -> Bool {
        try await registry.transfer(.writer).push(
            try ModelPack(path: root, name: "m"),
            signature: signature,
            to: try #require(RepositoryName("checked/m")),
            as: try #require(ManifestReference("one"))
        )
    }

    private func reasons(_ registry: TestRegistry) async throws -> [String] {
        let list: ModelList = try await registry.client(.writer).value("GET", "/v2/checked/m/_lapwing/manifests/list")
        return list.models.last?.reasons ?? []
    }

    @Test func `a model that is signed and safe is admitted, and one that is not signed is not`() async throws {
        let registry = try await TestRegistry(admission: requirement)
        let root = try model(in: registry.directory)
        #expect(try await push(root, nil, to: registry))
        #expect(try await reasons(registry) == ["signature: nobody has signed it"])
        let isQuarantined = try await push(root, try sign(root, with: key), to: registry)
        let left = try await reasons(registry)
        #expect(!isQuarantined && left.isEmpty, "\(left)")
        let scratch = registry.directory.path + "/files/scratch"
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
        try await registry.stop()
    }

    /// A policy about `checked/m` that believes a key.
    private func policies(_ key: P256.Signing.PrivateKey, about model: String = "checked/*") throws -> [Document] {
        let pem = key.publicKey.pemRepresentation.split(separator: "\n").map { "        " + $0 }.joined(separator: "\n")
        return try ResourceLoader.parse(
            yaml: """
                apiVersion: lapwing.dev/v1alpha1
                kind: ModelTrustPolicy
                metadata: {name: trainers}
                spec:
                  models: ["\(model)"]
                  signers:
                  - key:
                      publicKey: |
                \(pem)

                """,
            file: "policy.yaml"
        )
    }

    @Test func `policies judge what is pushed, and what is there when they change`() async throws {
        let check = try PolicyCheck(try policies(key))
        let registry = try await TestRegistry(admission: AdmissionRequirement(policy: true), policies: check)
        let root = try model(in: registry.directory)
        #expect(try await push(root, nil, to: registry))
        #expect(try await reasons(registry) == ["policy: nobody has signed it"])
        #expect(try await !push(root, try sign(root, with: key), to: registry))
        let service = RegistryCaller(
            id: try SPIFFEID("spiffe://cluster.local/lapwing/registry"),
            request: RequestID(milliseconds: 1, random: 1)
        )
        func again(_ known: [String: String]) async throws -> [String: String] {
            var known = known
            try await registry.registry.judgeAgain(since: known, by: service) { known[$0] = $1 }
            return known
        }
        let first = try await again([:])
        let acts = registry.acts.acts.count
        let repeated = try await again(first)
        #expect(first["checked/m"] != nil && repeated == first)
        #expect(registry.acts.acts.count == acts)
        // Another key is believed: what was admitted is not any more.
        try check.replace(try policies(P256.Signing.PrivateKey()))
        #expect(try await !registry.registry.isJudged(by: first))
        let second = try await again(first)
        #expect(second != first)
        #expect(try await registry.registry.isJudged(by: second))
        #expect(try await reasons(registry).contains { $0.hasPrefix("policy: other-key") })
        #expect(registry.acts.acts.last?.action == "registry.manifest.quarantine")
        let manifest = "/v2/checked/m/manifests/one"
        #expect(try await registry.client(.reader).request("GET", manifest).status == 403)
        // No policy is about it at all; then the first one again.
        try check.replace(try policies(key, about: "other/*"))
        _ = try await again(second)
        #expect(try await reasons(registry).contains { $0.contains("no ModelTrustPolicy is about") })
        try check.replace(try policies(key))
        // What cannot be recorded is not done, and is not taken for judged.
        registry.acts.breakDown()
        #expect(try await again([:])["checked/m"] == nil)
        #expect(try await registry.client(.reader).request("GET", manifest).status == 403)
        try await registry.stop()
    }

    @Test func `a rule that asks for nothing any more lets everything out`() async throws {
        let registry = try await TestRegistry(admission: requirement)
        let root = try model(in: registry.directory)
        #expect(try await push(root, nil, to: registry))
        let caller = RegistryCaller(
            id: try SPIFFEID("spiffe://cluster.local/lapwing/registry"),
            request: RequestID(milliseconds: 1, random: 1)
        )
        var known: [String: String] = [:]
        try await registry.registry.judgeAgain(since: known, by: caller) { known[$0] = $1 }
        #expect(try await reasons(registry).isEmpty == false)
        registry.registry.replace(try TestRegistry.configuration(1 << 30, AdmissionRequirement()))
        // What other terms hold for now is forgotten first, as at a reload.
        known = known.filter { known in
            RepositoryName(known.key).map { registry.registry.terms(of: $0) } == known.value
        }
        #expect(known.isEmpty)
        #expect(try await !registry.registry.isJudged(by: known))
        try await registry.registry.judgeAgain(since: known, by: caller) { known[$0] = $1 }
        #expect(try await registry.registry.isJudged(by: known))
        #expect(try await reasons(registry).isEmpty)
        #expect(try await registry.client(.reader).request("GET", "/v2/checked/m/manifests/one").status == 200)
        try await registry.stop()
    }

    @Test func `a policy that lets go of its key is told from one that keeps it`() throws {
        let check = try PolicyCheck(try policies(key))
        let grounds = check.grounds
        try check.replace(try policies(key))
        #expect(check.grounds == grounds)
        #expect(throws: (any Error).self) {
            try check.replace(
                try ResourceLoader.parse(
                    yaml:
                        "apiVersion: lapwing.dev/v1alpha1\nkind: ModelTrustPolicy\nmetadata: {name: x}\nspec: {models: [a]}\n",
                    file: "p"
                )
            )
        }
        #expect(check.grounds == grounds)
        try check.replace(try policies(P256.Signing.PrivateKey()))
        #expect(check.grounds != grounds)
    }

    @Test func `a signature by another key, or of other files, admits nothing`() async throws {
        let registry = try await TestRegistry(admission: requirement)
        let root = try model(in: registry.directory)
        #expect(try await push(root, try sign(root, with: P256.Signing.PrivateKey()), to: registry))
        #expect(try await reasons(registry).contains { $0.hasPrefix("signature: other-key") })
        let good = try sign(root, with: key)
        // One byte of what was signed, and one file beside it.
        _ = try model(in: registry.directory, ["model.safetensors": [2, 0, 0, 0, 0, 0, 0, 0] + Array("{ ".utf8)])
        #expect(try await push(root, good, to: registry))
        _ = try model(in: registry.directory, ["run.py": Array("import os".utf8)])
        #expect(try await push(root, good, to: registry))
        #expect(try await push(root, Array("{}".utf8), to: registry))
        try await registry.stop()
    }

    @Test func `a signed model that runs code when it is loaded stays in quarantine`() async throws {
        let registry = try await TestRegistry(admission: requirement)
        // Protocol 0: the global os.system, a call of it, and the end. It is read, and never loaded.
        let pickle = Array("cos\nsystem\n(S'true'\ntR.".utf8)
        let root = try model(in: registry.directory, ["weights.bin": pickle])
        #expect(try await push(root, try sign(root, with: key), to: registry))
        let found = try await reasons(registry)
        #expect(found.contains { $0.hasPrefix("scan: `weights.bin` is unsafe") }, "\(found)")
        let blob = "/v2/checked/m/blobs/\(ContentDigest(of: pickle))"
        #expect(try await registry.client(.reader).request("GET", blob).status == 403)
        try await registry.stop()
    }

    @Test func `layers that are not files of their own cannot be judged`() async throws {
        let registry = try await TestRegistry(admission: requirement)
        let pushed = try await registry.model("weights", to: "checked/m", as: "one")
        #expect(pushed.field("lapwing-state") == "quarantined")
        try await registry.stop()
    }
}
