import ArgumentParser
import Foundation
import ModelTrust

/// `lapwing model admit`: succeed only where a model may run in an environment.
struct ModelAdmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admit",
        abstract: "Succeed only where a model may run in an environment.",
        discussion: """
            For deployment pipelines. Verifies every byte of the model, then each condition of the policy's release, and \
            prints those that do not hold. Exits with 0 where all hold, with 4 where the model's bytes or signature do \
            not verify, and with 1 where something else is missing.

            The highest index and the latest time that were seen are remembered in --state, so that nobody can take this \
            machine back to an older index, or to one that has expired.
            """
    )

    @OptionGroup var model: PolicedModel
    @OptionGroup var index: ReleaseIndexFile

    @Option(help: "The folder with what others signed about it; PATH.evidence unless said.", completion: .directory)
    var evidence: String?

    @Option(
        help: "The folder in which the highest index and the latest time that were seen are remembered.",
        completion: .directory
    )
    var state: String

    @OptionGroup var chatter: ModelChatter

    func run() throws {
        let policies = try model.policies.load()
        guard !index.environment.isEmpty, !index.environment.contains("/") else {
            throw CommandError(.usage, "--environment takes a name without `/`")
        }
        let decision: ReleaseDecision
        let verdict: ModelVerdict
        do {
            try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
            let now = try AdmissionClock.now(keptIn: state, say: chatter.say)
            let admission = ModelAdmission(policies: policies, environment: index.environment, clock: { now })
            // What no policy releases need not be hashed.
            _ = try admission.releases(of: model.modelName)
            verdict = try model.verdict(policies, chatter)
            let releases = try index.bundle()
            if releases == nil {
                chatter.say("`\(index.index)` is not there; a releaser makes it with `lapwing model release`")
            }
            decision = try admission.decide(
                on: model.modelName,
                verdict: verdict,
                evidence: try EvidenceFolder(path: evidence ?? model.model.path + ".evidence").bundles(),
                index: releases,
                memory: ReleaseMemoryFile(path: "\(state)/releases-\(index.environment).json")
            )
        } catch let refusal as ModelRefusal {
            throw CommandError(.refused, refusal.message)
        } catch let error as CocoaError {
            throw CommandError(.usage, "`\(state)` cannot be made: \(SystemReason.of(error))")
        }
        var subject = model.modelName
        if case .verified(let verified) = verdict { subject += "@\(verified.manifestDigest)" }
        try ReleaseOutput.show(decision, of: subject, in: index.environment, chatter)
        guard !decision.isAdmitted else { return }
        if case .refused = verdict { throw ExitCode(ExitStatus.unverified.rawValue) }
        throw ExitCode(ExitStatus.refused.rawValue)
    }
}
