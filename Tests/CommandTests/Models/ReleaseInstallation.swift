import Crypto
import Foundation
import Testing

/// A folder with a model, the keys of everybody who has a say in its release, and the policy that names them.
final class ReleaseInstallation {
    let directory: TemporaryDirectory
    /// The model's folder.
    let model: String
    /// The fingerprints by which policies name the keys.
    private(set) var fingerprints: [String: String] = [:]

    var policy: String { directory.path + "/policy.yaml" }
    var index: String { directory.path + "/releases.json" }
    var state: String { directory.path + "/state" }

    init() throws {
        directory = try TemporaryDirectory()
        model = directory.path + "/ticket-classifier"
        try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
        // The smallest safetensors file: one tensor of four bytes.
        let header = #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
        var weights = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
        weights += Data(header.utf8) + Data([0, 0, 128, 63])
        try weights.write(to: URL(fileURLWithPath: model + "/model.safetensors"))
        for person in ["trainer", "evaluator", "dataprep", "releaser", "ada", "grace", "stranger"] {
            let key = P256.Signing.PrivateKey()
            try key.pemRepresentation.write(toFile: path(person), atomically: true, encoding: .utf8)
            // As OMS has it: of the PEM text with the newline at its end.
            let pem = key.publicKey.pemRepresentation + "\n"
            try pem.write(toFile: path(person) + ".pub", atomically: true, encoding: .utf8)
            fingerprints[person] = SHA256.hash(data: Data(pem.utf8)).map { String(format: "%02x", $0) }.joined()
        }
        try write(policy())
    }

    /// A person's private key.
    func path(_ person: String) -> String { "\(directory.path)/\(person).pem" }

    func name(_ person: String) -> String { "key:" + (fingerprints[person] ?? "") }

    func write(_ policy: String) throws {
        try policy.write(toFile: self.policy, atomically: true, encoding: .utf8)
    }

    func policy(indexLifetime: String = "24h", revoked: String = "") -> String {
        let authorities = ["trainer", "evaluator", "dataprep", "releaser", "ada", "grace"]
            .map { "    - key: {publicKey: {file: \($0).pem.pub}}" }.joined(separator: "\n")
        return """
            apiVersion: lapwing.dev/v1alpha1
            kind: ModelTrustPolicy
            metadata: {name: tickets, namespace: ml-inference}
            spec:
              models: [ticket-classifier]
              signers:
              - key: {publicKey: {file: trainer.pem.pub}}
              release:
                authorities:
            \(authorities)
                environments: [production]
                releasers: ["\(name("releaser"))"]
                indexLifetime: \(indexLifetime)
                evaluations:
                - suite: holdout
                  signers: ["\(name("evaluator"))"]
                  metrics: [{name: accuracy, atLeast: 0.9}]
                  dataset: {name: test-data}
                  maxAge: 720h
                provenance:
                  signers: ["\(name("trainer"))"]
                  datasets:
                  - {name: training-data, producers: ["\(name("dataprep"))"], required: true}
                approvals: {count: 2, signers: ["\(name("ada"))", "\(name("grace"))"], maxAge: 168h}
                \(revoked)
            """
    }

    /// Runs `lapwing model …` on the model.
    func lapwing(_ verb: String, _ arguments: String..., by person: String? = nil) throws -> Program.Result {
        var all = ["model", verb]
        if !["renew", "revoke"].contains(verb) { all.append(model) }
        if verb != "sign" { all += ["--policy", policy] }
        if let person { all += ["--private-key", path(person)] }
        if ["release", "renew", "revoke", "admit"].contains(verb) {
            all += ["--environment", "production", "--index", index]
        }
        if verb == "admit" { all += ["--state", state] }
        return try Program.run(all + arguments)
    }

    func admit(_ arguments: String...) throws -> Program.Result {
        try Program.run(
            [
                "model", "admit", model, "--policy", policy, "--environment", "production", "--index", index, "--state",
                state,
            ] + arguments
        )
    }

    /// Signs the model, says everything that the policy wants to hear, and leaves the release to the caller.
    func prepare() throws {
        let dataset = directory.path + "/training-data"
        try FileManager.default.createDirectory(atPath: dataset, withIntermediateDirectories: true)
        try "text,label\nhello,1\n".write(toFile: dataset + "/train.csv", atomically: true, encoding: .utf8)
        let evidence = model + ".evidence"
        try FileManager.default.createDirectory(atPath: evidence, withIntermediateDirectories: true)
        let signed = try Program.run(
            "data",
            "sign",
            dataset,
            "--private-key",
            path("dataprep"),
            "--signature",
            evidence + "/training-data.sig",
            "-o",
            "json"
        )
        try #require(signed.status == 0, "\(signed.errors)")
        struct Row: Decodable { let manifestDigest: String }
        let digest = try JSONDecoder().decode(Row.self, from: Data(signed.output.utf8)).manifestDigest.replacing(
            "sha256:",
            with: ""
        )
        try succeed(lapwing("sign", by: "trainer"))
        let now = Date.now.formatted(.iso8601)
        let evaluation = try directory.write(
            """
            {"suite": "holdout", "metrics": {"accuracy": 0.94},
             "dataset": {"name": "test-data", "digest": {"sha256": "\(String(repeating: "d", count: 64))"}},
             "evaluatedAt": "\(now)"}
            """,
            to: "evaluation.json"
        )
        try succeed(lapwing("attest", "--evaluation", evaluation, by: "evaluator"))
        let provenance = try directory.write(
            """
            {"buildDefinition": {"buildType": "https://example.org/train", "externalParameters": {},
              "resolvedDependencies": [{"name": "training-data", "digest": {"sha256": "\(digest)"}}]},
             "runDetails": {"builder": {"id": "https://example.org/trainer"}}}
            """,
            to: "provenance.json"
        )
        try succeed(lapwing("attest", "--provenance", provenance, by: "trainer"))
        for person in ["ada", "grace"] {
            try succeed(lapwing("approve", "--environment", "production", by: person))
        }
    }

    @discardableResult
    func succeed(_ result: Program.Result) throws -> Program.Result {
        try #require(result.status == 0, "\(result.output)\(result.errors)")
        return result
    }
}
