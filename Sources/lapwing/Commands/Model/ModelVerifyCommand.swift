import ArgumentParser

/// `lapwing model verify`: prove who signed a model, and that every byte is as it was signed.
struct ModelVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove who signed a model, and that every byte is as it was signed.",
        discussion: """
            Reads PATH.sig, or the file that --signature names, and says whose signatures count with one of \
            --public-key, --certificate-chain, --trusted-root, --spiffe-bundle and --policy. Nothing is trusted by \
            itself. Exits with 4 where the model is refused, and prints why.
            """
    )

    @Argument(help: "The model.", completion: .file())
    var path: String

    @OptionGroup var options: ModelVerificationOptions

    @OptionGroup var chatter: ModelChatter

    /// What there is to do.
    var verification: ModelVerifyRun {
        ModelVerifyRun(path: path, verification: options.verification, chatter: chatter.chatter)
    }

    func run() throws { try verification.run() }
}
