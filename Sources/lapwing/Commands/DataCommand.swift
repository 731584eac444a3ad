import ArgumentParser

/// `lapwing data`: what is done to a dataset before anybody trains on it.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Sign and verify datasets.",
        discussion: """
            A dataset is signed as a model is, by whoever produces it. `lapwing model attest --provenance` names the \
            digests of the datasets that a model was trained on, and a release asks for each to be signed by its producer.
            """,
        subcommands: [ModelSignCommand.self, ModelVerifyCommand.self]
    )
}
