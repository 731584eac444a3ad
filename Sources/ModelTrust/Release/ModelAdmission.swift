public import FoundationEssentials
internal import ZeroTrust

/// Decides whether a model may run in an environment, by every policy that is about it.
///
/// ```swift
/// let admission = ModelAdmission(policies: policies, environment: "production")
/// let decision = try admission.decide(
///     on: "fraud", verdict: policies.verifier(for: "fraud").verify(model: path, signature: path + ".sig"),
///     evidence: bundles, index: ("releases.json", bytes), memory: ReleaseMemoryFile(path: state + "/releases"))
/// ```
public struct ModelAdmission: Sendable {
    private let policies: ModelTrustPolicySet
    private let environment: String
    private let clock: @Sendable () -> Date

    /// An admission to an environment.
    public init(
        policies: ModelTrustPolicySet,
        environment: String,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.policies = policies
        self.environment = environment
        self.clock = clock
    }

    /// A bundle, and the name by which people know it.
    public typealias Bundle = (name: String, bytes: [UInt8])

    /// What the policies say of a model.
    ///
    /// - Parameters:
    ///   - name: the model's name.
    ///   - verdict: what verification said of its bytes.
    ///   - evidence: what others signed about it, and the signatures of datasets.
    ///   - index: the signed index of what is released; nil where there is none.
    ///   - memory: where the highest index that was seen is remembered.
    /// - Returns: the decision, condition by condition.
    /// - Throws: ``ModelRefusal`` where no policy releases models of this name, or the memory cannot be used.
    public func decide(
        on name: String,
        verdict: ModelVerdict,
        evidence: [Bundle],
        index: Bundle?,
        memory: ReleaseMemoryFile
    ) throws -> ReleaseDecision {
        try memory.remembering { remembered in
            let decision = try judge(
                name,
                verdict: verdict,
                evidence: evidence,
                index: index,
                remembering: remembered
            )
            return (decision, decision.memory)
        }
    }

    /// The same by what is given as remembered, which stays as it is: what a releaser asks before an index is out.
    public func judge(
        _ name: String,
        verdict: ModelVerdict,
        evidence: [Bundle],
        index: Bundle?,
        remembering remembered: ReleaseMemory? = nil
    ) throws(ModelRefusal) -> ReleaseDecision {
        let now = clock()
        let moment = Timestamp(now)
        // Policies of other environments have no say here; a model that none releases here is refused.
        let policies = try releases(of: name)
        let signature: ReleaseEvidence.Signature
        let digest: ArtifactDigest
        switch verdict {
        case .verified(let model):
            digest = model.manifestDigest
            signature = .verified(signer: Principal(model.signer))
        case .refused(let refusal):
            // Nobody vouches for any bytes; no evidence is about this digest, since no bytes have it.
            digest = ArtifactDigest(of: [])
            signature = .refused(reason: "\(refusal.message) (\(refusal.code.rawValue))")
        }
        let model = NamedArtifact(name: name, digest: digest)
        let bundles = EvidenceBundles(evidence)
        let decisions = policies.map { policy in
            let reader = EvidenceReader(trusts: policy.authorities, now: now)
            return ReleaseJudge(policy: policy, environment: environment, now: moment).judge(
                reader.evidence(of: model, signature: signature, bundles: bundles, index: index),
                remembering: remembered
            )
        }
        return ReleaseDecision(all: decisions)
    }

    /// What the policies about a name ask for in this environment.
    public func releases(of name: String) throws(ModelRefusal) -> [ReleasePolicy] {
        let about = policies.policies.filter { $0.isAbout(name) }
        guard !about.isEmpty else {
            throw ModelRefusal(.policy, "no \(ModelTrustPolicy.kind) is about a model called `\(name)`")
        }
        let releases = about.compactMap(\.release)
        guard !releases.isEmpty else {
            throw ModelRefusal(
                .policy,
                "no policy about `\(name)` has a `release`: say there what has to hold before it may run"
            )
        }
        let here = releases.filter { $0.environments.contains(environment) }
        guard !here.isEmpty else {
            let known = Set(releases.flatMap(\.environments)).sorted().quoted
            throw ModelRefusal(.policy, "`\(name)` is released to \(known), and nowhere to `\(environment)`")
        }
        return here
    }
}
