extension AWSGuards {
    /// That nothing goes without TLS, whoever asks and whatever for.
    func overTLS() -> InvariantProof.Outcome {
        let wish = PrincipalProbes.wish("Bool", "aws:SecureTransport", ["false"])
        return ask(buckets) { bucket, policy in
            let actions = S3Actions.toldApart(by: policy)
            let bucketAlone = Glob(literal: "arn:\(artifacts.partition):s3:::\(bucket)")
            return actions.map { action, kind in
                Question(action: action, area: kind == .object ? area("\(bucket)/") : bucketAlone, wishes: [wish])
            }
        } finding: { bucket, name in
            "`\(bucket)` answers `\(name)` without TLS"
        }
    }

    /// That a bucket has nothing beside its datasets, for nobody.
    func beside() -> InvariantProof.Outcome {
        var prefixes: [String: [String]] = [:]
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores { prefixes[store.bucket, default: []].append(store.prefix) }
        }
        let divided = prefixes.filter { !$0.value.contains("") }
        return ask(divided.keys.sorted()) { bucket, policy in
            let own = divided[bucket] ?? []
            let bucketAlone = Glob(literal: "arn:\(artifacts.partition):s3:::\(bucket)")
            let elsewhere = PrincipalProbes.wish("StringNotLike", "s3:prefix", own.map { $0 + "*" })
            let objects = S3Actions.toldApart(by: policy).filter { $0.kind == .object }
            return objects.map { action, _ in
                Question(action: action, area: area("\(bucket)/"), outside: own.map { area("\(bucket)/\($0)") })
            } + S3Actions.listing.map { Question(action: $0, area: bucketAlone, wishes: [elsewhere]) }
        } finding: { bucket, name in
            "`\(bucket)` lets `\(name)` have what is of no dataset"
        }
    }

    /// What everyone is asked to do to a bucket.
    private struct Question {
        let action: String
        let area: Glob
        var outside: [Glob] = []
        var wishes: [ContextSolver.Wish] = []
    }

    /// Asks everyone whom buckets may tell from others.
    private func ask(
        _ buckets: [String],
        _ ask: (String, PolicyDocument?) -> [Question],
        finding: (String, String) -> String
    ) -> InvariantProof.Outcome {
        let observation = AWSObservation(estate, artifacts, scope: .buckets)
        var doubt: String?
        var asked: [RequestQuestion] = []
        for name in buckets {
            guard let bucket = artifacts.buckets[name] else {
                doubt = doubt ?? "the bucket `\(name)` was not exported"
                continue
            }
            let questions = ask(name, bucket.policy)
            for (who, search) in observation.everyone(at: name) {
                asked += questions.map { question in
                    RequestQuestion(
                        search: search,
                        action: question.action,
                        area: question.area,
                        outside: question.outside,
                        wishes: question.wishes,
                        finding: finding(name, who),
                        subject: "`\(name)`"
                    )
                }
            }
        }
        return InvariantProof.Outcome(proving: asked, doubt: doubt)
    }
}

extension S3Actions {
    /// Actions that show which keys a bucket has.
    static let listing = ["s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads"]
}
