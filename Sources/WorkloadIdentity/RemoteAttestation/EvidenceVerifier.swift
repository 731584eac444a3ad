public import FoundationEssentials
public import ZeroTrust

/// How a workload proves what it is, that no kernel of ours sees: a plug-in point.
///
/// A verifier takes evidence of one kind, such as a token of Kubernetes, a certificate or a quote of a TPM, and says what
/// it proves, as selectors. It is the verifier's own business how the evidence is bound to the key that the SVID is asked
/// for: a quote has ``RemoteEvidence/binding`` in it, a certificate's key signs it, and a token that only its owner has
/// needs none.
///
/// ```swift
/// struct QuoteVerifier: EvidenceVerifier {
///     let kind = "tpm"
///     func verify(_ evidence: RemoteEvidence) async throws -> ProvenWorkload {
///         let quote = try Quote(evidence.document)
///         guard quote.nonce == evidence.binding else { throw EvidenceRefusal("the quote is not for this key") }
///         return ProvenWorkload("TPM \(quote.ekDigest)", selectors: [try Selector("evidence:tpm:ek:\(quote.ekDigest)")])
///     }
/// }
/// ```
public protocol EvidenceVerifier: Sendable {
    /// The name of the evidence in requests: lower-case letters, digits and `-`.
    var kind: String { get }

    /// What the evidence proves.
    ///
    /// - Returns: at least one selector.
    /// - Throws: ``EvidenceRefusal`` for evidence that proves nothing; any other error where that cannot be said now.
    func verify(_ evidence: RemoteEvidence) async throws -> ProvenWorkload
}

/// What a workload shows.
public struct RemoteEvidence: Sendable {
    /// The evidence, as its kind writes it.
    public let document: [UInt8]
    /// The SHA-256 of the challenge and of the public key that the SVID is for: what evidence that is made for the moment
    /// has in it, or signs.
    public let binding: [UInt8]

    /// Evidence.
    public init(document: [UInt8], binding: [UInt8]) {
        self.document = document
        self.binding = binding
    }
}

/// What evidence proved.
public struct ProvenWorkload: Sendable {
    /// The workload in words, for the record.
    public let name: String
    /// What it is.
    public let selectors: Set<Selector>
    /// Until when that is known to hold; nil where the evidence does not say.
    public let until: Date?
    /// The one ID that is given for it, of all that the entries would give; nil for every one.
    public let only: SPIFFEID?

    /// A workload.
    public init(_ name: String, selectors: Set<Selector>, until: Date? = nil, only: SPIFFEID? = nil) {
        self.name = name
        self.selectors = selectors
        self.until = until
        self.only = only
    }
}

/// Why evidence proves nothing: an answer, not a failure.
///
/// It is for the log, and never for the caller.
public struct EvidenceRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason in words.
    public let description: String

    /// A reason.
    public init(_ description: String) { self.description = description }
}
