/// Reads the server name out of the first bytes of a TLS connection (RFC 8446 §4.1.2, RFC 6066 §3).
///
/// A value, fed with bytes as they arrive. What is read here decides nothing about the handshake: BoringSSL reads the
/// same bytes and refuses what is malformed. At most 16 KiB are kept, which is the longest ClientHello that it takes.
struct ClientHello {
    /// What is known after some bytes.
    enum Reading: Equatable {
        /// The ClientHello has not ended yet.
        case incomplete
        /// The bytes are not TLS.
        case notTLS
        /// The ClientHello has ended, or is not one; the name is nil where there was none.
        case done(serverName: String?)
    }

    private static let maximumLength = 16 * 1024
    /// ContentType handshake (RFC 8446 §5.1).
    private static let handshakeRecord: UInt8 = 22
    /// HandshakeType client_hello (RFC 8446 §4).
    private static let clientHello: UInt8 = 1

    /// The record bytes that have not been taken apart.
    private var records: [UInt8] = []
    /// The handshake message as far as it has come.
    private var message: [UInt8] = []

    /// Adds bytes and says what is known.
    mutating func read(_ bytes: some Sequence<UInt8>) -> Reading {
        records.append(contentsOf: bytes)
        guard let first = records.first ?? message.first else { return .incomplete }
        if message.isEmpty, first != Self.handshakeRecord { return .notTLS }
        var offset = 0
        while records.count - offset >= 5 {
            let length = Int(records[offset + 3]) << 8 | Int(records[offset + 4])
            guard records[offset] == Self.handshakeRecord, length > 0, message.count + length <= Self.maximumLength
            else {
                return .done(serverName: nil)
            }
            guard records.count - offset >= 5 + length else { break }
            message.append(contentsOf: records[offset + 5..<offset + 5 + length])
            offset += 5 + length
            if let reading = complete() { return reading }
        }
        records.removeFirst(offset)
        return records.count > Self.maximumLength + 5 ? .done(serverName: nil) : .incomplete
    }

    /// The reading once the whole message is there, or nil.
    private func complete() -> Reading? {
        var cursor = Cursor(message[...])
        guard let type = cursor.integer(1), let length = cursor.integer(3) else { return nil }
        guard type == Int(Self.clientHello), length <= Self.maximumLength else { return .done(serverName: nil) }
        guard let body = cursor.bytes(length) else { return nil }
        return .done(serverName: Self.serverName(in: body))
    }

    private static func serverName(in body: ArraySlice<UInt8>) -> String? {
        var cursor = Cursor(body)
        // legacy_version and random, then three vectors, then the extensions.
        guard cursor.bytes(34) != nil, cursor.vector(1) != nil, cursor.vector(2) != nil, cursor.vector(1) != nil,
            let extensions = cursor.vector(2)
        else { return nil }
        cursor = Cursor(extensions)
        while let type = cursor.integer(2), let data = cursor.vector(2) {
            guard type == 0 else { continue }
            var names = Cursor(data)
            guard let list = names.vector(2) else { return nil }
            names = Cursor(list)
            // NameType host_name (RFC 6066 §3).
            guard names.integer(1) == 0, let name = names.vector(2) else { return nil }
            return normalized(name)
        }
        return nil
    }

    /// The name in lower case, or nil where it is not one that RFC 6066 §3 allows.
    static func normalized(_ name: ArraySlice<UInt8>) -> String? {
        guard (1...255).contains(name.count) else { return nil }
        var text: [UInt8] = []
        for byte in name {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): text.append(byte | 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"):
                text.append(byte)
            default: return nil
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
