import FoundationEssentials

/// The URL that an OpenID Connect issuer is known by, in the form that AWS, Google Cloud and Azure all accept: `https`, a
/// name, perhaps a path, and nothing else (OpenID Connect Discovery 1.0 §3, AWS `CreateOpenIDConnectProvider`).
public struct OIDCIssuer: Hashable, Sendable {
    /// The URL, exactly as it stands in tokens and in the discovery document.
    public let url: String
    /// The host's name.
    public let host: String
    /// The path, empty or with a slash before it and none behind.
    public let path: String

    /// The longest URL: what AWS takes.
    public static let maximumLength = 255

    /// Reads a URL.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` saying what consumers would not accept.
    public init(_ text: String) throws(IdentityError) {
        func refuse(_ reason: String) -> IdentityError {
            IdentityError(.invalidArgument, "`\(text.prefix(200))` cannot be an issuer: \(reason)")
        }
        guard text.utf8.count <= Self.maximumLength else {
            throw refuse("a URL of at most \(Self.maximumLength) characters is accepted")
        }
        guard text.hasPrefix("https://") else { throw refuse("consumers accept `https://` only") }
        let rest = text.dropFirst("https://".count)
        guard !rest.contains("?") else { throw refuse("it has a query") }
        guard !rest.contains("#") else { throw refuse("it has a fragment") }
        guard !rest.contains("@") else { throw refuse("it has a user in it") }
        let host = rest.prefix { $0 != "/" }
        guard !host.contains(":") else { throw refuse("it has a port; AWS accepts none, so serve it on 443") }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, labels.count > 1, labels.allSatisfy(Self.isLabel) else {
            throw refuse("`\(host.prefix(100))` is no name of a host in lower case")
        }
        let path = rest.dropFirst(host.count)
        guard !path.hasSuffix("/") else {
            throw refuse("it ends in a slash, which consumers do or do not take away; leave it out")
        }
        guard path.utf8.allSatisfy(Self.isInPath), !path.contains("//"),
            !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
        else { throw refuse("its path has something else in it than plain segments") }
        self.url = text
        self.host = String(host)
        self.path = String(path)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { isDigit($0) || isLower($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isInPath(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLower(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || "/-._~".utf8.contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
