import FoundationEssentials
import ZeroTrust

/// Where a bundle endpoint is: an `https` URL without userinfo (SPIFFE Federation §5.2.1.1, §5.2.2.1).
///
/// The text comes from a configuration or from a redirect, so that it is read strictly: printable ASCII, a host that is
/// a name or an address, and nothing that could break a request line.
public struct BundleEndpointURL: Hashable, Sendable {
    /// The URL as it was written.
    public let text: String
    /// The host, without the brackets of an IPv6 address.
    public let host: String
    /// The port; 443 where none is written.
    public let port: Int
    /// Path and query, as they stand in a request line.
    public let target: String

    /// The longest URL, in bytes.
    static let maximumLength = 2048

    /// Reads a URL.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` saying what it has to be.
    public init(_ text: String) throws(IdentityError) {
        func problem(_ words: String) -> IdentityError {
            IdentityError(
                .invalidArgument,
                "`\(PrintableLine.of(String(text.prefix(200))))` is no bundle endpoint: \(words)"
            )
        }
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumLength else { throw problem("it is longer than \(Self.maximumLength) bytes") }
        guard bytes.allSatisfy({ (0x21...0x7e).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }) else {
            throw problem("it has characters that no URL has")
        }
        let scheme = "https://"
        guard text.prefix(scheme.count).lowercased() == scheme else { throw problem("its scheme has to be `https`") }
        let rest = text.dropFirst(scheme.count)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else { throw problem("it must have no user and no password") }
        let (host, port): (Substring, Substring?)
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { throw problem("its host is no address") }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.first == ":" else { throw problem("its host is no address") }
            port = after.isEmpty ? nil : after.dropFirst()
            guard host.contains(":"), host.utf8.allSatisfy({ "0123456789abcdefABCDEF:.".utf8.contains($0) }) else {
                throw problem("its host is no address")
            }
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = parts.first ?? ""
            port = parts.count > 1 ? parts[1] : nil
            guard !host.isEmpty, host.utf8.allSatisfy(Self.isInHostName) else { throw problem("it has no host") }
        }
        var number = 443
        if let port {
            guard let value = UInt16(port), value > 0, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw problem("its port is no port")
            }
            number = Int(value)
        }
        // What follows `#` is not sent.
        let target = rest[end...].prefix { $0 != "#" }
        self.text = text
        self.host = String(host)
        self.port = number
        self.target = target.first == "/" ? String(target) : "/" + target
    }

    /// Where a redirect from here leads.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` where that is no bundle endpoint (§5.2.1.4, §5.2.2.4).
    public func redirect(to location: String) throws(IdentityError) -> BundleEndpointURL {
        guard location.hasPrefix("/"), !location.hasPrefix("//") else { return try BundleEndpointURL(location) }
        return try BundleEndpointURL("https://\(authority)\(location)")
    }

    /// The host and the port, as the header `Host` has them.
    public var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == 443 ? host : "\(host):\(port)"
    }

    private static func isInHostName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }
}

extension BundleEndpointURL: CustomStringConvertible {
    /// The URL as it was written.
    public var description: String { text }
}
