import Resources
import SPIFFE
import Testing
import ZeroTrust

@testable import ModelTrust

/// A release to which nothing is missing, to take one thing after another away from.
struct ReleaseWorld {
    static let now = moment("2026-11-25T12:00:00Z")
    static let trainer = Principal("spiffe://cluster.local/ns/ml-training/sa/training")
    static let evaluator = Principal("spiffe://cluster.local/ns/ml-eval/sa/evaluation")
    static let scanner = Principal("spiffe://cluster.local/ns/ml-registry/sa/scanner")
    static let dataprep = Principal("spiffe://cluster.local/ns/ml-training/sa/dataprep")
    static let releaser = Principal("spiffe://cluster.local/ns/ml-release/sa/releaser")
    static let first = Principal("spiffe://cluster.local/ns/ml-people/sa/ada")
    static let second = Principal("spiffe://cluster.local/ns/ml-people/sa/grace")
    static let model = NamedArtifact(name: "ticket-classifier", digest: digest("a"))
    static let older = NamedArtifact(name: "ticket-classifier", digest: digest("b"))
    static let training = NamedArtifact(name: "training-data", digest: digest("c"))
    static let test = NamedArtifact(name: "test-data", digest: digest("d"))

    static let yaml = """
        authorities: [any]
        environments: [production, staging]
        releasers: [\(releaser)]
        indexLifetime: 24h
        evaluations:
        - suite: holdout
          signers: [\(evaluator)]
          metrics: [{name: accuracy, atLeast: 0.9}, {name: toxicity, atMost: 0.01}]
          dataset: {name: test-data, digest: "\(test.digest)"}
          maxAge: 720h
        scan: {signers: [\(scanner)], maxAge: 720h}
        provenance:
          signers: [\(trainer)]
          datasets:
          - {name: training-data, producers: [\(dataprep)], required: true}
          - {name: features, producers: ["spiffe://cluster.local/ns/ml-features/*"]}
        approvals: {count: 2, signers: ["spiffe://cluster.local/ns/ml-people/*"], maxAge: 168h}
        """

    var policy: ReleasePolicy
    var environment = "production"
    var now = Self.now
    var memory: ReleaseMemory?
    var evidence: ReleaseEvidence

    init() throws {
        policy = try Self.policy(Self.yaml)
        func attestation(_ signer: Principal, _ claim: Attestation.Claim, _ source: String) -> Attestation {
            Attestation(signer: signer, subject: Self.model, claim: claim, source: source)
        }
        evidence = ReleaseEvidence(
            model: Self.model,
            signature: .verified(signer: Self.trainer),
            attestations: [
                attestation(Self.evaluator, .evaluation(try Self.read(Self.evaluation())), "evaluation.json"),
                attestation(Self.scanner, .scan(try Self.read(Self.scan())), "scan.json"),
                attestation(Self.trainer, .provenance(try Self.read(Self.provenance())), "provenance.json"),
                attestation(Self.first, .approval(try Self.read(Self.approval())), "ada.json"),
                attestation(Self.second, .approval(try Self.read(Self.approval())), "grace.json"),
            ],
            datasets: [.init(dataset: Self.training, signer: Self.dataprep)],
            index: .init(index: Self.index(), digest: Self.digest("e"), signer: Self.releaser)
        )
    }

    func judge() -> ReleaseDecision {
        ReleaseJudge(policy: policy, environment: environment, now: now)
            .judge(evidence, remembering: memory)
    }

    /// A digest of one digit, 64 times.
    static func digest(_ digit: Character) -> ArtifactDigest {
        guard let digest = ArtifactDigest(String(repeating: digit, count: 64)) else { fatalError("no digit: \(digit)") }
        return digest
    }

    /// A moment.
    static func moment(_ text: String) -> Timestamp {
        guard let moment = Timestamp(text) else { fatalError("no moment: \(text)") }
        return moment
    }

    static func policy(_ yaml: String) throws -> ReleasePolicy {
        // The judge is given what was verified; whose word is believed is looked at elsewhere.
        var decoder = ReleasePolicyDecoder { _ in .spiffe([:], identities: nil) }
        let value = try #require(try ResourceLoader.values(yaml: yaml, file: "policy.yaml").first)
        let policy = decoder.decode(value)
        guard let policy else { throw ResourceError(decoder.diagnostics) }
        return policy
    }

    // MARK: - Claims

    static func evaluation(
        suite: String = "holdout",
        accuracy: String = "0.94",
        toxicity: String = "0.01",
        dataset: NamedArtifact = test,
        at moment: String = "2026-11-20T12:00:00Z"
    ) -> String {
        """
        {"suite":"\(suite)","metrics":{"accuracy":\(accuracy),"toxicity":\(toxicity)},
         "dataset":{"name":"\(dataset.name)","digest":{"sha256":"\(dataset.digest.hexadecimal)"}},
         "evaluatedAt":"\(moment)"}
        """
    }

    static func scan(verdict: String = "proven", at moment: String = "2026-11-20T12:00:00Z") -> String {
        #"{"verdict":"\#(verdict)","scanner":"lapwing 0.1","scannedAt":"\#(moment)"}"#
    }

    static func approval(of environment: String = "production", at moment: String = "2026-11-24T12:00:00Z") -> String {
        #"{"environment":"\#(environment)","approvedAt":"\#(moment)"}"#
    }

    static func provenance(_ datasets: [NamedArtifact] = [training]) -> String {
        let dependencies = datasets.map {
            #"{"name":"\#($0.name)","uri":"s3://x","digest":{"sha256":"\#($0.digest.hexadecimal)"}}"#
        }.joined(separator: ",")
        return """
            {"buildDefinition":{"buildType":"https://example.org/train","externalParameters":{},
             "resolvedDependencies":[\(dependencies)]},
             "runDetails":{"builder":{"id":"https://example.org/trainer"},
             "metadata":{"invocationId":"1","finishedOn":"2026-11-19T12:00:00Z"}}}
            """
    }

    static func read<P: Predicate>(_ json: String) throws -> P {
        try P.read(try StrictJSON(Array(json.utf8), maximumDepth: 32))
    }

    static func index(
        environment: String = "production",
        version: UInt64 = 7,
        issued: String = "2026-11-25T06:00:00Z",
        expires: String = "2026-11-26T06:00:00Z",
        newest: NamedArtifact = model,
        rollback: Bool = false,
        revokedDigests: Set<ArtifactDigest> = [],
        revokedSigners: Set<String> = []
    ) -> ReleaseIndex {
        let then = moment("2026-11-21T12:00:00Z")
        let other = newest == model ? older : model
        return ReleaseIndex(
            environment: environment,
            version: version,
            issuedAt: moment(issued),
            expiresAt: moment(expires),
            releases: [
                .init(
                    model: other.name,
                    digest: other.digest,
                    sequence: 1,
                    allowsRollback: rollback,
                    releasedAt: then
                ), .init(model: newest.name, digest: newest.digest, sequence: 2, releasedAt: then),
            ],
            revokedDigests: revokedDigests,
            revokedSigners: revokedSigners
        )
    }
}
