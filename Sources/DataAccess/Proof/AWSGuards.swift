/// What has to hold of AWS beside who reads and writes which dataset.
struct AWSGuards {
    let estate: Estate
    let artifacts: AWSArtifacts

    func results() -> [EstateProof.Result] {
        [
            ("nothing else", nothingElse()), ("tls", overTLS()), ("beside", beside()),
            ("public access block", publicAccess()),
            ("endpoint", endpoint()), ("well-formed", wellFormed()),
        ].map { EstateProof.Result(id: $0.0, layer: AWSObservation.Scope.all.rawValue, outcome: $0.1) }
    }

    /// The buckets that datasets lie in.
    var buckets: [String] {
        var names: Set<String> = []
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores { names.insert(store.bucket) }
        }
        return names.sorted()
    }

    /// All that begins like an ARN of S3's.
    func area(_ text: String) -> Glob {
        Glob(tokens: Glob.tokens("arn:\(artifacts.partition):s3:::\(text)", isLiteral: true) + [Glob.star])
    }

    private func publicAccess() -> InvariantProof.Outcome {
        for bucket in buckets {
            let block = artifacts.buckets[bucket]?.publicAccessBlock ?? []
            guard let missing = AWSArtifacts.publicAccessSettings.first(where: { !block.contains($0) }) else {
                continue
            }
            return .refuted(
                "the bucket `\(bucket)` does not have `\(missing)`",
                Witness(
                    principal: AWSObservation.anyone,
                    action: "s3:PutObjectAcl",
                    resource: "arn:aws:s3:::\(bucket)/*"
                )
            )
        }
        return .proved
    }

    /// That AWS would take every policy: what it would refuse may not mean what it seems to.
    private func wellFormed() -> InvariantProof.Outcome {
        artifacts.findings.first.map { .unknown("\($0)") } ?? .proved
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
        let known = ["s3:getobject", "s3:putobject", "s3:listbucket"]
        let ordered = every.filter { known.contains($0.0) } + every.filter { !known.contains($0.0) }
        let statements = policy?.statements.compactMap(\.actions) ?? []
        var seen: Set<[Bool]> = []
        return ordered.compactMap { action, what in
            let name = ActionName(action)
            let about = statements.map { selection in
                selection.elements.contains { $0.matches(name) } != selection.isNegated
            }
            return seen.insert([what.0 == .object] + about).inserted ? (action, what.0) : nil
        }
    }
}
