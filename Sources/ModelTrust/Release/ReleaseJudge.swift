public import ZeroTrust

/// Judges a model by the release policy: pure, so that the same evidence gives the same decision anywhere.
///
/// It looks at every condition even after one has failed, since whoever mends a release wants to see all that is missing.
public struct ReleaseJudge: Sendable {
    /// How far another machine's clock may be ahead.
    static let clockSkew: Duration = .seconds(60)

    private let policy: ReleasePolicy
    private let environment: String
    private let now: Timestamp

    /// A judge for one environment at one moment.
    public init(policy: ReleasePolicy, environment: String, now: Timestamp) {
        self.policy = policy
        self.environment = environment
        self.now = now
    }

    /// What the policy says.
    public func judge(_ evidence: ReleaseEvidence, remembering memory: ReleaseMemory?) -> ReleaseDecision {
        var outcomes: [ReleaseDecision.Outcome] = []
        func add(_ condition: ReleaseCondition, _ result: Result) {
            outcomes.append(.init(condition: condition, holds: result.holds, detail: result.detail))
        }
        var modelSigner: Principal?
        switch evidence.signature {
        case .verified(let signer):
            modelSigner = signer
            add(.signature, .holds("its bytes are those that `\(signer)` signed, who may"))
        case .refused(let reason): add(.signature, .fails(reason))
        }
        add(.environment, isAppliedHere)
        let (believed, index) = judgeIndex(evidence, memory, add)
        add(.notRevoked, revocation(of: evidence, signedBy: modelSigner, index))
        let statements = Statements(
            about: evidence,
            modelSigner: modelSigner,
            isRevoked: { isRevoked($0, index) }
        )
        for requirement in policy.evaluations {
            add(.evaluation(suite: requirement.suite), evaluation(requirement, statements))
        }
        if let scan = policy.scan { add(.scan, self.scan(scan, statements)) }
        if let provenance = policy.provenance {
            let (result, datasets) = self.provenance(provenance, statements)
            add(.provenance, result)
            for dataset in datasets {
                add(.dataset(name: dataset.name), signed(dataset, by: provenance, evidence, index))
            }
        }
        if let approvals = policy.approvals { add(.approvals, self.approvals(approvals, statements)) }
        return ReleaseDecision(outcomes: outcomes, memory: believed, remarks: evidence.remarks)
    }

    /// Whether a condition holds, and why.
    enum Result {
        case holds(String)
        case fails(String)

        var holds: Bool { if case .holds = self { true } else { false } }
        var detail: String {
            switch self {
            case .holds(let detail), .fails(let detail): detail
            }
        }
    }

    private var isAppliedHere: Result {
        policy.environments.contains(environment)
            ? .holds("the policy speaks of `\(environment)`")
            : .fails("the policy speaks of \(policy.environments.quoted), not of `\(environment)`")
    }

    // MARK: - The index

    private func judgeIndex(
        _ evidence: ReleaseEvidence,
        _ memory: ReleaseMemory?,
        _ add: (ReleaseCondition, Result) -> Void
    ) -> (memory: ReleaseMemory?, index: ReleaseIndex?) {
        let results = IndexJudge(policy: policy, environment: environment, now: now, memory: memory)
        guard let signed = evidence.index else {
            add(.index, .fails("there is no index of releases"))
            add(.released, .fails("nothing is released without an index"))
            return (nil, nil)
        }
        let conditions: [(ReleaseCondition, Result)] = [
            (.index, results.signature(signed)), (.indexEnvironment, results.environment(signed.index)),
            (.indexFreshness, results.freshness(signed.index)), (.indexVersion, results.version(signed)),
        ]
        for (condition, result) in conditions { add(condition, result) }
        add(.released, results.release(of: evidence.model, in: signed.index))
        add(.newest, results.newest(evidence.model, in: signed.index))
        guard conditions.allSatisfy(\.1.holds) else { return (nil, signed.index) }
        return (ReleaseMemory(signed), signed.index)
    }

    // MARK: - Revocation

    /// Whether a signer's signatures count no more.
    ///
    /// An index that is not believed may still revoke: that only refuses.
    private func isRevoked(_ signer: Principal, _ index: ReleaseIndex?) -> Bool {
        signer.matches(policy.revokedSigners) || index.map { !signer.names.isDisjoint(with: $0.revokedSigners) } == true
    }

    private func revocation(of evidence: ReleaseEvidence, signedBy signer: Principal?, _ index: ReleaseIndex?) -> Result
    {
        let digest = evidence.model.digest
        if policy.revokedDigests.contains(digest) { return .fails("the policy revokes \(digest)") }
        if index?.revokedDigests.contains(digest) == true { return .fails("the index revokes \(digest)") }
        if let signer, isRevoked(signer, index) { return .fails("its signer `\(signer)` is revoked") }
        if let signed = evidence.index, signed.signer.matches(policy.revokedSigners) {
            return .fails("the index's signer `\(signed.signer)` is revoked")
        }
        return .holds("neither the model nor its signer is revoked")
    }

    // MARK: - What others say

    /// Statements about the model's own digest by signers who are not revoked.
    struct Statements {
        let all: [Attestation]
        let modelSigner: Principal?
        let modelName: String
        /// Why those that are about it do not count.
        let remarks: [String]

        init(about evidence: ReleaseEvidence, modelSigner: Principal?, isRevoked: (Principal) -> Bool) {
            self.modelSigner = modelSigner
            modelName = evidence.model.name
            var all: [Attestation] = []
            var remarks: [String] = []
            for attestation in evidence.attestations {
                if attestation.subject.digest != evidence.model.digest {
                    remarks.append("\(attestation.source) speaks of \(attestation.subject)")
                } else if isRevoked(attestation.signer) {
                    remarks.append("\(attestation.source) is signed by `\(attestation.signer)`, which is revoked")
                } else {
                    all.append(attestation)
                }
            }
            self.all = all
            self.remarks = remarks
        }

        /// What a statement is worth to a condition.
        enum Worth {
            /// It speaks of something else.
            case otherMatter
            case good
            case bad(String)

            init(_ problem: String?) { self = problem.map { .bad($0) } ?? .good }
        }

        /// Holds with the first statement that is good, or says what is wrong with each.
        func first(_ what: String, _ judge: (Attestation) -> Worth) -> ReleaseJudge.Result {
            var reasons: [String] = []
            for attestation in all {
                switch judge(attestation) {
                case .otherMatter: continue
                case .good: return .holds("\(what), says `\(attestation.signer)`")
                case .bad(let problem): reasons.append("\(attestation.source): \(problem)")
                }
            }
            reasons += remarks
            return .fails(reasons.isEmpty ? "nobody says that \(what)" : reasons.joined(separator: "; "))
        }
    }

    private func tooOld(_ moment: Timestamp, _ maximum: Duration) -> String? {
        if moment > now.advanced(by: Self.clockSkew) { return "it is dated \(moment), which has not come yet" }
        if moment.advanced(by: maximum) < now { return "it is of \(moment), and may be \(maximum.text) old" }
        return nil
    }

    private func evaluation(_ required: ReleasePolicy.Evaluation, _ statements: Statements) -> Result {
        statements.first("`\(required.suite)` was passed") { attestation in
            guard case .evaluation(let claim) = attestation.claim, claim.suite == required.suite else {
                return .otherMatter
            }
            return Statements.Worth(problem(claim, attestation, required, statements.modelSigner))
        }
    }

    private func problem(
        _ claim: Evaluation,
        _ attestation: Attestation,
        _ required: ReleasePolicy.Evaluation,
        _ modelSigner: Principal?
    ) -> String? {
        guard attestation.signer.matches(required.signers) else {
            return "`\(attestation.signer)` may not judge `\(required.suite)`"
        }
        guard modelSigner.map({ !attestation.signer.isSame(as: $0) }) ?? true else {
            return "`\(attestation.signer)` signed the model too, and nobody judges their own"
        }
        guard claim.dataset.name == required.dataset else {
            return "it was run on `\(claim.dataset.name)`, not on `\(required.dataset)`"
        }
        if let digest = required.datasetDigest, digest != claim.dataset.digest {
            return "it was run on \(claim.dataset), not on \(digest)"
        }
        for bound in required.metrics {
            guard let value = claim.metrics[bound.metric] else { return "it does not say `\(bound.metric)`" }
            if let least = bound.atLeast, !(value >= least) {
                return "`\(bound.metric)` is \(value), and has to be at least \(least)"
            }
            if let most = bound.atMost, !(value <= most) {
                return "`\(bound.metric)` is \(value), and may be at most \(most)"
            }
        }
        return tooOld(claim.evaluatedAt, required.maximumAge)
    }

    private func scan(_ required: ReleasePolicy.Scan, _ statements: Statements) -> Result {
        let scans = statements.all.compactMap { attestation -> (source: String, result: ScanResult)? in
            guard case .scan(let claim) = attestation.claim, attestation.signer.matches(required.signers) else {
                return nil
            }
            return (attestation.source, claim)
        }
        // A later scan knows more, whatever an earlier one said; of two at once, the worse counts.
        if let latest = scans.max(by: { $0.result.isOutdone(by: $1.result) }), latest.result.verdict != .proven {
            return .fails("\(latest.source): the latest scan says `\(latest.result.verdict.rawValue)`")
        }
        return statements.first("a scan proved it") { attestation in
            guard case .scan(let claim) = attestation.claim else { return .otherMatter }
            guard attestation.signer.matches(required.signers) else {
                return .bad("`\(attestation.signer)` may not say so")
            }
            guard claim.verdict == .proven else { return .bad("it says `\(claim.verdict.rawValue)`") }
            return Statements.Worth(tooOld(claim.scannedAt, required.maximumAge))
        }
    }

    private func provenance(
        _ required: ReleasePolicy.Provenance,
        _ statements: Statements
    ) -> (result: Result, datasets: [NamedArtifact]) {
        var datasets: [NamedArtifact] = []
        let names = Set(required.datasets.map(\.name))
        let result = statements.first("it is known what it was trained on") { attestation in
            guard case .provenance(let claim) = attestation.claim else { return .otherMatter }
            guard attestation.signer.matches(required.signers) else {
                return .bad("`\(attestation.signer)` may not say so")
            }
            if let stranger = claim.datasets.first(where: { !names.contains($0.name) }) {
                return .bad("it was trained on `\(stranger.name)`, which the policy does not know")
            }
            let used = Set(claim.datasets.map(\.name))
            if let absent = required.datasets.first(where: { $0.isRequired && !used.contains($0.name) }) {
                return .bad("it was not trained on `\(absent.name)`")
            }
            datasets = claim.datasets
            return .good
        }
        return (result, datasets)
    }

    private func signed(
        _ dataset: NamedArtifact,
        by required: ReleasePolicy.Provenance,
        _ evidence: ReleaseEvidence,
        _ index: ReleaseIndex?
    ) -> Result {
        guard let known = required.datasets.first(where: { $0.name == dataset.name }) else {
            return .fails("the policy does not know `\(dataset.name)`")
        }
        let signed = evidence.datasets.filter { $0.dataset.digest == dataset.digest }
        guard !signed.isEmpty else { return .fails("nobody signed \(dataset)") }
        let own = signed.filter { $0.signer.matches(known.producers) && !isRevoked($0.signer, index) }
        guard let signature = own.first(where: { $0.dataset.name == dataset.name }) else {
            let who = signed.map { "`\($0.signer)` as `\($0.dataset.name)`" }.sorted().joined(separator: ", ")
            return .fails("\(dataset) is signed by \(who), and not by its producer")
        }
        return .holds("its producer `\(signature.signer)` signed \(dataset)")
    }

    private func approvals(_ required: ReleasePolicy.Approvals, _ statements: Statements) -> Result {
        var approvers: [Principal] = []
        var reasons: [String] = []
        for attestation in statements.all {
            guard case .approval(let claim) = attestation.claim else { continue }
            let problem: String? =
                if !attestation.signer.matches(required.signers) {
                    "`\(attestation.signer)` may not approve"
                } else if statements.modelSigner.map({ attestation.signer.isSame(as: $0) }) ?? false {
                    "`\(attestation.signer)` signed the model too, and nobody approves their own"
                } else if !attestation.subject.name.utf8.elementsEqual(statements.modelName.utf8) {
                    "it approves of it as `\(attestation.subject.name)`"
                } else if claim.environment != environment {
                    "it approves of `\(claim.environment)`"
                } else {
                    tooOld(claim.approvedAt, required.maximumAge)
                }
            if let problem {
                reasons.append("\(attestation.source): \(problem)")
            } else {
                // Several approvals by one person are one, whatever names they are under.
                if !approvers.contains(where: { $0.isSame(as: attestation.signer) }) {
                    approvers.append(attestation.signer)
                }
            }
        }
        reasons += statements.remarks
        let who = approvers.map { "`\($0)`" }.sorted().joined(separator: ", ")
        guard approvers.count >= required.count else {
            let found = approvers.isEmpty ? "nobody approved" : "only \(who) approved"
            return .fails((["\(found), and \(required.count) have to"] + reasons).joined(separator: "; "))
        }
        return .holds("\(who) approved")
    }
}
