/// What a bundle carries for its verification, which says by what method it was signed.
enum VerificationMaterial: Sendable {
    /// A key that the verifier has; the hint names it where it is not empty.
    case key(hint: String)
    /// Certificates in DER, the leaf first.
    case certificates([[UInt8]])
    /// A short-lived certificate of Sigstore's in DER.
    case sigstore([UInt8])

    var methodInWords: String {
        switch self {
        case .key: "a key"
        case .certificates: "a certificate chain"
        case .sigstore: "a Sigstore identity"
        }
    }
}
