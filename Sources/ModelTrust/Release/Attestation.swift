/// A statement about an artifact whose signature was verified: who says what of which bytes.
///
/// It is the in-toto statement of a DSSE envelope that somebody signed whose identity is proven; whether that somebody
/// may say it is the policy's question.
public struct Attestation: Hashable, Sendable {
    /// What is claimed.
    public enum Claim: Hashable, Sendable {
        /// It was evaluated.
        case evaluation(Evaluation)
        /// It was scanned.
        case scan(ScanResult)
        /// It was trained so.
        case provenance(TrainingProvenance)
        /// It is approved of.
        case approval(Approval)
    }

    /// Who signed it, as an identity that was verified: `spiffe://cluster.local/ns/ml-eval/sa/evaluation`.
    public let signer: Principal
    /// What it speaks of.
    public let subject: NamedArtifact
    /// What it says.
    public let claim: Claim
    /// Where it was found, for people: a file, or a digest in a registry.
    public let source: String

    /// An attestation.
    init(signer: Principal, subject: NamedArtifact, claim: Claim, source: String) {
        self.signer = signer
        self.subject = subject
        self.claim = claim
        self.source = source
    }

    /// Reads the payload of a verified envelope.
    ///
    /// - Throws: ``PredicateError`` where it is no statement of one artifact, or makes a claim that is not known here.
    init(payload: [UInt8], signer: Principal, source: String) throws(PredicateError) {
        let statement = try Statement(payload)
        let claim: Claim
        switch statement.predicateType {
        case Evaluation.type: claim = .evaluation(try .read(statement.predicate))
        case ScanResult.type: claim = .scan(try .read(statement.predicate))
        case TrainingProvenance.type: claim = .provenance(try .read(statement.predicate))
        case Approval.type: claim = .approval(try .read(statement.predicate))
        default:
            throw PredicateError(description: "`\(statement.predicateType)` is not a claim that is known here")
        }
        self.init(signer: signer, subject: statement.subject, claim: claim, source: source)
    }
}
