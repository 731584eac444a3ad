import ArgumentParser
import Foundation
import ModelTrust

/// `lapwing model release`: put a model on the index of what may run in an environment.
struct ModelReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Put a model on the signed index of what may run in an environment.",
        discussion: """
            The model is judged by the policy's release as if it were on the index already; where a condition does not \
            hold, nothing is written and every one that does not is printed. An index expires: `lapwing model renew` \
            issues it anew.
            """
    )

    @OptionGroup var model: PolicedModel
    @OptionGroup var index: ReleaseIndexFile

    @Option(help: "The folder with what others signed about it; PATH.evidence unless said.", completion: .directory)
    var evidence: String?

    @Option(help: "A digest on the index that may run beside later releases; may be repeated.")
    var allowRollback: [DigestArgument] = []

    @Option(help: "How long the index lasts, such as 24h; as long as the policy allows unless said.")
    var validFor: DurationArgument?

    @OptionGroup var identity: SigningIdentity
    @OptionGroup var chatter: ModelChatter

    func run() async throws { try await index.changing(change) }

    private func change() async throws {
        let policies = try model.policies.load()
        let verdict = try model.verdict(policies, chatter)
        let subject = try model.verified(verdict)
        var change = ReleaseIndexEditor.Change()
        change.release = subject
        change.rollback = Set(allowRollback.map(\.digest))
        change.lifetime = validFor?.duration
        let (next, bundle) = try await index.sign(change, policies, as: identity, chatter)
        let decision: ReleaseDecision
        do {
            decision = try ModelAdmission(policies: policies, environment: index.environment).judge(
                subject.name,
                verdict: verdict,
                evidence: try EvidenceFolder(path: evidence ?? model.model.path + ".evidence").bundles(),
                index: ("the new index", bundle)
            )
        } catch let refusal as ModelRefusal { throw CommandError(.refused, refusal.message) }
        guard decision.isAdmitted else {
            try ReleaseOutput.show(decision, of: subject, in: index.environment, chatter)
            throw ExitCode(ExitStatus.refused.rawValue)
        }
        try OutputFile.write(bundle, to: index.index)
        try ReleaseOutput.show(next, at: index.index, chatter)
    }
}

/// A digest on a command line.
struct DigestArgument: ExpressibleByArgument {
    let digest: ArtifactDigest

    init?(argument: String) {
        guard let digest = ArtifactDigest(argument) else { return nil }
        self.digest = digest
    }
}
