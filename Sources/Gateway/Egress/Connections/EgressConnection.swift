import Authorization
import MutualTLS
import NIOCore
import ZeroTrust

/// A local caller's connection: from its first bytes to its last.
///
/// It reads from top to bottom as it happens: who is it, where does it want to go (here), may it (`+Decision`), and then the
/// bytes in both directions (`+Tunnel`, ``PlainExchange``). Everything runs on the connection's event loop.
final class EgressConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// The authority is asked who the caller is.
        case attesting
        /// The first bytes, or the next request, are awaited.
        case head
        /// A CONNECT was granted, and its ClientHello is awaited.
        case clientHello(EgressTarget)
        /// The decision is under way, or its record, or the connection to the target.
        case deciding
        /// TLS passes through.
        case tunnel(EgressUpstream)
        /// One plain request and its response.
        case exchange(PlainExchange)
        /// Everything was said, and the answer is on its way.
        case closing
        case closed
    }

    /// How a refusal is told.
    enum Form {
        case http
        case tls
    }

    /// The bytes of the caller that wait.
    static let waitingBytes = 64 * 1024

    let egress: EgressContext
    let source: Exchange.Endpoint
    /// Where the connection was going before the kernel redirected it here, where it was.
    let original: Exchange.Endpoint?
    private let owner: ConnectionOwner
    private(set) var callers: [SPIFFEID] = []
    /// The round of attesting everybody again before which the caller was asked for.
    private var round = 0
    private(set) var context: ChannelHandlerContext?
    private(set) var isWritable = true
    var phase = Phase.attesting
    var inbox = ByteBuffer()
    var form = Form.http
    /// What is known of the connection or request that is being decided or served; nil between requests.
    var record: EgressRecord?
    var permit: EgressPermit?
    var watch: HelloRetryWatch?
    /// The connection of the last plain request, kept for the next to the same place.
    var kept: (destination: PinnedDestination, upstream: EgressUpstream)?
    private(set) var inputEnded = false
    private var readWithheld = false
    private var timer: Scheduled<Void>?
    private var lastMove = NIODeadline.now()
    private var connectHead: ConnectHead
    private var requestScanner: RequestScanner
    private var helloReader = ClientHelloReader()
    private var helloSeen = 0

    init(_ egress: EgressContext, owner: ConnectionOwner, source: Exchange.Endpoint, original: Exchange.Endpoint?) {
        self.egress = egress
        self.owner = owner
        self.source = source
        self.original = original
        self.connectHead = ConnectHead(limits: egress.limits)
        self.requestScanner = RequestScanner(limits: egress.limits)
    }

    // MARK: Who is it?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave(.clientLeft)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        // An authority that does not answer keeps nobody's place.
        wait(egress.configuration.headTimeout)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let (egress, owner) = (egress, owner)
        round = egress.shared.attestationRound
        context.eventLoop.makeFutureWithTask { try await egress.identities(of: owner) }
            .whenComplete { bound.value.attested($0) }
    }

    private func attested(_ result: Result<[SPIFFEID], any Error>) {
        guard case .attesting = phase else { return }
        switch result {
        case .success(let callers) where !callers.isEmpty && !egress.shared.isRevoked(callers):
            guard let context, admit(callers, context.channel) else { return }
            self.callers = callers
            phase = .head
            wait(egress.configuration.headTimeout)
            resumeReading()
        case .success: refuseUnknown("no entry fits the caller, or it is gone")
        case .failure(let error): refuseUnknown("\(error)")
        }
    }

    /// Takes the caller in, until the connection is gone, where it has not too many already.
    private func admit(_ callers: [SPIFFEID], _ channel: any Channel) -> Bool {
        let shared = egress.shared
        let limit = egress.configuration.maximumConnectionsPerCaller
        guard shared.admit(callers, limit: limit) else {
            shared.refused(
                .tooManyConnections,
                from: source.address,
                because: "`\(callers[0])` has \(limit) connections already"
            )
            close()
            return false
        }
        channel.closeFuture.whenComplete { _ in shared.release(callers) }
        let caller = AttestedCaller(channel: channel, owner: owner, identities: callers)
        shared.keep(caller)
        // A round that began meanwhile may have passed this one over.
        if shared.attestationRound != round {
            Task { await caller.attestAgain(shared.attestor, logger: shared.logger) }
        }
        return true
    }

    private func refuseUnknown(_ error: String) {
        egress.shared.refused(.callerUnknown, from: source.address, because: error)
        close()
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if wantsBytes { context.read() } else { readWithheld = true }
    }

    private var wantsBytes: Bool {
        switch phase {
        case .attesting, .deciding: false
        case .head, .clientHello, .closing, .closed: true
        case .tunnel(let upstream): upstream.isWritable && inbox.readableBytes < Self.waitingBytes
        case .exchange(let exchange): exchange.wantsRequestBytes && inbox.readableBytes < Self.waitingBytes
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
        if case .closing = phase { return }
        if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeBuffer(&bytes) }
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch phase {
        case .tunnel(let upstream): upstream.flush()
        case .exchange(let exchange): exchange.upstream.flush()
        default: break
        }
    }

    /// Takes what lies in the inbox as far as it goes.
    func process() {
        switch phase {
        case .head: readHead()
        case .clientHello(let target): readClientHello(after: target)
        case .tunnel: forward()
        case .exchange(let exchange): exchange.takeRequest()
        case .attesting, .deciding, .closing, .closed: break
        }
    }

    // MARK: Where does it want to go?

    private func readHead() {
        guard let first = inbox.getInteger(at: inbox.readerIndex, as: UInt8.self) else { return }
        if record == nil {
            record = EgressRecord(id: egress.shared.makeID(), startedAt: .now(), source: source)
            wait(egress.configuration.headTimeout)
        }
        // A handshake record is the first that a TLS client sends; no method begins so (RFC 8446 §5.1).
        if first == 22 { return readClientHello(after: nil) }
        form = .http
        do throws(HTTP1Refusal) {
            let bytes = inbox
            if ConnectHead.begins(bytes.readableBytesUInt8Span) {
                record?.method = "CONNECT"
                guard try connectHead.scan(bytes.readableBytesUInt8Span) else { return }
                connect()
            } else {
                guard try requestScanner.scan(bytes.readableBytesUInt8Span) else { return }
                begin(requestScanner)
            }
        } catch {
            refuse(error.code.rawValue, status: error.status, ending: .badRequest)
        }
    }

    /// Takes a whole CONNECT.
    private func connect() {
        let bytes = inbox
        let target = text(connectHead.authority, of: bytes)
        record?.authority = target
        inbox.moveReaderIndex(forwardBy: connectHead.length)
        do throws(EgressRefusal) {
            guard !connectHead.hasBody, !connectHead.hasUpgrade else { throw EgressRefusal(.connectWithBody) }
            let authority = try Authority(target)
            guard let port = authority.port else { throw EgressRefusal(.badAuthority) }
            if let host = connectHead.host {
                // RFC 9110 §7.2: the target's own authority; some send it without the port.
                let host = try Authority(text(host, of: bytes))
                guard host.name == authority.name, host.port ?? port == port else { throw EgressRefusal(.hostMismatch) }
            }
            if let original, original.port != port { throw EgressRefusal(.originalDestination) }
            decide(EgressTarget(name: authority.name, port: port), plain: nil)
        } catch {
            refuse(error.reason.rawValue, status: 400, ending: .refused)
        }
    }

    /// Takes the ClientHello of a connection, or that behind a CONNECT.
    private func readClientHello(after target: EgressTarget?) {
        form = .tls
        let bytes = inbox.readableBytesView.dropFirst(helloSeen)
        helloSeen = inbox.readableBytes
        if target == nil { record?.method = "TLS" }
        do throws(EgressRefusal) {
            switch helloReader.read(bytes) {
            case .incomplete: return
            case .notTLS: throw EgressRefusal(.notTLS)
            case .malformed: throw EgressRefusal(.badClientHello)
            case .done(let hello): try take(hello, after: target)
            }
        } catch {
            refuse(error.reason.rawValue, status: 403, ending: .refused)
        }
    }

    private func take(_ hello: ClientHelloSummary, after target: EgressTarget?) throws(EgressRefusal) {
        record?.serverName = hello.serverName
        if hello.hidesServerName { throw EgressRefusal(.encryptedClientHello) }
        guard let serverName = hello.serverName else { throw EgressRefusal(.missingServerName) }
        watch = HelloRetryWatch(hello)
        if let target {
            guard serverName == target.name.text else { throw EgressRefusal(.serverNameMismatch) }
            return allowed()
        }
        let name = try DestinationName.parse(serverName).get()
        let target = EgressTarget(name: name, port: original?.port ?? 443)
        record?.authority = "\(name):\(target.port)"
        decide(target, plain: nil)
    }

    /// The bytes of the ClientHello that was read.
    var helloLength: Int { helloReader.length }

    /// Takes the head of a plain request.
    private func begin(_ scanner: RequestScanner) {
        let bytes = inbox
        let authority = text(scanner.authority, of: bytes)
        record?.method = scanner.method.rawValue
        record?.authority = authority
        do throws(EgressRefusal) {
            if text(scanner.target, of: bytes).hasPrefix("https://") { throw EgressRefusal(.httpsTarget) }
            let host = try Authority(authority)
            let port = host.port ?? original?.port ?? 80
            if let original, original.port != port { throw EgressRefusal(.originalDestination) }
            let path: String
            switch egress.pathNormalization.normalize(scanner.path.isEmpty ? "/" : text(scanner.path, of: bytes)) {
            case .path(let normal): path = normal
            case .badRequest(let reason): return refuse(reason.rawValue, status: 400, ending: .badRequest)
            }
            record?.path = path
            let headers = PlainExchange.headers(scanner, bytes)
            decide(
                EgressTarget(name: host.name, port: port),
                plain: PlainRequest(
                    method: scanner.method.rawValue,
                    path: path,
                    headers: headers,
                    isDNSQuery: PlainExchange.isDNSQuery(path, headers)
                )
            )
        } catch {
            refuse(error.reason.rawValue, status: 403, ending: .refused)
        }
    }

    /// The scanner of the request that is being decided; its head still lies in the inbox.
    func takeRequestHead() -> (scanner: RequestScanner, head: ByteBuffer)? {
        guard let head = inbox.readSlice(length: requestScanner.length) else { return nil }
        return (requestScanner, head)
    }

    private func text(_ range: Range<Int>, of bytes: ByteBuffer) -> String {
        bytes.getString(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? ""
    }

    /// Makes ready for the next plain request.
    func startNext() {
        requestScanner.reset()
        record = nil
        phase = .head
        if inputEnded, inbox.readableBytes == 0 { return close() }
        wait(egress.configuration.idleTimeout)
        process()
        resumeReading()
    }

    // MARK: Writing

    func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    func flush() { context?.flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable {
            switch phase {
            case .tunnel(let upstream): upstream.resumeReading()
            case .exchange(let exchange): exchange.upstream.resumeReading()
            default: break
            }
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Time and the end

    /// Ends the waiting for what comes next when so much time is over.
    func wait(_ time: Duration) {
        timer?.cancel()
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(time)) { bound.value.timedOut() }
    }

    private func timedOut() {
        switch phase {
        case .head where record == nil: close()
        case .head, .clientHello: refuse(EgressRefusal.Reason.timedOut.rawValue, status: 408, ending: .timedOut)
        case .deciding:
            guard record?.isDecided == true else {
                return refuse(EgressRefusal.Reason.notResolved.rawValue, status: 504, ending: .timedOut)
            }
            answer(status: 504, ending: .timedOut)
        case .tunnel, .exchange:
            // Only what has been silent all the time ends.
            let silence = NIODeadline.now() - lastMove
            let limit = TimeAmount(egress.configuration.idleTimeout)
            guard silence < limit else { return end(.timedOut) }
            wait(.nanoseconds((limit - silence).nanoseconds))
        case .attesting, .closing, .closed: close()
        }
    }

    /// Something moved: the time for silence begins anew.
    func touch() { lastMove = .now() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is EgressRevocation {
            if egress.shared.isRevoked(callers) { leave(.revoked) }
            return
        }
        if event is EgressWithdrawal { return leave(.revoked) }
        if let drain = event as? EgressDrain {
            if drain.isOver { return leave(.drained) }
            // Between two requests nothing is lost.
            if case .head = phase, record == nil { close() }
            return
        }
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        inputEnded = true
        switch phase {
        case .head where record == nil: close()
        case .head, .clientHello: refuse(EgressRefusal.Reason.callerLeft.rawValue, status: 400, ending: .clientLeft)
        case .tunnel: forward()
        case .closing: close()
        case .attesting: close()
        case .deciding, .exchange, .closed: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave(.clientLeft)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        leave(.clientLeft)
        context.close(promise: nil)
    }

    /// The caller is gone, whatever was under way.
    private func leave(_ ending: CompletionRecord.Ending) {
        switch phase {
        case .closed: return
        case .head, .clientHello:
            if record != nil {
                return refuse(EgressRefusal.Reason.callerLeft.rawValue, status: 400, ending: .clientLeft)
            }
        case .tunnel(let upstream) where upstream.inputEnded || inputEnded: return end(.complete)
        case .deciding where record?.isDecided == false:
            return refuse(EgressRefusal.Reason.callerLeft.rawValue, status: 400, ending: ending)
        case .deciding, .tunnel, .exchange: return end(ending)
        case .attesting, .closing: break
        }
        close()
    }

    /// Closes the connection, and what belongs to it.
    func close() {
        phase = .closed
        timer?.cancel()
        timer = nil
        permit = nil
        kept?.upstream.close()
        kept = nil
        context?.close(promise: nil)
    }
}
