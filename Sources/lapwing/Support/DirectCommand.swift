import ArgumentParser

/// Reads a command line for the one command that it names, without the tree of all of them.
///
/// ArgumentParser makes that tree before it looks at the first word, and asks the runtime for the name of each command
/// that does not say its own: half of what a short command took. What is not a plain call of a command (help, the
/// version, a mistake) is left to ArgumentParser, whose words name the whole path to the command.
enum DirectCommand {
    /// The command that deployments call before each start of a service, where it is called plainly.
    static func plain(_ arguments: [String]) -> ModelVerifyRun? {
        guard arguments.count > 2, ModelCommand.isNamed(arguments[0]), ModelVerifyCommand.isNamed(arguments[1]) else {
            return nil
        }
        return ModelVerifyRun(plain: arguments[2...])
    }

    /// The command, ready to run; `nil` where the whole tree is to read the line.
    static func parse(_ arguments: [String]) -> (any ParsableCommand)? {
        var command: any ParsableCommand.Type = Lapwing.self
        var rest = arguments[...]
        while let word = rest.first, let next = command.configuration.subcommands.first(where: { $0.isNamed(word) }) {
            command = next
            rest.removeFirst()
        }
        guard command.configuration.subcommands.isEmpty, !rest.prefix(while: { $0 != "--" }).contains("--version")
        else { return nil }
        return try? command.parse(Array(rest))
    }
}

extension ParsableCommand {
    /// Whether this is the name that the command says it has.
    fileprivate static func isNamed(_ word: String) -> Bool { configuration.commandName == word }
}
