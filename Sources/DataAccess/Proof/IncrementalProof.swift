/// The proof of an estate, kept while what is in force in AWS changes: only what read a changed policy is proved anew.
///
/// ```swift
/// var running = IncrementalProof(estate, aws: artifacts)
/// try artifacts.reread(["roles/trainer"], files: files, estate: estate)
/// running.update(artifacts)
/// guard running.proof.holds else { … }
/// ```
///
/// What it says is what ``EstateProof`` says of the same policies, which is made by it. A policy of a role counts for what
/// its component and those that get to the role can do; a bucket's for the roles that may touch it and for everybody whom it
/// lets in; a trust policy that names roles or users counts for every role. Where a role or a bucket is new or gone,
/// everything is proved anew.
public struct IncrementalProof: Sendable {
    /// The estate.
    public let estate: Estate
    /// What is in force in AWS, as it was looked at last; nil where AWS is not looked at.
    public private(set) var artifacts: AWSArtifacts?
    /// What was proved, and what was not.
    public private(set) var proof = EstateProof(results: [])
    private let others: [ObservedAccess]
    private let model: LayerProof
    private let othersProofs: [LayerProof]
    private var observations: [RunningObservation] = []
    private var layers: [LayerProof] = []
    private var guards: AWSGuardProof?

    /// Proves what there is to prove.
    ///
    /// - Parameters:
    ///   - estate: the estate.
    ///   - artifacts: what is in force in AWS, parsed back; nil where AWS is not looked at.
    ///   - others: what was observed in other layers.
    public init(_ estate: Estate, aws artifacts: AWSArtifacts? = nil, others: [ObservedAccess] = []) {
        self.estate = estate
        self.artifacts = artifacts
        self.others = others
        model = LayerProof(estate, ModelAccess.observe(estate))
        othersProofs = others.map { LayerProof(estate, $0) }
        if let artifacts {
            observations = AWSObservation.Scope.allCases.map { scope in
                RunningObservation(AWSObservation(estate, artifacts, scope: scope), followsPaths: scope == .all)
            }
            layers = observations.map { LayerProof(estate, $0.observed) }
            guards = AWSGuardProof(estate, artifacts)
        }
        conclude()
    }

    /// Proves what is in force now.
    ///
    /// - Parameter now: what is in force in AWS now.
    public mutating func update(_ now: AWSArtifacts) {
        guard let before = artifacts, before.isOfTheSame(as: now) else {
            self = IncrementalProof(estate, aws: now, others: others)
            return
        }
        var change = RunningObservation.Change()
        for (name, role) in now.roles {
            guard let old = before.roles[name], old != role else { continue }
            if old.trust != role.trust { change.trusts.insert(name) }
            if old.policies != role.policies || old.boundary != role.boundary { change.roles.insert(name) }
        }
        for (name, bucket) in now.buckets where before.buckets[name] != bucket { change.buckets.insert(name) }
        let hasOtherEndpoints = before.endpoints != now.endpoints
        artifacts = now
        guard hasOtherEndpoints || !change.isEmpty else { return }
        for index in observations.indices {
            let names = observations[index].update(now, change)
            layers[index].update(observations[index].observed, names)
        }
        guards?.update(now, change, hasOtherEndpoints: hasOtherEndpoints)
        conclude()
    }

    private mutating func conclude() {
        var results: [EstateProof.Result] = []
        let aws = layers + othersProofs
        for (index, invariant) in estate.invariants.enumerated() {
            for layer in [model] + aws {
                let outcome = layer.outcome(index)
                guard outcome != .notConcerned else { continue }
                results.append(EstateProof.Result(id: invariant.id, layer: layer.layer, outcome: outcome))
            }
        }
        for layer in aws {
            results.append(EstateProof.Result(id: "excess", layer: layer.layer, outcome: layer.excess))
            results.append(EstateProof.Result(id: "missing", layer: layer.layer, outcome: layer.missing))
        }
        proof = EstateProof(results: results + (guards?.results ?? []))
    }
}

extension RunningObservation.Change {
    var isEmpty: Bool { roles.isEmpty && trusts.isEmpty && buckets.isEmpty }
}

extension AWSArtifacts {
    /// Whether both have the same roles and buckets, whatever their policies say.
    fileprivate func isOfTheSame(as other: AWSArtifacts) -> Bool {
        partition == other.partition && roles.count == other.roles.count && buckets.count == other.buckets.count
            && other.roles.allSatisfy { roles[$0.key]?.account == $0.value.account }
            && other.buckets.allSatisfy { buckets[$0.key]?.account == $0.value.account }
    }
}
