/// How a request names a manifest: by tag or by digest.
public enum ManifestReference: Hashable, Sendable, CustomStringConvertible {
    /// By what the tag points to now.
    case tag(TagName)
    /// By its content.
    case digest(ContentDigest)

    /// Parses a tag or a digest; nil for anything else.
    public init?(_ text: some StringProtocol) {
        if let digest = ContentDigest(text) {
            self = .digest(digest)
        } else if let tag = TagName(text) {
            self = .tag(tag)
        } else {
            return nil
        }
    }

    /// The tag or the digest.
    public var description: String {
        switch self {
        case .tag(let tag): tag.description
        case .digest(let digest): digest.description
        }
    }
}
