internal import ZeroTrust

/// Judges an index of releases: whether it is one that counts now, and what it says of a model.
struct IndexJudge {
    let policy: ReleasePolicy
    let environment: String
    let now: Timestamp
    let memory: ReleaseMemory?

    func signature(_ signed: ReleaseEvidence.SignedIndex) -> ReleaseJudge.Result {
        signed.signer.matches(policy.releasers)
            ? .holds("`\(signed.signer)` may release")
            : .fails("`\(signed.signer)` is not one of the releasers")
    }

    func environment(_ index: ReleaseIndex) -> ReleaseJudge.Result {
        index.environment == environment
            ? .holds("the index is of `\(environment)`")
            : .fails("the index is of `\(index.environment)`, not of `\(environment)`")
    }

    func freshness(_ index: ReleaseIndex) -> ReleaseJudge.Result {
        guard index.issuedAt <= now.advanced(by: ReleaseJudge.clockSkew) else {
            return .fails("the index is dated \(index.issuedAt), which has not come yet")
        }
        guard index.expiresAt > now else {
            return .fails("the index expired at \(index.expiresAt); a releaser has to issue it anew")
        }
        guard index.expiresAt <= index.issuedAt.advanced(by: policy.indexLifetime) else {
            return .fails("the index lasts longer than \(policy.indexLifetime.text), the most that the policy allows")
        }
        return .holds("the index lasts until \(index.expiresAt)")
    }

    func version(_ signed: ReleaseEvidence.SignedIndex) -> ReleaseJudge.Result {
        let index = signed.index
        // A number beyond the clock is one that no honest index would ever reach again.
        guard index.version <= UInt64(clamping: index.issuedAt.nanoseconds / 1_000_000_000) else {
            return .fails("the index's number \(index.version) is higher than any that can have been reached")
        }
        guard let memory else {
            return .holds("the index has the number \(index.version), the first that is seen here")
        }
        guard index.version >= memory.version else {
            return .fails("the index has the number \(index.version), and \(memory.version) was seen already")
        }
        guard index.version > memory.version || signed.digest == memory.digest else {
            return .fails("there are two indexes with the number \(index.version)")
        }
        // What a releaser who was revoked since has made others remember is no reason to refuse an honest one.
        if memory.isBy(policy.revokedSigners) { return .holds("the index has the number \(index.version)") }
        let newest = Dictionary(index.releases.map { ($0.model, $0.sequence) }, uniquingKeysWith: max)
        for (model, sequence) in memory.sequences where (newest[model] ?? 0) < sequence {
            return .fails("the index has forgotten the release \(sequence) of `\(model)`")
        }
        if let digest = memory.revokedDigests.subtracting(index.revokedDigests).min() {
            return .fails("the index has forgotten the revocation of \(digest)")
        }
        if let signer = memory.revokedSigners.subtracting(index.revokedSigners).min() {
            return .fails("the index has forgotten the revocation of `\(signer)`")
        }
        return .holds("the index has the number \(index.version)")
    }

    func release(of model: NamedArtifact, in index: ReleaseIndex) -> ReleaseJudge.Result {
        guard let release = index.releases.first(where: { $0.model == model.name && $0.digest == model.digest }) else {
            return .fails("\(model) is not released to `\(index.environment)`")
        }
        return .holds("it is release \(release.sequence) of `\(model.name)`")
    }

    func newest(_ model: NamedArtifact, in index: ReleaseIndex) -> ReleaseJudge.Result {
        guard let release = index.releases.first(where: { $0.model == model.name && $0.digest == model.digest }),
            let newest = index.newest(of: model.name)
        else { return .fails("it is not released") }
        if release.sequence == newest.sequence { return .holds("it is the latest release") }
        guard release.allowsRollback else {
            return .fails(
                "release \(newest.sequence) is later, and the index does not allow release \(release.sequence) by name"
            )
        }
        return .holds("the index allows release \(release.sequence) although \(newest.sequence) is later")
    }
}
