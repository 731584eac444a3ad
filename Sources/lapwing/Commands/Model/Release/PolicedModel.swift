import ArgumentParser
import Foundation
import ModelTrust
import Resources

/// A model as the policies know it: where it lies, its name, and its signature.
struct PolicedModel: ParsableArguments {
    @Argument(help: "The model: a directory, or one file.", completion: .file())
    var path: String

    @Option(help: "The name by which policies speak of it; the path's last part unless said.")
    var name: String?

    @Option(help: "The model's signature; PATH.sig unless said.", completion: .file())
    var signature: String?

    @OptionGroup var policies: TrustPolicies

    var model: ModelPathArgument { ModelPathArgument(path) }
    var modelName: String { name ?? String(model.path.split(separator: "/").last ?? "") }
    var signaturePath: String { signature ?? model.path + ".sig" }

    /// What the policies say of the bytes that are there.
    func verdict(_ policies: ModelTrustPolicySet, _ chatter: ModelChatter) throws -> ModelVerdict {
        let bar = chatter.bar("verifying")
        defer { bar?.finish() }
        do throws(ModelRefusal) {
            return try policies.verifier(for: modelName, progress: { bar?.show($0, of: $1) })
                .verify(model: model.path, signature: signaturePath)
        } catch { throw CommandError(.refused, error.message) }
    }

    /// The model by name and digest, where its signature holds: nobody vouches for bytes that were not verified.
    func verified(_ policies: ModelTrustPolicySet, _ chatter: ModelChatter) throws -> NamedArtifact {
        try verified(verdict(policies, chatter))
    }

    /// The model of a verdict, where that says that its signature holds.
    func verified(_ verdict: ModelVerdict) throws -> NamedArtifact {
        switch verdict {
        case .refused(let refusal):
            throw CommandError(
                .unverified,
                "`\(model.path)` is not what somebody signed who may: \(refusal.message) (\(refusal.code.rawValue))"
            )
        case .verified(let verified):
            return NamedArtifact(name: modelName, digest: verified.manifestDigest)
        }
    }
}

/// The policies that say whose signatures count, and what a release asks for.
struct TrustPolicies: ParsableArguments {
    @Option(help: "ModelTrustPolicy resources: a file or a directory.", completion: .file())
    var policy: String

    func load() throws -> ModelTrustPolicySet {
        let policies = try ModelTrustPolicySet(ResourceLoader.load(path: policy).documents)
        guard !policies.policies.isEmpty else {
            throw CommandError(.usage, "there is no ModelTrustPolicy in `\(policy)`")
        }
        return policies
    }
}
