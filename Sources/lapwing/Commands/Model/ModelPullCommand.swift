import ArgumentParser
import Registry

/// `lapwing model pull`.
struct ModelPullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Pull a model from a registry into a directory that does not exist yet.",
        discussion: """
            The directory appears once every byte was held against its digest, and not before. What was pulled before a \
            break lies beside it and is not pulled again. Exits with 4 where the bytes are not what the manifest says.
            """
    )

    @Argument(help: "Where from: HOST[:PORT]/REPOSITORY[:TAG][@DIGEST].")
    var reference: String

    @Argument(help: "A directory that does not exist.", completion: .directory)
    var directory: String

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let source = try ArtifactReference(argument: reference)
        try await withRegistry {
            let client = try await registry.client(for: source)
            let bar = ProgressBar(label: "pulling", unit: "bytes")
            let manifest = try await ModelTransfer(client).pull(
                source.reference,
                in: source.repository,
                to: directory
            ) { bar.show($0, of: $1) }
            bar.finish()
            struct Result: Encodable { let repository, digest, directory: String, files: Int }
            let result = Result(
                repository: source.repository.description,
                digest: manifest.digest.description,
                directory: directory,
                files: manifest.layers.count
            )
            switch output {
            case .json: try StandardOutput.write(json: result)
            case .table: StandardOutput.write("pulled \(source) \(manifest.digest) to \(directory)")
            }
        }
    }
}
