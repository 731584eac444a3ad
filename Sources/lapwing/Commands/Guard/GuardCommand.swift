import ArgumentParser

/// `lapwing guard`: what goes into a model, and what comes out.
struct GuardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard",
        abstract: "Look through text for personal data and secrets.",
        subcommands: [Scan.self]
    )
}
