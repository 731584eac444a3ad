import ArgumentParser
import Foundation
import ModelTrust
import ZeroTrust

/// `lapwing model approve`: approve of a model in an environment, and sign it.
struct ModelApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Approve of a model in an environment, and sign it.",
        discussion: """
            The model is verified first. The approval is written into PATH.evidence, or where --evidence says; how many \
            it takes, and whose, the policy's release says.
            """
    )

    @OptionGroup var model: PolicedModel

    @Option(help: "The environment, as the policies call it: production.")
    var environment: String

    @Option(help: "The folder for the approval; PATH.evidence unless said.", completion: .directory)
    var evidence: String?

    @OptionGroup var identity: SigningIdentity
    @OptionGroup var chatter: ModelChatter

    func run() async throws {
        let policies = try model.policies.load()
        let subject = try model.verified(policies, chatter)
        let predicate = Approval(environment: environment, approvedAt: .now()).json
        let bundle: [UInt8]
        do {
            // An environment that no policy knows is a slip of the pen.
            _ = try ModelAdmission(policies: policies, environment: environment).releases(of: subject.name)
            bundle = try StatementSigner(credential: try await identity.credential(chatter)).attest(
                subject,
                type: .approval,
                predicate: predicate,
                timestamp: try identity.timestamp()
            )
        } catch let refusal as ModelRefusal { throw CommandError(.usage, refusal.message) }
        let place = try EvidenceFolder(path: evidence ?? model.model.path + ".evidence")
            .add(bundle, named: "approval-\(environment)")
        try ReleaseOutput.wrote(place, about: subject, chatter)
    }
}
