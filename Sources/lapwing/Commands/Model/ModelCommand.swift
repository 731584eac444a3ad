import ArgumentParser

/// `lapwing model`: what is done to a model before a byte of it is used.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Prove models before a byte of them is used.",
        subcommands: [
            // One line for each.
            ModelSignCommand.self,
            ModelVerifyCommand.self,
            Scan.self,
            ModelRunCommand.self,
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
            ScanWorkerCommand.self,
        ]
    )
}
