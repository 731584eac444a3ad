import ArgumentParser

/// `lapwing model`: what is done to a model before a byte of it is used.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Prove models before a byte of them is used.",
        subcommands: [
            // One line for each.
            ModelAttestCommand.self,
            ModelApproveCommand.self,
            ModelReleaseCommand.self,
            ModelRenewCommand.self,
            ModelRevokeCommand.self,
            ModelAdmitCommand.self,
            ModelPushCommand.self,
            ModelPullCommand.self,
            ModelListCommand.self,
            ModelGCCommand.self,
            ModelPromoteCommand.self,
            ModelTagCommand.self,
            Scan.self,
            ScanWorkerCommand.self,
            ModelSignCommand.self,
            ModelVerifyCommand.self,
            ModelRunCommand.self,
        ]
    )
}
