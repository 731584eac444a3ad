/// `host` or `host:port`, as it stands in CONNECT, in an absolute target and in `Host`.
struct Authority: Hashable, Sendable {
    /// The host.
    let name: DestinationName
    /// The port, where one was written.
    let port: UInt16?

    /// Reads an authority, and refuses every form that another reader could take for another host.
    init(_ text: String) throws(EgressRefusal) {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: "@")) { throw EgressRefusal(.userInfo) }
        if bytes.contains(UInt8(ascii: "[")) || bytes.contains(UInt8(ascii: "]")) { throw EgressRefusal(.ipLiteral) }
        let colons = bytes.count { $0 == UInt8(ascii: ":") }
        guard colons <= 1 else {
            let isAddress = bytes.prefix { $0 != UInt8(ascii: "%") }.allSatisfy(Self.isAddressByte)
            throw EgressRefusal(isAddress ? .ipLiteral : .badAuthority)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        // `%` begins an escape or a zone id; neither is read.
        guard !bytes.contains(UInt8(ascii: "%")), let host = parts.first, !host.isEmpty else {
            throw EgressRefusal(.badAuthority)
        }
        self.name = try DestinationName.parse(host).get()
        self.port = try parts.count == 2 ? Self.port(parts[1]) : nil
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        ByteClass.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    /// Digits alone, without a leading zero: `443`.
    private static func port(_ text: Substring) throws(EgressRefusal) -> UInt16 {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(ByteClass.isDigit),
            text.utf8.first != UInt8(ascii: "0"), let port = UInt16(text)
        else { throw EgressRefusal(.badAuthority) }
        return port
    }
}
