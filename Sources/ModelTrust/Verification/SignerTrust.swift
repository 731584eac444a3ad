public import SPIFFE

/// Whose signatures are believed.
public enum SignerTrust: Sendable {
    /// That of one key.
    case key(SignerKey)
    /// Those of the holders of certificates.
    case certificate(CertificateTrust, timestamps: TimestampTrust? = nil)
    /// Those of Sigstore identities.
    case sigstore(SigstoreTrust)
    /// Those of workloads of a trust domain; nil for any of them.
    case spiffe(X509BundleSet, identities: [IdentityPattern]?, timestamps: TimestampTrust? = nil)

    var method: VerifiedSigner.Method {
        switch self {
        case .key: .key
        case .certificate: .certificate
        case .sigstore: .sigstore
        case .spiffe: .spiffe
        }
    }
}
