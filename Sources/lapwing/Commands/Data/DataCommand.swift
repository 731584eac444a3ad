import ArgumentParser

/// `lapwing data`: who may use which data, and datasets that are signed.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Say who may use which data, write that for each platform and prove it; sign and verify datasets.",
        discussion: """
            An `Estate` says who exists, what they are for, which data there is and what must never happen. `schema` helps \
            editors to write one, `show` draws what follows from it, `emit` writes what enforces it, and `prove` holds what is \
            in force against it. `plan`, `apply`, `rollback` and `drift` put it in force in PostgreSQL, and tell whether it \
            still holds. `unused` lists what is granted and nobody uses.

            A dataset is signed as a model is, by whoever produces it. `lapwing model attest --provenance` names the \
            digests of the datasets that a model was trained on, and a release asks for each to be signed by its producer.
            """,
        subcommands: [
            DataShowCommand.self, DataSchemaCommand.self, DataEmitCommand.self, DataProveCommand.self,
            DataEgressCommand.self, Plan.self, Apply.self, Rollback.self,
            Drift.self, Residual.self, DataUnusedCommand.self, ModelSignCommand.self, ModelVerifyCommand.self,
        ]
    )
}
