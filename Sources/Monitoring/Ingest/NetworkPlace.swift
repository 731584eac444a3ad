import ZeroTrust

/// Whether an address or a name lies within an estate or out on the internet.
enum NetworkPlace {
    /// Ranges that are not the internet: RFC 1918, RFC 6598, RFC 3927, loopback, multicast and their like of IPv6.
    private static let inside: [AddressBlock] = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "0.0.0.0/8",
        "224.0.0.0/4", "255.255.255.255", "::1", "fe80::/10", "fc00::/7", "ff00::/8",
    ].compactMap { AddressBlock($0) }

    /// Whether the internet lies behind a host; a name counts as outside where it has a public suffix's form and is not one
    /// of a cluster.
    static func isOutside(_ host: String) -> Bool {
        if let address = IPAddress(host) { return !inside.contains { $0.contains(address) } }
        guard host.utf8.contains(UInt8(ascii: ".")) else { return false }
        let name = host.lowercased()
        return ![".local", ".internal", ".svc", ".lan", ".home.arpa", ".localhost", ".test"].contains {
            name.hasSuffix($0)
        }
    }

    /// The host of `host:port` or `[address]:port`, or of a host alone.
    static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : authority
    }
}
