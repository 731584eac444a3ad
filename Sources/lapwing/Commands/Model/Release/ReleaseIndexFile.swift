import ArgumentParser
import Foundation
import Glibc
import ModelTrust

/// Where the signed index of an environment's releases lies.
struct ReleaseIndexFile: ParsableArguments {
    @Option(help: "The environment, as the policies call it: production.")
    var environment: String

    @Option(help: "The file of the environment's signed index of releases.", completion: .file())
    var index: String

    /// The file's bundle; nil where there is no file.
    func bundle() throws -> ModelAdmission.Bundle? {
        guard FileManager.default.fileExists(atPath: index) else { return nil }
        return (index, try EvidenceFolder.read(index))
    }

    /// An editor, and the index that is there.
    func edit(_ policies: ModelTrustPolicySet) throws -> (editor: ReleaseIndexEditor, index: ReleaseIndex?) {
        do {
            let editor = try ReleaseIndexEditor(policies: policies, environment: environment)
            return (editor, try bundle().map { try editor.read($0.bytes) })
        } catch let refusal as ModelRefusal {
            throw CommandError(.refused, "\(index): \(refusal.message)")
        }
    }

    /// Changes the index while nobody else does: of two changes at once, none is lost.
    func changing(_ change: () async throws -> Void) async throws {
        // Sound: the path lives through the call.
        let lock = unsafe open(index + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw CommandError(.usage, "`\(index).lock` cannot be made beside the index") }
        defer { close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandError(.refused, "`\(index)` is being changed by somebody else; try again")
        }
        try await change()
    }

    /// Signs the next index and looks whether the policies believe it, which is not written yet.
    func sign(
        _ change: ReleaseIndexEditor.Change,
        _ policies: ModelTrustPolicySet,
        as identity: SigningIdentity,
        _ chatter: ModelChatter
    ) async throws -> (index: ReleaseIndex, bundle: [UInt8]) {
        let (editor, present) = try edit(policies)
        let signer = StatementSigner(credential: try await identity.credential(chatter))
        do {
            let next = try editor.next(after: present, change)
            let bundle = try signer.sign(next, timestamp: try identity.timestamp())
            return (try editor.read(bundle), bundle)
        } catch let refusal as ModelRefusal { throw CommandError(.refused, refusal.message) }
    }
}

/// A time such as `36h`, as configurations write it.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let unit = argument.last, let count = Int(argument.dropLast()), count > 0 else { return nil }
        let seconds: Int
        switch unit {
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3_600
        case "d": seconds = 86_400
        default: return nil
        }
        guard count <= 366 * 86_400 / seconds else { return nil }
        duration = .seconds(count * seconds)
    }
}
