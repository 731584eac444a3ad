import ArgumentParser
import DataAccess
import Foundation
import Resources

/// Where the estate is that a command is about.
struct EstateOptions: ParsableArguments {
    @Argument(help: "A file or directory with an `Estate`.", completion: .file())
    var path: String

    @Option(help: "Which estate, where there are several.")
    var estate: String?

    /// The estate; what is doubtful about it goes to standard error.
    ///
    /// - Throws: `ResourceError` for one that is refused, ``CommandError`` where there is none or a choice.
    func load() throws -> Estate {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandError(.usage, "there is no file or directory `\(path)`")
        }
        let estates = try Estate.load(try ResourceLoader.load(path: path).documents)
        let names = estates.map(\.name)
        let found = estate.map { name in estates.filter { $0.name == name } } ?? estates
        guard let first = found.first else {
            throw CommandError(
                .usage,
                estate.map { "there is no estate `\($0)`; \(suggestion(for: $0, among: names))" }
                    ?? "`\(path)` has no `Estate`"
            )
        }
        guard found.count == 1 else {
            throw CommandError(
                .usage,
                "there are several estates; choose one with --estate: \(names.joined(separator: ", "))"
            )
        }
        for warning in first.warnings { StandardError.write(warning.description) }
        return first
    }
}
