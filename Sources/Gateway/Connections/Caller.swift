import AuditLog
import FoundationEssentials
import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

extension ClientConnection {
    /// Who is at the other end of a connection; shared by its requests.
    final class Caller {
        /// The verified peer, or nil for a caller who proved no identity.
        let peer: Peer?
        /// What the handshake settled on, or nil over plaintext.
        let tls: DecisionRecord.TLS?
        let record: DecisionRecord.Caller?
        /// The caller in log events and metrics: the SPIFFE ID, or Istio's word for none.
        let name: String
        /// The lines by which an upstream knows the caller; none for one who proved no identity.
        let fields: ByteBuffer
        /// What the records of its decisions have in common; nil where each says it itself.
        let fragments: RecordFragments?
        /// Its last decision record, where the connection carries one request after the other.
        var recent: RecentDecision?
        var recentPause = TemplatePause(afterFirst: true)
        /// When the caller's certificate ends, and what it proved with it.
        let expiry: NIODeadline

        /// A verified caller; with both ends of a connection that is to carry many requests.
        init(_ verified: PeerVerified, from source: Exchange.Endpoint? = nil, to destination: Exchange.Endpoint? = nil)
        {
            let peer = verified.peer
            let tls = DecisionRecord.TLS(
                version: verified.tlsVersion,
                cipher: verified.cipher,
                serverName: verified.serverName
            )
            let record = DecisionRecord.Caller(
                spiffeID: peer.id,
                serialNumber: peer.serialNumber,
                fingerprint: peer.fingerprint,
                modelDigest: peer.model?.digest,
                modelSigner: peer.model?.signer
            )
            self.peer = peer
            self.tls = tls
            self.record = record
            name = peer.id.description
            fragments =
                if let source, let destination {
                    RecordFragments(caller: record, source: source, destination: destination, tls: tls)
                } else {
                    nil
                }
            fields = HeadWriter.identity(peer.id, fingerprint: peer.fingerprint)
            expiry = .now() + .milliseconds(Int64(min(max(0, peer.notAfter.timeIntervalSinceNow), 1e9) * 1_000))
        }

        private init() {
            peer = nil
            tls = nil
            record = nil
            name = Self.unknown
            fragments = nil
            fields = ByteBuffer()
            expiry = .distantFuture
        }

        /// A caller who proved no identity.
        static var anonymous: Caller { Caller() }

        /// The lines by which an upstream knows the caller, and the user for whom it calls.
        func fields(with user: [Exchange.Header]) -> ByteBuffer {
            var lines = fields
            for header in user { lines.writeString("\(header.name): \(header.value)\r\n") }
            return lines
        }

        /// Istio's word for a caller who proved no identity.
        static let unknown = "unknown"
    }
}
