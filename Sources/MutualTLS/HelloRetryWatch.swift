/// Watches for a HelloRetryRequest, after which a client says its ClientHello again: the second one has to name the same
/// server as the first (RFC 8446 §4.1.2 lets it change other things only).
///
/// A value that stands between both directions of a connection that is passed through. It holds back no byte of the
/// server's. Of the client's it holds what follows the first ClientHello until the server has answered, since a client
/// could send its second one ahead, and then until that is known to be well.
package struct HelloRetryWatch: Sendable {
    /// What to do with the client's bytes.
    package enum Verdict: Hashable, Sendable {
        /// Pass them on.
        case pass
        /// Keep them until more have come.
        case hold
        /// The second ClientHello is not like the first.
        case refuse
    }

    private enum Phase {
        /// The server has not said enough yet.
        case waiting([UInt8])
        /// The server asked for another ClientHello.
        case retry
        case over
    }

    /// SHA-256 of "HelloRetryRequest", which stands for the random number in one (RFC 8446 §4.1.3).
    private static let retryRandom: [UInt8] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ]
    /// Record header, message header, version and random number.
    private static let prefixLength = 5 + 4 + 2 + 32

    private let first: ClientHelloSummary
    private var phase = Phase.waiting([])

    /// A watch over a connection that began with this ClientHello.
    package init(_ first: ClientHelloSummary) {
        self.first = first
    }

    /// Whether nothing is watched for any more.
    package var isOver: Bool {
        if case .over = phase { return true }
        return false
    }

    /// Sees what the server sends.
    package mutating func server(_ bytes: some Sequence<UInt8>) {
        guard case .waiting(var seen) = phase else { return }
        seen.append(contentsOf: bytes.prefix(Self.prefixLength - seen.count))
        if seen.count < Self.prefixLength {
            // An alert, or anything else that is no ServerHello, is no HelloRetryRequest.
            phase = seen.first.map { $0 == 22 } ?? true ? .waiting(seen) : .over
            return
        }
        let isRetry = seen[0] == 22 && seen[5] == 2 && seen[11...].elementsEqual(Self.retryRandom)
        phase = isRetry ? .retry : .over
    }

    /// Judges what the client sends; `bytes` are all that it sent and that were not passed on yet.
    package mutating func client(_ bytes: some Collection<UInt8>) -> Verdict {
        switch phase {
        case .waiting: return .hold
        case .over: return .pass
        case .retry: break
        }
        var rest = Array(bytes)[...]
        // One change_cipher_spec record may stand before it (RFC 8446 §5).
        if rest.first == 20 {
            guard rest.count >= 6 else { return .hold }
            guard Array(rest.prefix(6)) == [20, 3, 3, 0, 1, 1] else { return .refuse }
            rest = rest.dropFirst(6)
        }
        var reader = ClientHelloReader()
        switch reader.read(rest) {
        case .incomplete: return .hold
        case .notTLS, .malformed: return .refuse
        case .done(let second):
            guard second.serverName == first.serverName, !second.hidesServerName else { return .refuse }
            phase = .over
            return .pass
        }
    }
}
