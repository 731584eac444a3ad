import ArgumentParser

/// `lapwing guard`: what goes into a model, and what comes out.
struct GuardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guard",
        abstract: "Judge prompts, calibrate and measure that, and try attacks.",
        subcommands: [Evaluate.self, Calibrate.self, Explain.self, Drill.self]
    )
}
