import AuditLog
import Authorization
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

/// A client's connection that carries no HTTP: from its opening to its last byte.
///
/// It reads from top to bottom as it happens: who is it, may it, is that on record (`+Decision`), and only then is the
/// upstream called and are bytes passed on in both directions (`+Tunnel`). Until then nothing is read from the client and
/// the upstream does not hear of it, so that a server which speaks first tells a client that is refused nothing.
/// Everything runs on the connection's event loop.
final class OpaqueConnection: ChannelDuplexHandler, ServedConnection, RecordWaiter {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// The first bytes and the handshake are under way, below us.
        case opening
        /// A provider is asked.
        case asking(OpaqueAsking)
        /// The decision is made, and its record awaited.
        case recording(Verdict)
        /// The upstream is called.
        case connecting(OpaqueUpstream)
        /// Bytes pass in both directions.
        case tunnel(OpaqueUpstream)
        case closed
    }

    /// What was decided.
    enum Verdict {
        case allowed
        case refused
    }

    /// Where the bytes of a connection go.
    struct Passage {
        let service: TCPService
        let upstream: Upstream
    }

    let worker: Worker
    let listener: ListenerState
    let terms: ConnectionTerms
    /// Where the bytes go, and on what terms: as the snapshot says that decided.
    var passage: Passage?
    private let allowsTLS12: Bool
    private(set) var caller: ClientConnection.Caller?
    private(set) var context: ChannelHandlerContext?
    var phase = Phase.opening
    /// What policy decided on, once it has.
    var attributes: TCPConnection?
    var permit: Permit?
    var record = RecordState()
    var progress: OpaqueProgress
    /// Whether the upstream was called.
    var wasForwarded = false
    /// What came with the end of the handshake, and waits.
    var inbox = ByteBuffer()
    var isWritable = true
    var inputEnded = false
    /// Both sides have said everything, and what they said is on its way.
    var isFinishing = false
    /// The client's side of the connection is closed.
    private var isGone = false
    /// When bytes last moved, or the upstream was called.
    var lastMove = NIODeadline.now()
    /// The end of what we send, once that was asked for.
    private var output: EventLoopFuture<Void>?
    private var readWithheld = false
    private var isDraining = false

    init(worker: Worker, listener: ListenerState) {
        self.worker = worker
        self.listener = listener
        self.terms = worker.current.snapshot.terms
        self.allowsTLS12 = listener.current.allowsTLS12
        self.progress = OpaqueProgress(startedAt: .now())
    }

    // MARK: Who is it?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        worker.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave(isFailure: false)
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let verified as PeerVerified:
            guard allowsTLS12 || verified.tlsVersion == "TLSv1.3" else {
                worker.refused("tls_version", from: context.remoteAddress)
                return close()
            }
            begin(ClientConnection.Caller(verified), context)
        case is PlaintextOpened: begin(.anonymous, context)
        case ChannelEvent.inputClosed: clientEnded()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func begin(_ caller: ClientConnection.Caller, _ context: ChannelHandlerContext) {
        guard case .opening = phase else { return }
        guard let source = Exchange.Endpoint(context.remoteAddress),
            let destination = Exchange.Endpoint(context.localAddress)
        else {
            worker.refused("unknown_address", from: context.remoteAddress)
            return close()
        }
        if isDraining || worker.isDraining { return close() }
        guard worker.current.snapshot.policy.admits(caller, to: destination) else {
            worker.refused("policy_changed", from: context.remoteAddress)
            return close()
        }
        self.caller = caller
        decide(
            TCPConnection(
                id: worker.makeID(at: .now()),
                source: source,
                destination: destination,
                serverName: caller.tls?.serverName
            ),
            of: caller
        )
    }

    // MARK: Reading and writing

    /// Reads on from the network only where there is room for what comes.
    func read(context: ChannelHandlerContext) {
        if wantsBytes { context.read() } else { readWithheld = true }
    }

    private var wantsBytes: Bool {
        switch phase {
        case .opening, .closed: true
        case .asking, .recording, .connecting: false
        case .tunnel(let upstream): upstream.isWritable
        }
    }

    /// Reads on, once there is room for what comes.
    func resumeReading() {
        guard readWithheld, wantsBytes, let context else { return }
        readWithheld = false
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .tunnel(let upstream): forward(bytes, to: upstream)
        // Nothing more is read, but for what had come with the handshake or comes with the client's end.
        case .asking, .recording, .connecting: inbox.writeBuffer(&bytes)
        case .opening, .closed: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .tunnel(let upstream) = phase { upstream.flush() }
    }

    func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func flush() { context?.flush() }

    /// Sends no more; the client may.
    ///
    /// - Returns: what completes once everything has left; nil where the connection is gone.
    @discardableResult
    func endOutput() -> EventLoopFuture<Void>? {
        guard output == nil, let context else { return output }
        let promise = context.eventLoop.makePromise(of: Void.self)
        output = promise.futureResult
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // After what was written: TLS ends altogether where the other end has ended before, and drops what waits.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            bound.value.close(mode: .output, promise: promise)
        }
        return output
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable, case .tunnel(let upstream) = phase { upstream.resumeReading() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Time and the end

    /// Looks whether something takes too long, or the caller is believed no longer.
    func check(_ now: NIODeadline) {
        switch phase {
        // Who is asked has a time of its own.
        case .opening, .asking, .closed: return
        case .recording:
            guard record.deadline <= now else { return }
            guard case .pending(let index) = record.stage else { return recorded(isDurable: false) }
            recorded(isDurable: worker.context.log.durable > index)
        case .connecting:
            guard let passage, lastMove + TimeAmount(passage.upstream.connectTimeout) > now else {
                return end(.upstreamUnreachable)
            }
        case .tunnel:
            // Nobody is believed past the end of the certificate: the client comes back with its next one.
            if let caller, caller.expiry <= now { return end(.identityExpired) }
            guard let passage, lastMove + TimeAmount(passage.service.idleTimeout) > now else { return end(.timedOut) }
        }
    }

    /// A connection has no requests to end after: it goes on until the time to drain is over.
    func drain() {
        isDraining = true
        if case .opening = phase { close() }
    }

    func abort(_ ending: CompletionRecord.Ending) { end(ending) }

    func channelInactive(context: ChannelHandlerContext) {
        leave(isFailure: false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that ends without saying so may have been cut off: that is not passed on as its end.
        leave(isFailure: true)
        context.close(promise: nil)
    }

    /// The client is gone, whatever was under way.
    private func leave(isFailure: Bool) {
        isGone = true
        // Where we have ended before, the client's end closes the connection, and is not told apart.
        if !isFailure, output != nil, case .tunnel(let upstream) = phase, upstream.inputEnded { return finish() }
        if isFinishing { return }
        end(.clientLeft)
        worker.remove(self)
    }

    /// Ends the connection; what is on record gets the record of its end.
    func end(_ ending: CompletionRecord.Ending) {
        let reached = phase
        close()
        if isGone { worker.remove(self) }
        switch reached {
        case .opening, .closed: return
        case .asking(let asking): giveUpAsking(asking)
        case .recording: break
        case .connecting(let upstream), .tunnel(let upstream): upstream.close()
        }
        // Who leaves while its refusal is being recorded was refused.
        if case .recording(.refused) = reached, ending == .clientLeft { return complete(.refused) }
        complete(ending)
    }

    private func close() {
        phase = .closed
        permit = nil
        inbox = ByteBuffer()
        context?.close(promise: nil)
    }
}
