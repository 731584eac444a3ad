/// Where it is known who has signed which container image.
public protocol ImageSignatureSource: Sendable {
    /// Announces every change.
    var changes: ChangeFeed { get }
    /// Grows with every change.
    var revision: UInt64 { get }
    /// Who has signed an image, by the SHA-256 of its manifest in lower-case hexadecimal, of those that are believed.
    func signers(of digest: String) -> Set<ImageSigner>
}

/// One who has signed a container image.
public struct ImageSigner: Hashable, Sendable {
    /// The identity that was verified: a name in a certificate, a SPIFFE ID, the fingerprint of a key.
    public let subject: String
    /// Who vouched for the name; nil where nobody had to.
    public let issuer: String?

    /// A signer.
    public init(subject: String, issuer: String?) {
        self.subject = subject
        self.issuer = issuer
    }
}

extension Pod.Container {
    /// The SHA-256 of the manifest of the image that is run, in lower-case hexadecimal; nil where the runtime does not tell.
    ///
    /// A digest that follows no name is that of the image's configuration, which nobody signs.
    var imageDigest: String? {
        let mark = "@sha256:"
        guard let range = imageID.utf8.lastIndex(of: UInt8(ascii: "@")).map({ imageID[$0...] }), range.hasPrefix(mark)
        else { return nil }
        let digest = range.dropFirst(mark.count)
        guard digest.utf8.count == 64,
            digest.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return String(digest)
    }

    /// The selectors of these kinds that hold because of who has signed the image.
    func selectors(signedBy source: any ImageSignatureSource, _ kinds: Set<Selector.Kind>) -> Set<Selector> {
        guard !kinds.isDisjoint(with: Selector.Kind.ofImageSignatures), let digest = imageDigest else { return [] }
        var found: Set<Selector> = []
        for signer in source.signers(of: digest) {
            found.insert(Selector(.kubernetesImageSignature, "verified"))
            found.insert(Selector(.kubernetesImageSignatureSubject, signer.subject))
            if let issuer = signer.issuer { found.insert(Selector(.kubernetesImageSignatureIssuer, issuer)) }
        }
        return found.filter { kinds.contains($0.kind) }
    }
}
