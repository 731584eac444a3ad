import NIOCore
import SPIFFE

/// Looks at the first bytes of each direction between the network and TLS, and leaves.
///
/// Plaintext is refused here; the server name and the cipher suite are noted.
final class HandshakeTap: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Which end this is.
    enum Side { case server, client }

    private let side: Side
    private let notes: HandshakeNotes
    private var clientHello = ClientHello()
    private var clientHelloRead = false
    private var serverBytes: [UInt8] = []
    private var serverHelloRead = false

    init(side: Side, notes: HandshakeNotes) {
        self.side = side
        self.notes = notes
        // A client knows what it asked for.
        self.clientHelloRead = side == .client
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard notes.refusal == nil else { return }
        let buffer = unwrapInboundIn(data)
        switch side {
        case .client: readServerHello(buffer)
        case .server:
            guard readClientHello(buffer) else {
                notes.refusal = TransportRefusal.plaintext.refusal("the connection does not begin with a TLS handshake")
                context.close(promise: nil)
                return
            }
        }
        context.fireChannelRead(data)
    }

    /// Leaves between two reads only: a handler that goes while a write passes through it would swallow its flush.
    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        guard clientHelloRead, serverHelloRead else { return }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if side == .server { readServerHello(unwrapOutboundIn(data)) }
        context.write(data, promise: promise)
    }

    /// Returns false where the bytes are not TLS.
    private func readClientHello(_ buffer: ByteBuffer) -> Bool {
        guard !clientHelloRead else { return true }
        switch clientHello.read(buffer.readableBytesView) {
        case .incomplete: return true
        case .notTLS: return false
        case .done(let serverName):
            notes.serverName = serverName
            clientHelloRead = true
            clientHello = ClientHello()
            return true
        }
    }

    private func readServerHello(_ buffer: ByteBuffer) {
        guard !serverHelloRead else { return }
        serverBytes += buffer.readableBytesView.prefix(ServerHello.prefixLength - serverBytes.count)
        notes.cipherSuite = ServerHello.cipherSuite(in: serverBytes)
        serverHelloRead = notes.cipherSuite != nil || serverBytes.count >= ServerHello.prefixLength
    }
}
