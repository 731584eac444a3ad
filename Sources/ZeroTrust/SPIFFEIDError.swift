/// The rule that a text breaks, so that it is not a SPIFFE ID or trust domain (SPIFFE-ID §2).
public enum SPIFFEIDError: Error, Hashable, Sendable {
    /// There is no text at all.
    case empty
    /// The text is longer than 2,048 bytes.
    case tooLong(Int)
    /// The text does not begin with `spiffe://` in lower case.
    case wrongScheme
    /// Nothing stands between the scheme and the path.
    case missingTrustDomain
    /// The trust domain is longer than 255 bytes.
    case trustDomainTooLong(Int)
    /// The trust domain has a byte outside `a-z0-9.-_`.
    case badTrustDomainCharacter(UInt8)
    /// The path does not begin with `/`.
    case pathWithoutLeadingSlash
    /// The path ends in `/`.
    case trailingSlash
    /// Two slashes stand side by side.
    case emptySegment
    /// A segment is `.` or `..`.
    case dotSegment
    /// A segment has a byte outside `a-zA-Z0-9.-_`.
    case badPathCharacter(UInt8)
}

extension SPIFFEIDError: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .empty: "the SPIFFE ID is empty; expected `spiffe://trust-domain/path`"
        case .tooLong(let count): "the SPIFFE ID has \(count) bytes; at most \(SPIFFEID.maximumLength) are allowed"
        case .wrongScheme: "the SPIFFE ID must begin with `spiffe://`, in lower case"
        case .missingTrustDomain: "the trust domain is missing"
        case .trustDomainTooLong(let count):
            "the trust domain has \(count) bytes; at most \(TrustDomain.maximumLength) are allowed"
        case .badTrustDomainCharacter(let byte):
            "the trust domain may hold only `a-z`, `0-9`, `.`, `-` and `_`; found \(Self.quote(byte))"
        case .pathWithoutLeadingSlash: "the path must begin with `/`"
        case .trailingSlash: "the path must not end with `/`"
        case .emptySegment: "the path must not hold an empty segment (`//`)"
        case .dotSegment: "the path must not hold a `.` or `..` segment"
        case .badPathCharacter(let byte):
            "a path segment may hold only letters, digits, `.`, `-` and `_`; found \(Self.quote(byte))"
        }
    }

    private static func quote(_ byte: UInt8) -> String {
        (0x21...0x7e).contains(byte)
            ? "`\(Character(UnicodeScalar(byte)))`" : "byte 0x" + String(byte, radix: 16, uppercase: true)
    }
}
