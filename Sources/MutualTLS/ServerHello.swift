import NIOSSL

/// Reads the cipher suite out of the first bytes that a server sends (RFC 8446 §4.1.3).
enum ServerHello {
    /// HandshakeType server_hello (RFC 8446 §4).
    private static let serverHello = 2

    /// The suite's number, or nil where the bytes are not the beginning of a ServerHello.
    static func cipherSuite(in bytes: [UInt8]) -> UInt16? {
        var cursor = Cursor(bytes[...])
        guard cursor.integer(1) == 22, cursor.bytes(4) != nil, cursor.integer(1) == serverHello,
            cursor.bytes(3 + 34) != nil, cursor.vector(1) != nil, let suite = cursor.integer(2)
        else { return nil }
        return UInt16(suite)
    }

    /// The longest prefix that ``cipherSuite(in:)`` looks at, in bytes.
    static let prefixLength = 5 + 4 + 34 + 1 + 32 + 2
}
