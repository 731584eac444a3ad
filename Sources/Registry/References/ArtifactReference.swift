/// Where an artifact is: `HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]`.
///
/// Where both a tag and a digest are given, the digest counts.
public struct ArtifactReference: Hashable, Sendable, CustomStringConvertible {
    /// The host's name or address, without the brackets of an IPv6 address.
    public let host: String
    /// The port.
    public let port: Int
    /// The repository.
    public let repository: RepositoryName
    /// The manifest; `latest` where the text names none.
    public let reference: ManifestReference

    /// Parses a reference; nil where it is none.
    public init?(_ text: String, defaultPort: Int = 443) {
        guard text.utf8.count <= 1024, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            let slash = text.firstIndex(of: "/"), slash != text.startIndex
        else { return nil }
        var authority = text[..<slash]
        var port = defaultPort
        let hasPort = authority.last != "]" && (authority.first == "[" || authority.contains(":"))
        if hasPort, let colon = authority.lastIndex(of: ":") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                (1...65535).contains(number)
            else { return nil }
            port = number
            authority = authority[..<colon]
        }
        if authority.first == "[" {
            guard authority.last == "]", authority.utf8.count > 2 else { return nil }
            authority = authority.dropFirst().dropLast()
            guard authority.utf8.allSatisfy({ Self.isHexadecimal($0) || $0 == UInt8(ascii: ":") }) else { return nil }
        } else {
            let isHost = { (byte: UInt8) in Self.isAlphanumeric(byte) || ".-_".utf8.contains(byte) }
            guard !authority.isEmpty, authority.utf8.allSatisfy(isHost) else { return nil }
        }
        var rest = text[text.index(after: slash)...]
        var digest: ContentDigest?
        if let at = rest.firstIndex(of: "@") {
            guard let parsed = ContentDigest(rest[rest.index(after: at)...]) else { return nil }
            digest = parsed
            rest = rest[..<at]
        }
        var tag: TagName?
        if let colon = rest.firstIndex(of: ":") {
            guard let parsed = TagName(rest[rest.index(after: colon)...]) else { return nil }
            tag = parsed
            rest = rest[..<colon]
        }
        guard let repository = RepositoryName(rest), let latest = TagName("latest") else { return nil }
        self.host = String(authority)
        self.port = port
        self.repository = repository
        self.reference = digest.map { .digest($0) } ?? .tag(tag ?? latest)
    }

    /// The host and port as a request's `Host` field says them.
    public var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The reference with everything spelled out.
    public var description: String {
        switch reference {
        case .tag(let tag): "\(authority)/\(repository):\(tag)"
        case .digest(let digest): "\(authority)/\(repository)@\(digest)"
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x61...0x66).contains(byte | 0x20) || (0x30...0x39).contains(byte)
    }
}
