extension VerifiedSigner {
    /// The name by which policies speak of who signed; no two methods share one.
    ///
    /// | method | name |
    /// |---|---|
    /// | workload | its SPIFFE ID: `spiffe://cluster.local/ns/ml-training/sa/training` |
    /// | key | `key:` and the SHA-256 of its PEM text |
    /// | certificate | `certificate:` and the first name that it gives its holder |
    /// | Sigstore | `sigstore:`, who vouched for the name, `#`, the name |
    public var principal: String {
        switch method {
        case .spiffe: identity
        case .key: "key:" + identity
        case .certificate: "certificate:" + (names.first ?? identity)
        case .sigstore: "sigstore:\(issuer ?? "")#\(identity)"
        }
    }
}
