/// What has to hold of AWS beside who reads and writes which dataset.
struct AWSGuards: Sendable {
    let estate: Estate
    private(set) var artifacts: AWSArtifacts
    private(set) var observation: AWSObservation
    /// What components may do in S3.
    let accesses: [String: [Access]]
    /// Where datasets lie, by bucket.
    let prefixes: [String: [String]]

    init(_ estate: Estate, _ artifacts: AWSArtifacts) {
        self.estate = estate
        self.artifacts = artifacts
        observation = AWSObservation(estate, artifacts, scope: .buckets)
        accesses = Dictionary(grouping: estate.accesses.filter { $0.layer == .s3 }, by: \.component)
        var prefixes: [String: [String]] = [:]
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores { prefixes[store.bucket, default: []].append(store.prefix) }
        }
        self.prefixes = prefixes
    }

    /// Looks at what is in force now, of the same roles and buckets.
    mutating func update(_ artifacts: AWSArtifacts, _ change: RunningObservation.Change) {
        self.artifacts = artifacts
        observation.update(artifacts, roles: change.roles.union(change.trusts), buckets: change.buckets)
    }

    /// All that begins like an ARN of S3's.
    func area(_ text: String) -> Glob {
        Glob(tokens: Glob.tokens("arn:\(artifacts.partition):s3:::\(text)", isLiteral: true) + [Glob.star])
    }

    /// That nothing can make a bucket public.
    func publicAccess(_ bucket: String) -> InvariantProof.Outcome {
        let block = artifacts.buckets[bucket]?.publicAccessBlock ?? []
        guard let missing = AWSArtifacts.publicAccessSettings.first(where: { !block.contains($0) }) else {
            return .proved
        }
        return .refuted(
            "the bucket `\(bucket)` does not have `\(missing)`",
            Witness(
                principal: AWSObservation.anyone,
                action: "s3:PutObjectAcl",
                resource: "arn:\(artifacts.partition):s3:::\(bucket)/*"
            )
        )
    }
}

extension S3Actions {
    /// Every action on objects and buckets, with its service before it, and what it does.
    static let every: [(String, (Kind, Effect))] =
        objects.map { ("s3:" + $0.key, (Kind.object, $0.value)) }.sorted { $0.0 < $1.0 }
        + buckets.map { ("s3:" + $0.key, (Kind.bucket, $0.value)) }.sorted { $0.0 < $1.0 }

    /// Actions on objects and buckets that stand for all of them.
    ///
    /// One of those that the same statements of a policy are about; those that everybody knows come first.
    static func toldApart(by policy: PolicyDocument?) -> [(action: String, kind: Kind)] {
        let statements = policy?.statements.map(\.knownActions) ?? []
        var seen: Set<[Bool]> = []
        return ordered.compactMap { action, kind, bit in
            let about = statements.map { $0 & bit != 0 }
            return seen.insert([kind == .object] + about).inserted ? (action, kind) : nil
        }
    }

    /// Every action with its bit, those that everybody knows first.
    private static let ordered: [(action: String, kind: Kind, bit: UInt128)] = {
        let known = ["s3:getobject", "s3:putobject", "s3:listbucket"]
        let actions = every.filter { known.contains($0.0) } + every.filter { !known.contains($0.0) }
        return actions.map { (action: $0.0, kind: $0.1.0, bit: KnownActions.bit($0.0) ?? 0) }
    }()
}
