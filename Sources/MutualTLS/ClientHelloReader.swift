/// Gathers a ClientHello from the first bytes of a connection, over as many records as it comes in.
///
/// A value, fed with bytes as they arrive; it keeps at most 16 KiB, and says no as soon as the bytes cannot be the
/// beginning of a TLS handshake any more.
package struct ClientHelloReader: Sendable {
    /// What is known after some bytes.
    package enum Reading: Hashable, Sendable {
        /// The message has not ended yet.
        case incomplete
        /// The bytes are not TLS.
        case notTLS
        /// It is TLS, and not one ClientHello alone that every reader understands in the same way.
        case malformed
        /// The message is whole.
        case done(ClientHelloSummary)
    }

    private static let maximumLength = 16 * 1024
    /// ContentType handshake (RFC 8446 §5.1).
    private static let handshakeRecord: UInt8 = 22
    /// HandshakeType client_hello (RFC 8446 §4).
    private static let clientHello = 1
    private static let maximumRecords = 64

    /// The bytes of the records that were taken apart: once the message is whole, those of its own.
    package private(set) var length = 0
    private var records: [UInt8] = []
    private var message: [UInt8] = []
    private var count = 0

    /// A reader that has seen nothing.
    package init() {}

    /// Adds bytes and says what is known.
    package mutating func read(_ bytes: some Sequence<UInt8>) -> Reading {
        records.append(contentsOf: bytes)
        if message.isEmpty, let reading = Self.judge(beginning: records) { return reading }
        var offset = 0
        defer { records.removeFirst(min(offset, records.count)) }
        while records.count - offset >= 5 {
            let length = Int(records[offset + 3]) << 8 | Int(records[offset + 4])
            count += 1
            guard records[offset] == Self.handshakeRecord, records[offset + 1] == 3, records[offset + 2] <= 4,
                length > 0,
                message.count + length <= Self.maximumLength, count <= Self.maximumRecords
            else { return .malformed }
            guard records.count - offset >= 5 + length else {
                count -= 1
                break
            }
            message.append(contentsOf: records[offset + 5..<offset + 5 + length])
            offset += 5 + length
            self.length += 5 + length
            if let reading = complete() { return reading }
        }
        return .incomplete
    }

    /// Refuses at once what cannot be TLS.
    private static func judge(beginning bytes: [UInt8]) -> Reading? {
        guard let first = bytes.first else { return .incomplete }
        guard first == handshakeRecord else { return .notTLS }
        if bytes.count > 1, bytes[1] != 3 { return .notTLS }
        return nil
    }

    /// The reading once the whole message is there, or nil.
    private func complete() -> Reading? {
        var cursor = Cursor(message[...])
        guard let type = cursor.integer(1) else { return nil }
        guard type == Self.clientHello else { return .malformed }
        guard let length = cursor.integer(3) else { return nil }
        guard length <= Self.maximumLength else { return .malformed }
        guard let body = cursor.bytes(length) else { return nil }
        // What follows in the same record would be another message, which nobody here has read.
        guard cursor.isEmpty, let summary = ClientHelloSummary(body: body) else { return .malformed }
        return .done(summary)
    }
}
