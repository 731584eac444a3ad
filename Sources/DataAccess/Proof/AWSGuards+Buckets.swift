extension AWSGuards {
    /// That nothing goes into a bucket or out of it without TLS, whoever asks and whatever for.
    func overTLS(_ bucket: String) -> [PartialOutcomes.Part] {
        let wish = PrincipalProbes.wish("Bool", "aws:SecureTransport", ["false"])
        return ask(bucket) { policy in
            let actions = S3Actions.toldApart(by: policy)
            let bucketAlone = Glob(literal: "arn:\(artifacts.partition):s3:::\(bucket)")
            return actions.map { action, kind in
                Question(action: action, area: kind == .object ? area("\(bucket)/") : bucketAlone, wishes: [wish])
            }
        } finding: { name in
            "`\(bucket)` answers `\(name)` without TLS"
        }
    }

    /// That a bucket has nothing beside its datasets, for nobody.
    func beside(_ bucket: String) -> [PartialOutcomes.Part] {
        guard let own = prefixes[bucket], !own.contains("") else { return [] }
        return ask(bucket) { policy in
            let bucketAlone = Glob(literal: "arn:\(artifacts.partition):s3:::\(bucket)")
            let elsewhere = PrincipalProbes.wish("StringNotLike", "s3:prefix", own.map { $0 + "*" })
            let objects = S3Actions.toldApart(by: policy).filter { $0.kind == .object }
            return objects.map { action, _ in
                Question(action: action, area: area("\(bucket)/"), outside: own.map { area("\(bucket)/\($0)") })
            } + S3Actions.listing.map { Question(action: $0, area: bucketAlone, wishes: [elsewhere]) }
        } finding: { name in
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

    /// Asks everyone whom a bucket may tell from others.
    private func ask(
        _ name: String,
        _ ask: (PolicyDocument?) -> [Question],
        finding: (String) -> String
    ) -> [PartialOutcomes.Part] {
        guard let bucket = artifacts.buckets[name] else {
            return [.init(.unseen, .unknown("the bucket `\(name)` was not exported"))]
        }
        let questions = ask(bucket.policy)
        let asked = observation.everyone(at: name).flatMap { who, search in
            questions.map { question in
                RequestQuestion(
                    search: search,
                    action: question.action,
                    area: question.area,
                    outside: question.outside,
                    wishes: question.wishes,
                    finding: finding(who),
                    subject: "`\(name)`"
                )
            }
        }
        return PartialOutcomes.parts(InvariantProof.Outcome(proving: asked))
    }
}

extension S3Actions {
    /// Actions that show which keys a bucket has.
    static let listing = ["s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads"]
}
