/// Who signed something, by every name under which policies may speak of them.
///
/// | method | names |
/// |---|---|
/// | workload | its SPIFFE ID: `spiffe://cluster.local/ns/ml-training/sa/training` |
/// | key | `key:` and the SHA-256 of its PEM text |
/// | certificate | `certificate:` and each name that it gives its holder |
/// | Sigstore | `sigstore:`, who vouched for the name, `#`, each name |
///
/// The key's own name is always among them: one key is one signer, whatever certificates there are for it, since a
/// signature says nothing of the certificate that it comes with.
public struct Principal: Hashable, Sendable {
    /// The name that people are shown.
    public let name: String
    /// All of them.
    let names: Set<String>

    /// A signer who was verified.
    public init(_ signer: VerifiedSigner) {
        let names: [String] =
            switch signer.method {
            case .spiffe: [signer.identity]
            case .key: []
            case .certificate: ([signer.identity] + signer.names).map { "certificate:" + $0 }
            case .sigstore: ([signer.identity] + signer.names).map { "sigstore:\(signer.issuer ?? "")#\($0)" }
            }
        let key = "key:" + signer.key
        name = names.first ?? key
        self.names = Set(names + [key])
    }

    /// A signer by name.
    init(_ name: String, also others: String...) {
        self.name = name
        names = Set(others + [name])
    }

    /// Whether this can be the same signer as another.
    func isSame(as other: Principal) -> Bool { !names.isDisjoint(with: other.names) }

    /// Whether one of the patterns means this signer.
    func matches(_ patterns: [IdentityPattern]) -> Bool { names.contains { patterns.match($0) } }

    /// Whether a text has the form of a signer's name, or of a pattern of them.
    public static func isName(_ text: String) -> Bool {
        if text.hasPrefix("key:") { return ArtifactDigest(text.dropFirst(4)) != nil && text.utf8.count == 68 }
        if text.hasPrefix("sigstore:") { return text.contains("#") }
        return ["spiffe://", "certificate:"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
    }
}

extension Principal: CustomStringConvertible {
    /// The name that people are shown.
    public var description: String { name }
}
