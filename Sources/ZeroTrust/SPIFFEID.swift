/// The name of a workload: `spiffe://TRUST-DOMAIN/PATH` (SPIFFE-ID §2).
///
/// Parsing is strict: what the specification calls equal under case folding is refused instead of folded, so that two
/// equal IDs are always the same bytes.
///
/// ```swift
/// let id = try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway")
/// id.trustDomain.name  // "cluster.local"
/// id.path              // "/ns/ml-api/sa/api-gateway"
/// ```
public struct SPIFFEID: Hashable, Sendable {
    /// The whole ID as it stands in a certificate.
    public let description: String
    /// The realm whose authority vouches for this ID.
    public let trustDomain: TrustDomain

    /// The longest ID accepted, in bytes (SPIFFE-ID §2.3).
    public static let maximumLength = 2048
    static let scheme = "spiffe://"

    /// Parses a whole ID.
    ///
    /// - Throws: ``SPIFFEIDError`` naming the first rule that the text breaks.
    public init(_ text: String) throws(SPIFFEIDError) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong(text.utf8.count) }
        guard text.utf8.starts(with: Self.scheme.utf8) else { throw .wrongScheme }
        let rest = text.utf8.dropFirst(Self.scheme.utf8.count)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        self.trustDomain = try TrustDomain(String(Substring(rest[..<slash])))
        try Self.validate(path: rest[slash...])
        self.description = text
    }

    /// Parses what a person wrote in a configuration, where the scheme and the trust domain may have upper case
    /// (SPIFFE-ID §2.4); the path is left as it is.
    ///
    /// Never for what a peer sent.
    ///
    /// - Throws: ``SPIFFEIDError`` naming the first rule that the text breaks.
    public init(normalizing text: String) throws(SPIFFEIDError) {
        let authority = text.utf8.dropFirst(Self.scheme.utf8.count)
        let slash = authority.firstIndex(of: UInt8(ascii: "/")) ?? authority.endIndex
        try self.init(ASCII.lowercased(text[..<slash]) + text[slash...])
    }

    /// The ID of a workload in a trust domain.
    ///
    /// The path is empty, or `/` and segments: `/ns/ml-api/sa/api-gateway`.
    ///
    /// - Throws: ``SPIFFEIDError`` naming the first rule that the path breaks.
    public init(trustDomain: TrustDomain, path: String) throws(SPIFFEIDError) {
        let text = Self.scheme + trustDomain.name + path
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong(text.utf8.count) }
        guard path.isEmpty || path.utf8.first == UInt8(ascii: "/") else { throw .pathWithoutLeadingSlash }
        try Self.validate(path: path.utf8[...])
        self.description = text
        self.trustDomain = trustDomain
    }

    /// The ID of a workload in a trust domain, its path given segment by segment: `["ns", "ml-api"]`.
    ///
    /// - Throws: ``SPIFFEIDError`` naming the first rule that a segment breaks.
    public init(trustDomain: TrustDomain, segments: [String]) throws(SPIFFEIDError) {
        for segment in segments {
            guard !segment.isEmpty else { throw .emptySegment }
            guard !segment.utf8.contains(UInt8(ascii: "/")) else { throw .badPathCharacter(UInt8(ascii: "/")) }
        }
        try self.init(trustDomain: trustDomain, path: segments.map { "/" + $0 }.joined())
    }

    /// The ID of the trust domain itself.
    init(trustDomain: TrustDomain) {
        self.description = Self.scheme + trustDomain.name
        self.trustDomain = trustDomain
    }

    /// The part that names the workload: empty for the trust domain itself, else `/` and segments.
    public var path: Substring {
        Substring(description.utf8.dropFirst(Self.scheme.utf8.count + trustDomain.name.utf8.count))
    }

    /// Checks a path: empty, or segments of `a-zA-Z0-9.-_` that are not empty, `.` or `..` (SPIFFE-ID §2.2).
    static func validate(path: Substring.UTF8View) throws(SPIFFEIDError) {
        guard !path.isEmpty else { return }
        for segment in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !segment.isEmpty else {
                throw path.last == UInt8(ascii: "/") ? .trailingSlash : .emptySegment
            }
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) { throw .dotSegment }
            for byte in segment where !allowsInPath(byte) { throw .badPathCharacter(byte) }
        }
    }

    private static func allowsInPath(_ byte: UInt8) -> Bool {
        TrustDomain.allows(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

extension SPIFFEID: CustomStringConvertible {}
