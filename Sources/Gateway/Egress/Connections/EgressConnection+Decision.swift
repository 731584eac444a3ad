import AuditLog
import Authorization
import Logging
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import ZeroTrust

/// May the caller go there? Policy, then the addresses, then the record, then the connection.
extension EgressConnection {
    // MARK: 1. Policy, and where the name leads

    /// Decides about a target; `plain` is what is seen of a request, nil where TLS passes through.
    func decide(_ target: EgressTarget, plain: PlainRequest?) {
        guard let context else { return }
        phase = .deciding
        record?.destination = Exchange.Endpoint(address: IPAddress(v4: 0), port: target.port)
        let engine = egress.engine
        record?.snapshot = engine.snapshot.digest
        let approval: EgressEngine.Approval
        do throws(EgressEngine.Refusal) {
            approval = try engine.approve(target, callers: callers, source: source, plain: plain)
        } catch {
            record?.decision = error.decision
            record?.caller = error.caller
            record?.entry = error.entry
            return refuse(error.reason, status: 403, ending: .refused)
        }
        record?.decision = approval.decision
        record?.caller = approval.caller
        record?.entry = approval.match.declared.entry
        if let suffix = approval.match.suffix,
            !egress.budget.admits(
                target.name,
                below: suffix,
                caller: approval.caller,
                limit: engine.snapshot.maximumNames,
                at: .now()
            )
        {
            return refuse(EgressRefusal.Reason.tooManyNames.rawValue, status: 403, ending: .refused)
        }
        let names = engine.names(of: approval)
        wait(egress.configuration.resolveTimeout)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let egress = egress
        context.eventLoop.makeFutureWithTask { try await egress.resolve(names) }.whenComplete { result in
            bound.value.resolved(result, names, approval, by: engine, isPlain: plain != nil)
        }
    }

    private func resolved(
        _ result: Result<[IPAddress], any Error>,
        _ names: [DestinationName],
        _ approval: EgressEngine.Approval,
        by engine: EgressEngine,
        isPlain: Bool
    ) {
        guard case .deciding = phase else { return }
        do throws(EgressRefusal) {
            guard case .success(let addresses) = result else { throw EgressRefusal(.notResolved) }
            record?.destination = Exchange.Endpoint(
                address: addresses.first ?? IPAddress(v4: 0),
                port: approval.target.port
            )
            permit = try engine.pin(
                approval,
                resolved: addresses,
                wasPublic: names.contains { egress.answers.wasPublic($0) },
                original: original
            )
            egress.keep(addresses, of: names)
        } catch {
            return refuse(error.reason.rawValue, status: error.reason == .notResolved ? 502 : 403, ending: .refused)
        }
        if let endpoint = permit?.firstEndpoint { record?.destination = endpoint }
        guard isPlain == false, form == .http else { return allowed() }
        // A CONNECT is granted so far; what is decided and recorded is decided by the ClientHello too.
        phase = .clientHello(approval.target)
        wait(egress.configuration.headTimeout)
        write(ByteBuffer(staticString: "HTTP/1.1 200 OK\r\n\r\n"))
        flush()
        record?.status = 200
        if inbox.readableBytes > 0 { process() }
        resumeReading()
    }

    // MARK: 2. The record

    /// Everything agrees: the decision goes to the log, and the connection to the target follows it.
    func allowed() {
        phase = .deciding
        wait(egress.configuration.connectTimeout * 2)
        append(refusedFor: nil) { connection, isDurable in
            guard case .deciding = connection.phase else { return }
            guard isDurable, let permit = connection.permit.take() else {
                return connection.answer(status: 503, ending: .notRecorded)
            }
            connection.connect(with: permit)
        }
    }

    /// Refuses what was asked for: the decision goes to the log, and the answer follows it.
    func refuse(_ reason: String, status: Int, ending: CompletionRecord.Ending) {
        permit = nil
        phase = .closing
        if record?.caller == nil { record?.caller = callers.first }
        guard let record else { return close() }
        egress.logger.info(
            "egress refused",
            metadata: [
                "request.id": "\(record.id)", "spiffe.id": "\(record.caller?.description ?? "")",
                "authority": "\(record.authority.prefix(260))", "reason": "\(reason)",
                "policy.rule": "\(record.decision?.matchedPolicy ?? "none")",
            ]
        )
        append(refusedFor: reason) { connection, isDurable in
            connection.answer(status: isDurable ? status : 503, ending: isDurable ? ending : .notRecorded)
        }
    }

    private func append(
        refusedFor reason: String?,
        _ next: @escaping (EgressConnection, _ isDurable: Bool) -> Void
    ) {
        guard var record, let context else { return close() }
        record.isDecided = true
        self.record = record
        let entry = record.decisionRecord(
            refusedFor: reason,
            snapshot: record.snapshot ?? egress.engine.snapshot.digest,
            node: egress.node
        )
        egress.shared.count {
            $0.decisions[.init(isAllowed: entry.outcome == .allow, reason: entry.reason), default: 0] += 1
        }
        let bound = NIOLoopBound((self, next), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        egress.log.append(entry.encoded(), immediately: false) { result in
            let isDurable = if case .success = result { true } else { false }
            eventLoop.execute {
                let (connection, next) = bound.value
                next(connection, isDurable)
            }
        }
    }

    /// Tells the caller that nothing comes of it, and closes.
    func answer(status: Int, ending: CompletionRecord.Ending) {
        phase = .closing
        let bytes: ByteBuffer
        switch form {
        case .http:
            record?.status = status
            bytes = HeadWriter.local(
                status: status,
                id: record?.id ?? egress.shared.makeID(),
                closes: true,
                hasBody: record?.method != "HEAD"
            )
        // Alert access_denied, fatal (RFC 8446 §6.2), so that the caller need not guess.
        case .tls: bytes = ByteBuffer(bytes: [21, 3, 3, 0, 2, 2, 49])
        }
        complete(ending)
        guard let context else { return close() }
        wait(.seconds(2))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { _ in bound.value.linger() }
    }

    /// Everything was answered: closes once it has left.
    func finish() {
        phase = .closing
        guard let context else { return close() }
        wait(.seconds(2))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.linger() }
    }

    /// Waits a moment for the caller to close, so that a reset does not overtake the answer.
    private func linger() {
        guard case .closing = phase, let context else { return }
        guard !inputEnded else { return close() }
        context.close(mode: .output, promise: nil)
        wait(.seconds(1))
        resumeReading()
    }

    /// Ends what was decided, however it went.
    func end(_ ending: CompletionRecord.Ending) {
        switch phase {
        case .tunnel(let upstream): upstream.close()
        case .exchange(let exchange): exchange.upstream.close()
        default: break
        }
        complete(ending)
        close()
    }

    func complete(_ ending: CompletionRecord.Ending) {
        guard let record = record.take() else { return }
        egress.shared.count {
            $0.bytesSent += record.bytesReceived
            $0.bytesReceived += record.bytesSent
        }
        // What could not be added is counted by the log, which tells of it.
        _ = try? egress.log.append(record.completionRecord(ending, node: egress.node).encoded())
    }

    // MARK: 3. The connection

    private func connect(with permit: consuming EgressPermit) {
        let destination = permit.redeem()
        if let kept, kept.destination == destination, kept.upstream.isUsable {
            return opened(kept.upstream, to: destination)
        }
        kept?.upstream.close()
        kept = nil
        connect(to: destination, trying: 0)
    }

    /// Tries one address after the other: those that were checked, and no other.
    private func connect(to destination: PinnedDestination, trying index: Int) {
        guard let context, case .deciding = phase else { return }
        guard index < destination.endpoints.count,
            let address = try? SocketAddress(destination.endpoints[index])
        else { return answer(status: 502, ending: .upstreamUnreachable) }
        record?.destination = destination.endpoints[index]
        // The connection has this limit itself; the handshake behind it has another.
        wait(egress.configuration.connectTimeout * 2)
        let upstream = EgressUpstream(client: self, isVerified: destination.identity == nil)
        // Set first: a connection can fail before it is asked for the next thing.
        upstream.onReady = { [weak self, weak upstream] isReady in
            guard let self, let upstream else { return }
            if isReady { return opened(upstream, to: destination) }
            connect(to: destination, trying: index + 1)
        }
        let bound = NIOLoopBound(upstream, eventLoop: context.eventLoop)
        let (egress, logger) = (egress, egress.logger)
        ClientBootstrap(group: context.eventLoop)
            .connectTimeout(TimeAmount(egress.configuration.connectTimeout))
            .channelOption(.allowRemoteHalfClosure, value: destination.identity == nil)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let identity = destination.identity {
                        try pipeline.addHandlers(
                            egress.identity.clientHandlers(expecting: identity, serverName: destination.name.text) {
                                logger.warning(
                                    "egress peer refused",
                                    metadata: ["authority": "\(destination.name)", "reason": "\($0.refusal.code)"]
                                )
                            }
                        )
                    }
                    try pipeline.addHandler(bound.value)
                }
            }
            .connect(to: address)
            .whenFailure { _ in bound.value.failed() }
    }

    /// The other end is reached, and is who it has to be.
    private func opened(_ upstream: EgressUpstream, to destination: PinnedDestination) {
        guard case .deciding = phase else { return upstream.close() }
        wait(egress.configuration.idleTimeout)
        guard form == .http else { return startTunnel(upstream) }
        guard let (scanner, head) = takeRequestHead() else { return close() }
        kept = (destination, upstream)
        let exchange = PlainExchange(self, upstream, scanner, isInternal: destination.identity != nil)
        phase = .exchange(exchange)
        exchange.start(head)
    }
}

extension SocketAddress {
    /// The address of an endpoint.
    fileprivate init(_ endpoint: Exchange.Endpoint) throws {
        try self.init(ipAddress: endpoint.address.description, port: Int(endpoint.port))
    }
}
