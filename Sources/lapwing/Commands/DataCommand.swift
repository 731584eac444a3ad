import ArgumentParser

/// `lapwing data`: who may use which data for what, and what is done to a dataset before anybody trains on it.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Open data only for its purpose; sign and verify datasets.",
        discussion: """
            An Estate declares components, datasets and purposes. `plan`, `apply`, `rollback` and `drift` put it in force \
            in PostgreSQL, and tell whether it still holds.

            A dataset is signed as a model is, by whoever produces it. `lapwing model attest --provenance` names the \
            digests of the datasets that a model was trained on, and a release asks for each to be signed by its producer.
            """,
        subcommands: [
            Plan.self, Apply.self, Rollback.self, Drift.self, Residual.self, ModelSignCommand.self,
            ModelVerifyCommand.self,
        ]
    )
}
