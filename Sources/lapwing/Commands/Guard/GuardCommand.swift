import ArgumentParser

/// `lapwing guard`: what goes into a model, and what comes out.
struct GuardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard",
        abstract: "Judge prompts and answers: what is found, how well, and what attacks get done.",
        subcommands: [Scan.self, Evaluate.self, Calibrate.self, Explain.self, Drill.self]
    )
}
