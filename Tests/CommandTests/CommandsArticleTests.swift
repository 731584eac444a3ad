import Foundation
import Testing

/// The article of commands says that it has every one.
@Suite struct CommandsArticleTests {
    private struct Dump: Decodable { let command: Command }

    private struct Command: Decodable {
        let commandName: String
        let shouldDisplay: Bool?
        let subcommands: [Command]?

        /// The commands that do something, each with the words before it.
        func leaves(_ words: [String] = []) -> [String] {
            let words = words + [commandName]
            guard shouldDisplay ?? true, commandName != "help" else { return [] }
            let inner = (subcommands ?? []).filter { $0.commandName != "help" }
            return inner.isEmpty ? [words.joined(separator: " ")] : inner.flatMap { $0.leaves(words) }
        }
    }

    @Test func `every command that help shows is in the article`() throws {
        let dump = try Program.run("--experimental-dump-help")
        let commands = try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command.leaves()
        #expect(commands.count > 80 && commands.contains("lapwing identity entry create"))
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Documentation/Lapwing.docc/Commands.md")
        let written = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `lapwing") }
            .flatMap { $0.split(separator: "`").filter { $0.hasPrefix("lapwing ") } }
            .flatMap { alternatives(String($0)) }
        let missing = commands.filter { command in
            !written.contains { $0 == command || $0.hasPrefix(command + " ") }
        }
        #expect(missing.isEmpty, "\(missing)")
    }

    /// `a b\\|c d` stands for `a b d` and `a c d`.
    private func alternatives(_ text: String) -> [String] {
        text.split(separator: " ").reduce([""]) { starts, word in
            let choices = word.replacing("\\|", with: "|").split(separator: "|")
            return starts.flatMap { start in choices.map { start.isEmpty ? String($0) : start + " " + $0 } }
        }
    }
}
