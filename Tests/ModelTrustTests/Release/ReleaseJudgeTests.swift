import SPIFFE
import Testing
import ZeroTrust

@testable import ModelTrust

@Suite struct ReleaseJudgeTests {
    @Test func `a release to which nothing is missing is admitted`() throws {
        let decision = try ReleaseWorld().judge()
        #expect(decision.isAdmitted, "\(decision.missing)")
        #expect(decision.memory?.version == 7)
        #expect(decision.memory?.sequences == ["ticket-classifier": 2])
    }

    /// One change to a valid release, and the only condition that it breaks.
    struct Mutation: CustomTestStringConvertible, Sendable {
        let what: String
        let breaks: Set<ReleaseCondition>
        let change: @Sendable (inout ReleaseWorld) throws -> Void
        var testDescription: String { what }

        init(
            _ what: String,
            _ breaks: ReleaseCondition...,
            change: @escaping @Sendable (inout ReleaseWorld) throws -> Void
        ) {
            self.what = what
            self.breaks = Set(breaks)
            self.change = change
        }

        /// Another index, signed by the releaser.
        static func index(_ index: ReleaseIndex) -> @Sendable (inout ReleaseWorld) throws -> Void {
            { world in
                world.evidence.index = .init(
                    index: index,
                    digest: ReleaseWorld.digest("f"),
                    signer: ReleaseWorld.releaser
                )
            }
        }

        /// Another claim in the place of the one of its kind.
        static func claim(
            _ place: Int,
            by signer: Principal? = nil,
            about subject: NamedArtifact = ReleaseWorld.model,
            _ claim: @escaping @Sendable () throws -> Attestation.Claim
        ) -> @Sendable (inout ReleaseWorld) throws -> Void {
            { world in
                let old = world.evidence.attestations[place]
                world.evidence.attestations[place] = Attestation(
                    signer: signer ?? old.signer,
                    subject: subject,
                    claim: try claim(),
                    source: old.source
                )
            }
        }

        static func without(_ place: Int) -> @Sendable (inout ReleaseWorld) throws -> Void {
            { $0.evidence.attestations.remove(at: place) }
        }
    }

    typealias World = ReleaseWorld

    static let mutations: [Mutation] = [
        Mutation("the signature does not verify", .signature) {
            $0.evidence.signature = .refused(reason: "1 file is not as it was signed")
        },
        Mutation("the policy does not speak of the environment", .environment, .indexEnvironment, .approvals) {
            $0.environment = "canary"
        },
        // The index.
        Mutation("there is no index", .index, .released) { $0.evidence.index = nil },
        Mutation("the index is signed by the trainer", .index) {
            $0.evidence.index = .init(index: World.index(), digest: World.digest("e"), signer: World.trainer)
        },
        Mutation(
            "the index is of another environment",
            .indexEnvironment,
            change: Mutation.index(World.index(environment: "staging"))
        ),
        Mutation(
            "the index has expired",
            .indexFreshness,
            change: Mutation.index(World.index(issued: "2026-11-24T11:00:00Z", expires: "2026-11-25T11:00:00Z"))
        ),
        Mutation("the index expires this moment", .indexFreshness) { $0.now = World.moment("2026-11-26T06:00:00Z") },
        Mutation(
            "the index lasts too long",
            .indexFreshness,
            change: Mutation.index(World.index(expires: "2026-11-26T06:00:01Z"))
        ),
        Mutation(
            "the index is of tomorrow",
            .indexFreshness,
            change: Mutation.index(World.index(issued: "2026-11-25T12:01:01Z", expires: "2026-11-26T06:00:00Z"))
        ),
        Mutation("an older index is brought back", .indexVersion) {
            $0.memory = ReleaseMemory(version: 8, digest: World.digest("f"), sequences: [:])
        },
        Mutation("there are two indexes of one number", .indexVersion) {
            $0.memory = ReleaseMemory(version: 7, digest: World.digest("f"), sequences: [:])
        },
        Mutation("a later index has forgotten a later release", .indexVersion) {
            $0.memory = ReleaseMemory(
                version: 6,
                digest: World.digest("f"),
                sequences: ["ticket-classifier": 3]
            )
        },
        Mutation("a later index has forgotten another model", .indexVersion) {
            $0.memory = ReleaseMemory(version: 6, digest: World.digest("f"), sequences: ["ranker": 1])
        },
        Mutation(
            "the number leaps beyond the clock",
            .indexVersion,
            change: Mutation.index(World.index(version: 1_795_586_401))
        ),
        Mutation("it is not released", .released, .newest) {
            let index = World.index()
            try Mutation.index(
                ReleaseIndex(
                    environment: index.environment,
                    version: index.version,
                    issuedAt: index.issuedAt,
                    expiresAt: index.expiresAt,
                    releases: index.releases.filter { $0.digest == World.older.digest }
                )
            )(&$0)
        },
        Mutation("it is released under another name", .released, .newest, .approvals) {
            $0.evidence.model = NamedArtifact(name: "ranker", digest: World.model.digest)
        },
        Mutation("a later release is there", .newest, change: Mutation.index(World.index(newest: World.older))),
        // Revocation.
        Mutation(
            "the index revokes the digest",
            .notRevoked,
            change: Mutation.index(World.index(revokedDigests: [World.model.digest]))
        ),
        Mutation("the policy revokes the digest", .notRevoked) {
            $0.policy = try World.policy(World.yaml + "\nrevoked: {digests: [\"\(World.model.digest)\"]}")
        },
        Mutation(
            "the index revokes the signer",
            .notRevoked,
            .provenance,
            change: Mutation.index(World.index(revokedSigners: [World.trainer.name]))
        ),
        Mutation("the policy revokes the releaser", .notRevoked) {
            $0.policy = try World.policy(World.yaml + "\nrevoked: {signers: [\(World.releaser)]}")
        },
        Mutation(
            "the evaluation's signer is revoked",
            .evaluation(suite: "holdout"),
            change: Mutation.index(World.index(revokedSigners: [World.evaluator.name]))
        ),
        Mutation(
            "the dataset's producer is revoked",
            .dataset(name: "training-data"),
            change: Mutation.index(World.index(revokedSigners: [World.dataprep.name]))
        ),
        Mutation(
            "an approver is revoked",
            .approvals,
            change: Mutation.index(World.index(revokedSigners: [World.first.name]))
        ),
        // The evaluation.
        Mutation("there is no evaluation", .evaluation(suite: "holdout"), change: Mutation.without(0)),
        Mutation(
            "the evaluation is of another suite",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0) { .evaluation(try World.read(World.evaluation(suite: "smoke"))) }
        ),
        Mutation(
            "the result is under the bound",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0) { .evaluation(try World.read(World.evaluation(accuracy: "0.8999"))) }
        ),
        Mutation(
            "the result is over the bound",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0) { .evaluation(try World.read(World.evaluation(toxicity: "0.011"))) }
        ),
        Mutation(
            "the evaluation is old",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0) { .evaluation(try World.read(World.evaluation(at: "2026-10-26T11:59:59Z"))) }
        ),
        Mutation(
            "the evaluation has not happened yet",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0) { .evaluation(try World.read(World.evaluation(at: "2026-11-25T12:01:01Z"))) }
        ),
        Mutation(
            "it was evaluated on what it was trained on",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0) { .evaluation(try World.read(World.evaluation(dataset: World.training))) }
        ),
        Mutation(
            "it was evaluated on other bytes of that name",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0) {
                .evaluation(
                    try World.read(
                        World.evaluation(dataset: NamedArtifact(name: "test-data", digest: World.digest("0")))
                    )
                )
            }
        ),
        Mutation(
            "somebody judged who may not",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0, by: World.scanner) { .evaluation(try World.read(World.evaluation())) }
        ),
        Mutation("the model's signer judged it", .evaluation(suite: "holdout")) {
            $0.policy = try World.policy(
                World.yaml.replacing("signers: [\(World.evaluator)]", with: "signers: [\(World.trainer)]")
            )
            try Mutation.claim(0, by: World.trainer) { .evaluation(try World.read(World.evaluation())) }(&$0)
        },
        Mutation(
            "the evaluation is of another model",
            .evaluation(suite: "holdout"),
            change: Mutation.claim(0, about: World.older) { .evaluation(try World.read(World.evaluation())) }
        ),
        // The scan.
        Mutation("there is no scan", .scan, change: Mutation.without(1)),
        Mutation(
            "the scan proved nothing",
            .scan,
            change: Mutation.claim(1) { .scan(try World.read(World.scan(verdict: "not-proven"))) }
        ),
        Mutation("a later scan found something", .scan) {
            $0.evidence.attestations.append(
                Attestation(
                    signer: World.scanner,
                    subject: World.model,
                    claim: .scan(try World.read(World.scan(verdict: "unsafe", at: "2026-11-21T12:00:00Z"))),
                    source: "later.json"
                )
            )
        },
        Mutation(
            "the scan is old",
            .scan,
            change: Mutation.claim(1) { .scan(try World.read(World.scan(at: "2026-10-26T11:59:59Z"))) }
        ),
        Mutation(
            "the trainer scanned it",
            .scan,
            change: Mutation.claim(1, by: World.trainer) { .scan(try World.read(World.scan())) }
        ),
        // The training.
        Mutation("nobody says how it was trained", .provenance, change: Mutation.without(2)),
        Mutation(
            "somebody else says how it was trained",
            .provenance,
            change: Mutation.claim(2, by: World.evaluator) { .provenance(try World.read(World.provenance())) }
        ),
        Mutation(
            "it was trained on what the policy does not know",
            .provenance,
            change: Mutation.claim(2) {
                .provenance(
                    try World.read(
                        World.provenance([World.training, NamedArtifact(name: "scraped", digest: World.digest("1"))])
                    )
                )
            }
        ),
        Mutation(
            "it was not trained on what it has to be",
            .provenance,
            change: Mutation.claim(2) { .provenance(try World.read(World.provenance([]))) }
        ),
        Mutation("nobody signed the dataset", .dataset(name: "training-data")) { $0.evidence.datasets = [] },
        Mutation("somebody else signed the dataset", .dataset(name: "training-data")) {
            $0.evidence.datasets = [.init(dataset: World.training, signer: World.trainer)]
        },
        Mutation("the producer signed other bytes", .dataset(name: "training-data")) {
            $0.evidence.datasets = [
                .init(dataset: NamedArtifact(name: "training-data", digest: World.digest("0")), signer: World.dataprep)
            ]
        },
        Mutation("the producer signed those bytes as something else", .dataset(name: "training-data")) {
            $0.evidence.datasets = [
                .init(dataset: NamedArtifact(name: "drafts", digest: World.training.digest), signer: World.dataprep)
            ]
        },
        Mutation(
            "a second dataset is not signed",
            .dataset(name: "features"),
            change: Mutation.claim(2) {
                .provenance(
                    try World.read(
                        World.provenance([World.training, NamedArtifact(name: "features", digest: World.digest("2"))])
                    )
                )
            }
        ),
        // The approvals.
        Mutation("only one approved", .approvals, change: Mutation.without(4)),
        Mutation(
            "one approved twice",
            .approvals,
            change: Mutation.claim(4, by: World.first) { .approval(try World.read(World.approval())) }
        ),
        Mutation(
            "one approved under two names of one key",
            .approvals,
            change: Mutation.claim(4, by: Principal("certificate:ada", also: World.first.name)) {
                .approval(try World.read(World.approval()))
            }
        ),
        Mutation(
            "one approved of the same bytes under another name",
            .approvals,
            change: Mutation.claim(4, about: NamedArtifact(name: "toy", digest: World.model.digest)) {
                .approval(try World.read(World.approval()))
            }
        ),
        Mutation("a later index has forgotten a revocation", .indexVersion) {
            var memory = ReleaseMemory(version: 6, digest: World.digest("f"), sequences: [:])
            memory.revokedDigests = [World.digest("5")]
            $0.memory = memory
        },
        Mutation("a later index has forgotten who is revoked", .indexVersion) {
            var memory = ReleaseMemory(version: 6, digest: World.digest("f"), sequences: [:])
            memory.revokedSigners = ["key:5"]
            $0.memory = memory
        },
        Mutation(
            "one approved of another environment",
            .approvals,
            change: Mutation.claim(4) { .approval(try World.read(World.approval(of: "staging"))) }
        ),
        Mutation(
            "one approved long ago",
            .approvals,
            change: Mutation.claim(4) { .approval(try World.read(World.approval(at: "2026-11-18T11:59:59Z"))) }
        ),
        Mutation(
            "one approved who may not",
            .approvals,
            change: Mutation.claim(4, by: World.evaluator) { .approval(try World.read(World.approval())) }
        ),
        Mutation(
            "one approved of another model",
            .approvals,
            change: Mutation.claim(4, about: World.older) { .approval(try World.read(World.approval())) }
        ),
        Mutation("the model's signer approved", .approvals) {
            $0.policy = try World.policy(
                World.yaml.replacing(
                    "\"spiffe://cluster.local/ns/ml-people/*\"",
                    with: "\(World.first), \(World.trainer)"
                )
            )
            try Mutation.claim(4, by: World.trainer) { .approval(try World.read(World.approval())) }(&$0)
        },
    ]

    @Test(arguments: mutations)
    func `one condition less, and it is refused for that condition alone`(mutation: Mutation) throws {
        var world = try ReleaseWorld()
        try mutation.change(&world)
        let decision = world.judge()
        #expect(!decision.isAdmitted)
        #expect(Set(decision.missing.map(\.condition)) == mutation.breaks, "\(decision.missing)")
        #expect(decision.missing.allSatisfy { !$0.detail.isEmpty })
        // What is not believed is not remembered.
        let isIndexBroken = mutation.breaks.contains {
            [.index, .indexEnvironment, .indexFreshness, .indexVersion].contains($0)
        }
        #expect((decision.memory == nil) == isIndexBroken)
    }

    @Test func `every condition of the policy is broken by a mutation of its own`() throws {
        let all = Set(try ReleaseWorld().judge().outcomes.map(\.condition))
        let broken = Set(Self.mutations.filter { $0.breaks.count == 1 }.flatMap(\.breaks))
        let together = Set(Self.mutations.flatMap(\.breaks))
        #expect(all.subtracting(together).isEmpty)
        // These cannot break alone: what is not there breaks what is asked of it.
        #expect(all.subtracting(broken).isSubset(of: [.environment, .released]))
    }

    @Test func `an older release runs where the index allows it by name`() throws {
        var world = try ReleaseWorld()
        try Mutation.index(World.index(newest: World.older, rollback: true))(&world)
        #expect(world.judge().isAdmitted, "\(world.judge().missing)")
    }

    @Test func `the same index twice, and a later one, are believed`() throws {
        var world = try ReleaseWorld()
        let first = try #require(world.judge().memory)
        world.memory = first
        #expect(world.judge().isAdmitted)
        try Mutation.index(World.index(version: 8))(&world)
        let decision = world.judge()
        #expect(decision.isAdmitted)
        #expect(decision.memory?.version == 8)
        try Mutation.index(World.index(version: 7))(&world)
        world.memory = decision.memory
        #expect(world.judge().missing.map(\.condition) == [.indexVersion])
    }

    @Test func `after a stolen releaser's key a number of the clock's own goes on`() throws {
        var world = try ReleaseWorld()
        // The thief's index had the highest number that could be.
        world.memory = ReleaseMemory(version: 1_795_586_000, digest: World.digest("f"), sequences: [:])
        try Mutation.index(World.index(version: 1_795_586_400))(&world)
        #expect(world.judge().isAdmitted, "\(world.judge().missing)")
    }

    @Test func `what a releaser who is revoked made others remember binds nobody`() throws {
        var world = try ReleaseWorld()
        var memory = ReleaseMemory(version: 6, digest: World.digest("f"), sequences: ["zzz": 6])
        memory.signer = ["spiffe://cluster.local/ns/ml-release/sa/thief"]
        world.memory = memory
        #expect(!world.judge().isAdmitted)
        world.policy = try World.policy(
            World.yaml + "\nrevoked: {signers: [\"spiffe://cluster.local/ns/ml-release/sa/thief\"]}"
        )
        #expect(world.judge().isAdmitted, "\(world.judge().missing)")
    }

    @Test func `a policy that asks for nothing more still asks for signature and index`() throws {
        var world = try ReleaseWorld()
        world.policy = try World.policy(
            "authorities: [any]\nenvironments: [production]\nreleasers: [\(World.releaser)]"
        )
        world.evidence.attestations = []
        world.evidence.datasets = []
        #expect(world.judge().isAdmitted)
        #expect(world.judge().outcomes.count == 9)
        world.evidence.index = nil
        #expect(!world.judge().isAdmitted)
    }
}
