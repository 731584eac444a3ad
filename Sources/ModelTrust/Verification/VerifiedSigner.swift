public import FoundationEssentials

/// Who signed a model, once that is proven.
public struct VerifiedSigner: Hashable, Sendable {
    /// How it was proven.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// A key that the verifier holds.
        case key
        /// A certificate of an authority that the verifier trusts.
        case certificate
        /// A short-lived certificate of Sigstore's, with its transparency log.
        case sigstore
        /// A workload's X.509-SVID.
        case spiffe
    }

    /// How it was proven.
    public let method: Method
    /// The name: a key's fingerprint, a certificate's names, a SPIFFE ID.
    public let identity: String
    /// The fingerprint of the key that signed: the SHA-256 of its PEM text in lower-case hexadecimal.
    public let key: String
    /// Everything that the certificate calls its holder; the identity alone where there is none.
    public let names: [String]
    /// Who vouched for the name to Sigstore.
    public let issuer: String?
    /// The time at which the signature is known to have existed; nil where nobody vouches for one.
    public let signedBy: Date?
}
