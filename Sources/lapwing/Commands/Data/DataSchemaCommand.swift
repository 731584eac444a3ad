import ArgumentParser
import DataAccess

/// `lapwing data schema`.
struct DataSchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of an estate, for editors.",
        usage: "lapwing data schema > estate.schema.json",
        discussion: """
            Editors complete fields by it and mark mistakes while you write. For those that speak YAML's language server, \
            begin the file with `# yaml-language-server: $schema=estate.schema.json`.

            What names mean together is told by `lapwing data show` and the others, which refuse what is wrong.
            """
    )

    func run() { StandardOutput.write(String(EstateSchema.json.dropLast())) }
}
