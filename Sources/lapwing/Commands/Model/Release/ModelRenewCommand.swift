import ArgumentParser
import ModelTrust

/// `lapwing model renew`: issue the index of releases anew before it expires.
struct ModelRenewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Issue the index of releases anew, so that it lasts longer.",
        discussion: """
            What is on it stays as it is. --recover gives it a number that whoever stole a releaser's key cannot have \
            passed; revoke that releaser in the policy first.
            """
    )

    @OptionGroup var policies: TrustPolicies
    @OptionGroup var index: ReleaseIndexFile

    @Option(help: "A digest on the index that may run beside later releases; may be repeated.")
    var allowRollback: [DigestArgument] = []

    @Option(help: "How long the index lasts, such as 24h; as long as the policy allows unless said.")
    var validFor: DurationArgument?

    @Flag(help: "Let the index's number leap to the clock's, after a releaser's key was stolen.")
    var recover = false

    @OptionGroup var identity: SigningIdentity
    @OptionGroup var chatter: ModelChatter

    func run() async throws { try await index.changing(change) }

    private func change() async throws {
        var change = ReleaseIndexEditor.Change()
        change.rollback = Set(allowRollback.map(\.digest))
        change.lifetime = validFor?.duration
        change.leaps = recover
        let (next, bundle) = try await index.sign(change, try policies.load(), as: identity, chatter)
        try OutputFile.write(bundle, to: index.index)
        try ReleaseOutput.show(next, at: index.index, chatter)
    }
}
