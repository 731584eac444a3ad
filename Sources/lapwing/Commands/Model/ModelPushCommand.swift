import ArgumentParser
import Foundation
import Registry

/// `lapwing model push`.
struct ModelPushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Pack a model as a CNCF ModelPack artifact and push it to a registry.",
        discussion: """
            Every file becomes a layer of its own, so that the layer's digest is the file's. The same files make the \
            same artifact. What the registry has already is not sent again. Exits with 1 where the model is in \
            quarantine.
            """
    )

    @Argument(help: "The model: a directory, or one file.", completion: .file())
    var path: String

    @Argument(help: "Where to: HOST[:PORT]/REPOSITORY[:TAG].")
    var reference: String

    @Option(help: "A file that signs the model (a Sigstore bundle); it goes along as a referrer.", completion: .file())
    var signature: String?

    @Option(help: "The model's name in its configuration; the last part of the repository's unless said.")
    var name: String?

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let target = try ArtifactReference(argument: reference)
        var bundle: [UInt8]?
        if let signature {
            guard let data = FileManager.default.contents(atPath: signature) else {
                throw CommandError(.usage, "`\(signature)` cannot be read")
            }
            bundle = Array(data)
        }
        let name = name ?? target.repository.components.last.map(String.init) ?? ""
        let isQuarantined = try await withRegistry {
            let pack = try ModelPack(path: path, name: name, leaving: signature)
            let client = try await registry.client(for: target)
            let bar = ProgressBar(label: "pushing", unit: "bytes")
            let isQuarantined = try await ModelTransfer(client).push(
                pack,
                signature: bundle,
                to: target.repository,
                as: target.reference
            ) { bar.show($0, of: pack.size) }
            bar.finish()
            struct Result: Encodable { let repository, reference, digest, state: String }
            let state = isQuarantined ? "quarantined" : "admitted"
            let result = Result(
                repository: target.repository.description,
                reference: target.reference.description,
                digest: pack.digest.description,
                state: state
            )
            switch output {
            case .json: try StandardOutput.write(json: result)
            case .table: StandardOutput.write("pushed \(target) \(pack.digest) \(state)")
            }
            return isQuarantined
        }
        if isQuarantined {
            throw CommandError(
                .refused,
                "the model is in quarantine; `lapwing model list \(target.authority)/\(target.repository)` says why"
            )
        }
    }
}
