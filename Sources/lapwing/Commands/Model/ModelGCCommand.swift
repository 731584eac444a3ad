import ArgumentParser
import Registry

/// `lapwing model gc`.
struct ModelGCCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Take away the blobs of a repository that no manifest of it needs.",
        discussion: """
            What is younger than the registry's `unreferencedAge` stays, since it may belong to a push that has not ended. \
            The registry does the same by itself every hour; this command does it at once and says what went. It takes \
            the permission `delete` in the repository, and each blob that goes is recorded first.
            """
    )

    @Argument(help: "The repository: HOST[:PORT]/REPOSITORY.")
    var repository: String

    @Flag(help: "Say what would go, and take nothing.")
    var dryRun = false

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let source = try ArtifactReference(argument: repository)
        let collection: BlobCollection = try await withRegistry {
            let client = try await registry.client(for: source)
            return try await client.value(
                "POST",
                "/v2/\(source.repository)/_lapwing/blobs/collect" + (dryRun ? "?dry-run=true" : "")
            )
        }
        if output == .json { return try StandardOutput.write(json: collection) }
        for blob in collection.blobs { StandardOutput.write("\(blob.digest)  \(blob.size)") }
        let bytes = collection.blobs.reduce(UInt64(0)) { $0 + $1.size }
        StandardError.write(
            "\(counted(collection.blobs.count, "blob")), \(bytes) bytes: \(dryRun ? "would go (nothing was taken)" : "gone")"
        )
    }
}
