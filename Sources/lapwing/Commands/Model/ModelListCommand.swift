import ArgumentParser
import Foundation
import Registry

/// `lapwing model list`.
struct ModelListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models of a repository: their state, their tags and who pushed them."
    )

    @Argument(help: "The repository: HOST[:PORT]/REPOSITORY.")
    var repository: String

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let source = try ArtifactReference(argument: repository)
        let list: ModelList = try await withRegistry {
            let client = try await registry.client(for: source)
            return try await client.value("GET", "/v2/\(source.repository)/_lapwing/manifests/list")
        }
        if output == .json { return try StandardOutput.write(json: list) }
        var table = TextTable("VERSION", "DIGEST", "STATE", "TAGS", "PUSHED", "BY")
        for model in list.models {
            table.add(
                "\(model.version)",
                String(model.digest.prefix(19)),
                model.state,
                model.tags.joined(separator: ","),
                String(model.pushedAt.prefix(19)) + "Z",
                model.pushedBy
            )
        }
        StandardOutput.write(table.render())
        for model in list.models {
            for reason in model.reasons { StandardError.write("version \(model.version): \(reason)") }
        }
    }
}

/// `lapwing model promote`.
struct ModelPromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Have a tag point to a model that is admitted; the move is recorded before it is made."
    )

    @Argument(help: "The model: HOST[:PORT]/REPOSITORY[:TAG][@DIGEST].")
    var reference: String

    @Argument(help: "The tag that is to point to it: production.")
    var tag: String

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let source = try ArtifactReference(argument: reference)
        guard let tag = TagName(tag) else { throw CommandError(.usage, "`\(tag)` is no tag") }
        let history: TagHistory = try await withRegistry {
            let client = try await registry.client(for: source)
            return try await client.value(
                "POST",
                "/v2/\(source.repository)/_lapwing/tags/promote?reference=\(source.reference)&tag=\(tag)"
            )
        }
        try history.print(output)
    }
}

/// `lapwing model tag`.
struct ModelTagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "See what became of a repository's tags.",
        subcommands: [History.self]
    )

    /// `lapwing model tag history`.
    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history",
            abstract: "Print every change of a repository's tags, or of one: who, from which model, to which.",
            discussion:
                "The id in the last column is that of the record: `lapwing audit show ID`, `lapwing audit proof ID`."
        )

        @Argument(help: "The repository, or a tag of it: HOST[:PORT]/REPOSITORY[:TAG].")
        var reference: String

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        @OptionGroup var registry: RegistryOptions

        func run() async throws {
            let source = try ArtifactReference(argument: reference)
            // A reference without a tag means every tag here, and not `latest`.
            let names = reference.hasSuffix("/\(source.repository)") ? "" : "?tag=\(source.reference)"
            let history: TagHistory = try await withRegistry {
                let client = try await registry.client(for: source)
                return try await client.value("GET", "/v2/\(source.repository)/_lapwing/tags/history\(names)")
            }
            try history.print(output)
        }
    }
}

extension TagHistory {
    /// Prints the changes, the oldest first.
    func print(_ output: OutputFormat) throws {
        if output == .json { return try StandardOutput.write(json: self) }
        var table = TextTable("TIME", "TAG", "FROM", "TO", "BY", "RECORD")
        for move in moves {
            table.add(
                String(move.at.prefix(19)) + "Z",
                move.tag,
                move.from.map { String($0.prefix(19)) } ?? "-",
                move.to.map { String($0.prefix(19)) } ?? "-",
                move.by,
                move.record
            )
        }
        StandardOutput.write(table.render())
    }
}
