import NIOCore
import NIOSSL
import NIOTLS
import SPIFFE

/// Stands behind TLS and lets nothing through until the peer is verified; then it says who it is, and leaves.
///
/// Whatever ends the handshake otherwise closes the connection and is told to `onRefusal`, once.
final class PeerGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let tls: NIOSSLHandler
    private let notes: HandshakeNotes
    private let timeout: TimeAmount
    /// Verifies a leaf that was not shown in this handshake but in the one that this resumes.
    private let reverify: (NIOSSLCertificate) -> PeerVerdict
    /// Judges a peer again that was verified earlier in the handshake: it may have been revoked since.
    private let recheck: (Peer) -> PeerRefusal?
    private let onRefusal: @Sendable (RefusedConnection) -> Void
    private var deadline: Scheduled<Void>?
    private var remoteAddress: SocketAddress?
    private var over = false

    init(
        tls: NIOSSLHandler,
        notes: HandshakeNotes,
        timeout: TimeAmount,
        reverify: @escaping (NIOSSLCertificate) -> PeerVerdict,
        recheck: @escaping (Peer) -> PeerRefusal?,
        onRefusal: @escaping @Sendable (RefusedConnection) -> Void
    ) {
        self.tls = tls
        self.notes = notes
        self.timeout = timeout
        self.reverify = reverify
        self.recheck = recheck
        self.onRefusal = onRefusal
    }

    func handlerAdded(context: ChannelHandlerContext) {
        remoteAddress = context.remoteAddress
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: timeout) {
            let (gate, context) = bound.value
            gate.refuse(context, TransportRefusal.handshakeTimeout.refusal("the TLS handshake was not over in time"))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        remoteAddress = context.remoteAddress
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Nothing is read before the handshake is over, and after a refusal nothing is passed on.
    }

    func channelReadComplete(context: ChannelHandlerContext) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted(let applicationProtocol)? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard !over else { return }
        switch verdict() {
        case .refused(let refusal): refuse(context, refusal)
        case .verified(let peer):
            over = true
            deadline?.cancel()
            let verified = PeerVerified(
                peer: peer,
                tlsVersion: Self.name(of: tls.tlsVersion),
                cipher: notes.cipherSuite.map(CipherSuiteName.name(of:)) ?? "",
                serverName: notes.serverName,
                applicationProtocol: applicationProtocol
            )
            context.fireUserInboundEventTriggered(event)
            context.fireUserInboundEventTriggered(verified)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }

    /// The verdict on the certificates of this handshake, or of the one that a resumed session began with: its leaf is
    /// verified again, by the authorities of today.
    private func verdict() -> PeerVerdict {
        if let verdict = notes.verdict {
            if case .verified(let peer) = verdict, let refusal = recheck(peer) { return .refused(refusal) }
            return verdict
        }
        guard let leaf = tls.peerCertificate else {
            return .refused(TransportRefusal.noCertificate.refusal("the other end showed no certificate"))
        }
        return reverify(leaf)
    }

    private static func name(of version: TLSVersion?) -> String {
        switch version {
        case .tlsv13: "TLSv1.3"
        case .tlsv12: "TLSv1.2"
        case .tlsv11: "TLSv1.1"
        case .tlsv1: "TLSv1"
        case nil: ""
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !over else { return context.fireErrorCaught(error) }
        refuse(context, failure() ?? TransportRefusal.refusal(of: error))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !over {
            refuse(
                context,
                failure() ?? TransportRefusal.handshakeAborted.refusal("the connection was closed during the handshake")
            )
        }
        context.fireChannelInactive()
    }

    /// The reason that another handler noted, which is nearer to the cause than the error that it led to.
    private func failure() -> PeerRefusal? {
        if let refusal = notes.refusal { return refusal }
        if case .refused(let refusal)? = notes.verdict { return refusal }
        return nil
    }

    private func refuse(_ context: ChannelHandlerContext, _ refusal: PeerRefusal) {
        guard !over else { return }
        over = true
        deadline?.cancel()
        onRefusal(RefusedConnection(refusal: refusal, remoteAddress: remoteAddress, serverName: notes.serverName))
        context.close(promise: nil)
    }
}
