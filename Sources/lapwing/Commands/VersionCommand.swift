import ArgumentParser

/// `lapwing version`: the word that other programs take beside `--version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the version, as --version does."
    )

    func run() { print(Version.current) }
}
