import Crypto
import Foundation
import SPIFFE
import ZeroTrust

/// The models of the demo, from training to release: two releases that were signed and evaluated, one model that nobody
/// signed, and the papers that say so.
struct DemoModels {
    /// The name by which the policy knows the model.
    static let name = "ticket-classifier"

    /// A model that lies in a folder of its own.
    enum Release: String, CaseIterable {
        /// Released, and then replaced by the second.
        case first
        case second
        /// The second with another note, which nobody signed.
        case unsigned
        /// The second as the loader pulled it, with one byte changed.
        case tampered
    }

    /// Somebody with a key.
    enum Person: String, CaseIterable { case trainer, evaluator, releaser }

    /// The demo's directory.
    let directory: String
    /// The digest of the second release's manifest, once it is signed.
    private(set) var digest = ""

    var policy: String { directory + "/config/models.yaml" }
    var index: String { directory + "/models/releases.json" }

    func folder(_ release: Release) -> String { "\(directory)/models/\(release.rawValue)/\(Self.name)" }
    func signature(_ release: Release) -> String { folder(release) + ".sig" }
    func key(_ person: Person) -> String { "\(directory)/keys/\(person.rawValue).pem" }

    /// Where the loader keeps what it pulled.
    var loaded: String { directory + "/models/loaded/" + Self.name }

    init(directory: String) { self.directory = directory }

    /// Writes the models, keys and policy, and has the training pipeline sign and release two of them.
    mutating func prepare(_ training: DemoProgram) throws {
        try write()
        for (release, accuracy) in [(Release.first, 0.93), (.second, 0.95)] {
            let signed = try training.succeed([
                "model", "sign", folder(release), "--private-key", key(.trainer), "--signature", signature(release),
                "-o", "json",
            ])
            struct Signed: Decodable { let manifestDigest: String }
            digest = try JSONDecoder().decode(Signed.self, from: Data(signed.output.utf8)).manifestDigest
            let evaluation = "\(directory)/models/\(release.rawValue)/evaluation.json"
            let result = """
                {"suite": "holdout", "metrics": {"accuracy": \(accuracy)},
                 "dataset": {"name": "test-tickets", "digest": {"sha256": "\(String(repeating: "d", count: 64))"}},
                 "evaluatedAt": "\(Date.now.formatted(.iso8601))"}
                """
            try result.write(toFile: evaluation, atomically: true, encoding: .utf8)
            try training.succeed([
                "model", "attest", folder(release), "--policy", policy, "--evaluation", evaluation, "--private-key",
                key(.evaluator), "--quiet",
            ])
            try training.succeed([
                "model", "release", folder(release), "--policy", policy, "--environment", "production", "--index",
                index, "--private-key", key(.releaser), "--quiet",
            ])
        }
    }

    private func write() throws {
        let manager = FileManager.default
        for release in Release.allCases where release != .tampered {
            let folder = folder(release)
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(PackageResources.model_safetensors).write(
                to: URL(fileURLWithPath: folder + "/model.safetensors")
            )
            try #"{"release": "\#(release.rawValue)"}"#.write(
                toFile: folder + "/config.json",
                atomically: true,
                encoding: .utf8
            )
        }
        try manager.createDirectory(
            atPath: directory + "/keys",
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        var names: [Person: String] = [:]
        for person in Person.allCases {
            let key = P256.Signing.PrivateKey()
            try key.pemRepresentation.write(toFile: self.key(person), atomically: true, encoding: .utf8)
            let pem = key.publicKey.pemRepresentation + "\n"
            try pem.write(toFile: "\(directory)/keys/\(person.rawValue).pub", atomically: true, encoding: .utf8)
            names[person] = "key:" + Hexadecimal.text(Array(SHA256.hash(data: Data(pem.utf8))))
        }
        try Self.policy(names).write(toFile: policy, atomically: true, encoding: .utf8)
    }

    private static func policy(_ names: [Person: String]) -> String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: ModelTrustPolicy
        metadata: { name: tickets, namespace: ml-inference }
        spec:
          models: [\(name)]
          signers:
          - key: { publicKey: { file: ../keys/trainer.pub } }
          release:
            authorities:
            - key: { publicKey: { file: ../keys/evaluator.pub } }
            - key: { publicKey: { file: ../keys/releaser.pub } }
            environments: [production]
            releasers: ["\(names[.releaser] ?? "")"]
            evaluations:
            - suite: holdout
              signers: ["\(names[.evaluator] ?? "")"]
              metrics: [{ name: accuracy, atLeast: 0.9 }]
              dataset: { name: test-tickets }
              maxAge: 720h

        """
    }

    /// The trainer's public key, which the registry believes.
    var trainerKey: String {
        get throws { try String(contentsOfFile: directory + "/keys/trainer.pub", encoding: .utf8) }
    }

    /// Changes one byte of a file in place.
    static func flip(_ path: String) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer { try? file.close() }
        let offset = try file.seekToEnd() - 1
        try file.seek(toOffset: offset)
        let byte = try file.read(upToCount: 1)?.first ?? 0
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte ^ 1]))
    }
}

/// One of the scenario's programs, which is run to its end.
struct DemoProgram {
    let path: String
    var environment: [String: String] = [:]

    /// What a run left behind.
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// The line that says why, bounded: the first condition that does not hold where some are listed, else the first.
        var why: String {
            let lines = (errors + "\n" + output).split(separator: "\n")
            var line = lines.first { $0.hasPrefix("  ") } ?? lines.first ?? ""
            for beginning in ["lapwing: ", "error: ", "refused: "] where line.hasPrefix(beginning) {
                line = line.dropFirst(beginning.count)
            }
            return Self.shortened(String(line.drop { $0 == " " }))
        }

        /// A line that fits a table: long digests and the folders of files are cut first, so that what is said of them stays.
        static func shortened(_ line: String) -> String {
            let line = line.replacing(#/[0-9a-f]{40,}/#) { "\($0.output.prefix(12))…" }
                .replacing(#/`/[^` ]*/([^`/ ]+)`/#) { "`\($0.output.1)`" }
            return line.count <= 100 ? line : "\(line.prefix(99))…"
        }
    }

    /// Runs it.
    func run(_ arguments: [String]) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Neither says more than a pipe holds.
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: String(decoding: said, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self)
        )
    }

    /// Runs it, where it has to end well.
    ///
    /// - Throws: ``CommandError`` with what it said, where it does not.
    @discardableResult
    func succeed(_ arguments: [String]) throws -> Result {
        let result = try run(arguments)
        guard result.status == 0 else {
            throw CommandError(
                .unreachable,
                "`\(arguments.prefix(2).joined(separator: " "))` failed: \(result.errors)\(result.output)"
            )
        }
        return result
    }
}
