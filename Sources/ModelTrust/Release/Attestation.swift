internal import SPIFFE

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
    public let signer: String
    /// What it speaks of.
    public let subject: NamedArtifact
    /// What it says.
    public let claim: Claim
    /// Where it was found, for people: a file, or a digest in a registry.
    public let source: String

    /// An attestation.
    init(signer: String, subject: NamedArtifact, claim: Claim, source: String) {
        self.signer = signer
        self.subject = subject
        self.claim = claim
        self.source = source
    }

    /// Reads the payload of a verified envelope: an in-toto statement of version 1.
    ///
    /// - Throws: ``PredicateError`` where it is not one, has several subjects, or makes a claim that is not known here.
    init(payload: [UInt8], signer: String, source: String) throws(PredicateError) {
        let value: StrictJSON
        do throws(StrictJSON.Failure) {
            value = try StrictJSON(payload, maximumDepth: 32)
        } catch {
            throw PredicateError(description: "the statement is not JSON: \(error.message) (byte \(error.offset))")
        }
        var fields = try PredicateFields(value, at: "statement")
        guard try fields.text("_type") == Self.statementType else { throw fields.wrong("_type", Self.statementType) }
        let subjects = try fields.list("subject") { value, path throws(PredicateError) in
            try NamedArtifact(value, path)
        }
        guard let subject = subjects.first, subjects.count == 1 else {
            throw fields.wrong("subject", "a list of one artifact")
        }
        let type = try fields.text("predicateType")
        let predicate = try fields.required("predicate")
        try fields.finish()
        let claim: Claim
        switch type {
        case Evaluation.type: claim = .evaluation(try .read(predicate))
        case ScanResult.type: claim = .scan(try .read(predicate))
        case TrainingProvenance.type: claim = .provenance(try .read(predicate))
        case Approval.type: claim = .approval(try .read(predicate))
        default: throw PredicateError(description: "`\(type)` is not a claim that is known here")
        }
        self.init(signer: signer, subject: subject, claim: claim, source: source)
    }

    static let statementType = "https://in-toto.io/Statement/v1"
}
