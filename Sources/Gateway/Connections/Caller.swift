import AuditLog
import FoundationEssentials
import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

extension ClientConnection {
    /// Who is at the other end of a connection; shared by its requests, and by the connections that differ in nothing but
    /// the port that they come from.
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
        /// Its last decision records, where the connections carry one request after the other.
        var recent = RecentDecisions()
        /// When the caller's certificate ends, and what it proved with it.
        let expiry: NIODeadline
        /// Both ends of its connections, where they are to carry many requests.
        private let ends: (source: IPAddress, destination: Exchange.Endpoint)?

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
            if let source, let destination {
                fragments = RecordFragments(caller: record, destination: destination, tls: tls)
                ends = (source.address, destination)
            } else {
                fragments = nil
                ends = nil
            }
            fields = HeadWriter.identity(peer.id, fingerprint: peer.fingerprint)
            expiry = Self.expiry(of: peer)
        }

        /// When a peer's certificate ends, as the clock has it now.
        private static func expiry(of peer: Peer) -> NIODeadline {
            .now() + .milliseconds(Int64(min(max(0, peer.notAfter.timeIntervalSinceNow), 1e9) * 1_000))
        }

        private init() {
            peer = nil
            tls = nil
            record = nil
            name = Self.unknown
            fragments = nil
            fields = ByteBuffer()
            expiry = .distantFuture
            ends = nil
        }

        /// A caller who proved no identity.
        static var anonymous: Caller { Caller() }

        /// Whether another connection is of the same caller in every respect, but for the port that it comes from.
        func isLike(_ verified: PeerVerified, from source: Exchange.Endpoint, to destination: Exchange.Endpoint) -> Bool
        {
            guard let ends, ends.source == source.address, ends.destination == destination, let tls else {
                return false
            }
            guard peer == verified.peer, tls.version == verified.tlsVersion, tls.cipher == verified.cipher,
                tls.serverName == verified.serverName
            else { return false }
            // The clock may have been set since.
            let now = Self.expiry(of: verified.peer)
            return now - .seconds(1) < expiry && expiry < now + .seconds(1)
        }

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
