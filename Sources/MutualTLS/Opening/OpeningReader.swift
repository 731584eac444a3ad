/// Tells from the first bytes of a connection what it is: TLS, HTTP/2 without TLS, or anything else.
///
/// A value, fed with bytes as they arrive. It looks at ``maximumLength`` bytes at most, and says what they are as soon as
/// they cannot be anything else.
package struct OpeningReader: Sendable {
    /// What a connection begins with.
    package enum Opening: Hashable, Sendable {
        /// A record with the beginning of a ClientHello (RFC 8446 §4.1.2, §5.1).
        case tls
        /// The preface of a client that knows that it may speak HTTP/2 (RFC 9113 §3.3, §3.4).
        case http2
        /// Something else.
        case other
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// The bytes of a record's header and of the type of the message in it.
    private static let helloLength = 6
    /// The most bytes that are looked at.
    package static let maximumLength = preface.count

    private var seen: [UInt8] = []

    /// A reader that has seen nothing.
    package init() {}

    /// Adds bytes and says what they are; nil where that takes more of them.
    package mutating func read(_ bytes: some Sequence<UInt8>) -> Opening? {
        seen.append(contentsOf: bytes.prefix(Self.maximumLength - seen.count))
        guard let first = seen.first else { return nil }
        switch first {
        case 22:
            for (place, byte) in seen.prefix(Self.helloLength).enumerated() where !Self.mayBegin(byte, at: place) {
                return .other
            }
            return seen.count < Self.helloLength ? nil : .tls
        case Self.preface[0]:
            guard seen.elementsEqual(Self.preface.prefix(seen.count)) else { return .other }
            return seen.count < Self.preface.count ? nil : .http2
        default: return .other
        }
    }

    /// Whether a byte may stand there in a record of the type handshake with a client_hello in it.
    private static func mayBegin(_ byte: UInt8, at place: Int) -> Bool {
        switch place {
        case 1: byte == 3
        case 2: byte <= 4
        case 5: byte == 1
        default: true
        }
    }
}
