public import FoundationEssentials
internal import ZeroTrust

/// Makes the next index of an environment out of the one that is there.
///
/// It signs nothing and judges no model: what it makes is signed by ``StatementSigner``, and a release is judged with the
/// new index as if it were in force, before anybody else sees it.
public struct ReleaseIndexEditor: Sendable {
    private let releases: [ReleasePolicy]
    private let environment: String
    private let clock: @Sendable () -> Date

    /// An editor for an environment.
    ///
    /// - Throws: ``ModelRefusal`` where no policy speaks of the environment.
    public init(
        policies: ModelTrustPolicySet,
        environment: String,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) throws(ModelRefusal) {
        releases = policies.policies.compactMap(\.release).filter { $0.environments.contains(environment) }
        guard !releases.isEmpty else {
            throw ModelRefusal(.policy, "no policy's `release` speaks of `\(environment)`")
        }
        self.environment = environment
        self.clock = clock
    }

    /// The index that is there, expired or not, where every policy of the environment names who signed it as a releaser.
    ///
    /// - Throws: ``ModelRefusal`` where it is not believed: nobody goes on from an index that somebody else made.
    public func read(_ bundle: [UInt8]) throws -> ReleaseIndex {
        var index: ReleaseIndex?
        for policy in releases {
            let signed = try EvidenceReader(trusts: policy.authorities, now: clock()).index(bundle)
            guard signed.signer.matches(policy.releasers), !signed.signer.matches(policy.revokedSigners) else {
                throw ModelRefusal(
                    .identity,
                    "`\(signed.signer)` signed the index, and is not one of the releasers"
                )
            }
            guard signed.index.environment == environment else {
                throw ModelRefusal(
                    .policy,
                    "the index is of `\(signed.index.environment)`, not of `\(environment)`"
                )
            }
            index = signed.index
        }
        guard let index else { throw ModelRefusal(.policy, "no policy speaks of `\(environment)`") }
        return index
    }

    /// What changes from one index to the next.
    public struct Change: Sendable {
        /// A model to release; its place is behind the latest of its name.
        public var release: NamedArtifact?
        /// Released digests that may run although later ones are there.
        public var rollback: Set<ArtifactDigest> = []
        /// Digests that may not run any more.
        public var revokedDigests: Set<ArtifactDigest> = []
        /// Identities whose signatures count no more.
        public var revokedSigners: Set<String> = []
        /// How long the index lasts; as long as the policies allow where nothing is said.
        public var lifetime: Duration?
        /// Whether the number leaps to the clock's, which no thief of a releaser's key can have passed.
        public var leaps = false

        /// No change but a later number and a later end.
        public init() {}
    }

    /// The next index.
    ///
    /// - Throws: ``ModelRefusal`` where the change makes no sense: a digest that is not released, a model that is revoked.
    public func next(after index: ReleaseIndex?, _ change: Change) throws(ModelRefusal) -> ReleaseIndex {
        let now = Timestamp(nanoseconds: Int64(clock().timeIntervalSince1970) * 1_000_000_000)
        let longest = releases.map(\.indexLifetime).min() ?? .zero
        let lifetime = change.lifetime ?? longest
        let revokedReleasers = change.revokedSigners.filter { signer in
            self.releases.contains { $0.releasers.match(signer) }
        }
        if let releaser = revokedReleasers.min() {
            throw ModelRefusal(
                .policy,
                "`\(releaser)` is a releaser: an index cannot take that away; name it in the policy's `release.revoked`"
            )
        }
        guard lifetime > .zero, lifetime <= longest else {
            throw ModelRefusal(.policy, "an index may last \(longest.text) at the most")
        }
        var releases = index?.releases ?? []
        let revoked = (index?.revokedDigests ?? []).union(change.revokedDigests)
        if let model = change.release {
            guard !revoked.contains(model.digest) else { throw ModelRefusal(.policy, "\(model) is revoked") }
            // Released a second time it would be the latest again, behind everybody's back.
            if releases.contains(where: { $0.model == model.name && $0.digest == model.digest }) {
                throw ModelRefusal(
                    .policy,
                    "\(model) is released already; --allow-rollback lets it run beside a later release"
                )
            }
            releases.append(
                .init(
                    model: model.name,
                    digest: model.digest,
                    sequence: (index?.newest(of: model.name)?.sequence ?? 0) + 1,
                    releasedAt: now.wholeSecond
                )
            )
        }
        for digest in change.rollback.sorted() where !releases.contains(where: { $0.digest == digest }) {
            throw ModelRefusal(.policy, "\(digest) is not released to `\(environment)`")
        }
        releases = releases.map { release in
            guard change.rollback.contains(release.digest) else { return release }
            return .init(
                model: release.model,
                digest: release.digest,
                sequence: release.sequence,
                allowsRollback: true,
                releasedAt: release.releasedAt
            )
        }
        let clockNumber = UInt64(clamping: now.nanoseconds / 1_000_000_000)
        let next = (index?.version ?? 0) + 1
        return ReleaseIndex(
            environment: environment,
            version: change.leaps ? max(next, clockNumber) : next,
            // Whole seconds, as those who read it expect (The Update Framework, 4.2).
            issuedAt: now.wholeSecond,
            expiresAt: now.wholeSecond.advanced(by: lifetime),
            releases: releases,
            revokedDigests: revoked,
            revokedSigners: (index?.revokedSigners ?? []).union(change.revokedSigners)
        )
    }
}
