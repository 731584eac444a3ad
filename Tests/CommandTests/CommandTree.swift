import Foundation

/// The program's commands with their options, as the program itself tells them.
struct CommandTree: Decodable {
    private struct Dump: Decodable { let command: CommandTree }

    private struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let names: [Name]?
    }

    let commandName: String
    private let shouldDisplay: Bool?
    private let arguments: [Argument]?
    let subcommands: [CommandTree]?

    /// Asks the program.
    static func read() throws -> CommandTree {
        let dump = try Program.run("--experimental-dump-help")
        return try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command
    }

    /// The options and flags as they are written.
    var names: Set<String> {
        Set((arguments ?? []).flatMap { $0.names ?? [] }.map { ($0.kind == "long" ? "--" : "-") + $0.name })
    }

    /// The commands that do something, each with the words before it, without those that help does not show.
    func leaves(_ words: [String] = []) -> [String] {
        let words = words + [commandName]
        guard shouldDisplay ?? true, commandName != "help" else { return [] }
        let inner = (subcommands ?? []).filter { $0.commandName != "help" }
        return inner.isEmpty ? [words.joined(separator: " ")] : inner.flatMap { $0.leaves(words) }
    }

    /// What is wrong with a command as somebody wrote it down; nil where every subcommand and option in it is there.
    ///
    /// `a b|c` stands for `a b` and `a c`, brackets for what may be left out, and capitals for what has to be put there.
    func problem(with line: String) -> String? {
        let words = line.split(separator: " ").drop { $0 == "lapwing" }.prefix {
            !["|", ">", "2>", "<", "&&", ";", "#"].contains($0)
        }
        var nodes = [self]
        var rest = words
        while let word = rest.first, !word.hasPrefix("-"), nodes.contains(where: { $0.subcommands != nil }) {
            let choices = word.trimmingCharacters(in: CharacterSet(charactersIn: "[],")).split(separator: "|")
            if choices.allSatisfy({ $0 == "…" || $0 == $0.uppercased() }) { return nil }
            let known = nodes.flatMap { $0.subcommands ?? [] }
            for choice in choices where !known.contains(where: { $0.commandName == choice }) {
                return "there is no subcommand `\(choice)`"
            }
            nodes = known.filter { choices.contains(Substring($0.commandName)) }
            rest = rest.dropFirst()
        }
        let names = nodes.reduce(into: Set()) { $0.formUnion($1.names) }
        for word in rest.prefix(while: { $0 != "--" }) {
            for choice in word.trimmingCharacters(in: CharacterSet(charactersIn: "[](),.")).split(separator: "|") {
                let name = choice.prefix { $0 != "=" }
                guard let first = name.drop(while: { $0 == "-" }).first, name.hasPrefix("-"), first.isLetter else {
                    continue
                }
                if !names.contains(String(name)) { return "there is no option `\(name)`" }
            }
        }
        return nil
    }
}
