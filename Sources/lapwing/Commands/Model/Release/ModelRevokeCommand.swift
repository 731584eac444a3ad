import ArgumentParser
import ModelTrust

/// `lapwing model revoke`: take a model, or everything that somebody signed, out of an environment.
struct ModelRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a model's digest or a signer on the index of releases.",
        discussion: """
            Whoever reads the new index refuses what is revoked, whatever else speaks for it. A signer is named as \
            policies name it: a SPIFFE ID, `key:FINGERPRINT`, `certificate:NAME` or `sigstore:ISSUER#NAME`.
            """
    )

    @Option(help: "The digest of a model; may be repeated.")
    var digest: [DigestArgument] = []

    @Option(help: "A signer; may be repeated.")
    var signer: [String] = []

    @OptionGroup var policies: TrustPolicies
    @OptionGroup var index: ReleaseIndexFile
    @OptionGroup var identity: SigningIdentity
    @OptionGroup var chatter: ModelChatter

    func validate() throws {
        guard !digest.isEmpty || !signer.isEmpty else { throw ValidationError("give a --digest or a --signer") }
        for signer in signer where !Principal.isName(signer) || signer.hasSuffix("*") {
            throw ValidationError(
                "--signer takes one SPIFFE ID, `key:FINGERPRINT`, `certificate:NAME` or `sigstore:ISSUER#NAME`"
            )
        }
    }

    func run() async throws { try await index.changing(change) }

    private func change() async throws {
        var change = ReleaseIndexEditor.Change()
        change.revokedDigests = Set(digest.map(\.digest))
        change.revokedSigners = Set(signer)
        let (next, bundle) = try await index.sign(change, try policies.load(), as: identity, chatter)
        try OutputFile.write(bundle, to: index.index)
        try ReleaseOutput.show(next, at: index.index, chatter)
    }
}
