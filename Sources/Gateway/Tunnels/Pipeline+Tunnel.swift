import Authorization
import NIOCore
import ZeroTrust

/// A request that becomes a tunnel: decided on and recorded like any other, and then bytes that go through both ways.
extension Pipeline {
    /// The head of the upstream's answer that agrees, from which on both sides may say what they like; nil where the
    /// client did not wait for a WebSocket and its request was refused for that.
    ///
    /// - Throws: where it does not answer the request.
    func makeTunnelHead(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer, room: Int) throws(HTTP1Refusal)
        -> ByteBuffer?
    {
        let answer: ByteBuffer
        switch wanted {
        case .webSocket(let handshake):
            try handshake.check(scanner, head)
            // What came before could have been meant as a request: it becomes neither that nor part of the tunnel.
            guard !connection.hasUnread else {
                breakBody(HTTP1Refusal(.unexpectedBody))
                return nil
            }
            answer = HeadWriter.switching(scanner, head, id: id, room: room)
        // What came before was held, and goes on now: behind a CONNECT there is never a request.
        case .connect: answer = HeadWriter.opening(scanner, head, id: id, room: room)
        case nil: throw HTTP1Refusal(.unsupportedUpgrade)
        }
        isTunnel = true
        status = scanner.status
        progress.respondedAt = .now()
        closes = true
        // What goes through a tunnel is no body that could be kept.
        kept = nil
        connection.requestBody = try BodyScanner(.untilClose)
        return answer
    }

    /// The upstream's answer was passed on: what the client said meanwhile follows the request.
    func tunnelOpened() {
        guard !isOver else { return }
        connection.resumeBody()
    }

    /// Ends a tunnel that outlives its caller's certificate, or that the configuration in force would not open.
    func endTunnelIfOutlived(_ now: NIODeadline) -> Bool {
        guard let tunnel else { return false }
        let ending: CompletionRecord.Ending
        if (connection.caller?.expiry ?? now) <= now {
            ending = .revoked
        } else if worker.current !== tunnel.judgedBy {
            tunnel.judgedBy = worker.current
            if mayStay(tunnel) { return false }
            ending = .policyChanged
        } else {
            return false
        }
        abortUpstream()
        end(ending, aborts: true)
        return true
    }

    /// Whether the configuration in force would open the tunnel that another one opened: to the same upstream, and without a
    /// provider's word, since the one that was given answered other policies.
    private func mayStay(_ tunnel: Tunnel) -> Bool {
        let next = tunnel.judgedBy
        let policy = next.snapshot.policy
        let resolved = connection.resolve(tunnel.scanner, tunnel.head, in: next.snapshot)
        guard case .path(let path) = resolved.path, let caller = connection.caller, let route,
            let other = resolved.route, tunnel.wanted.isAllowed(on: other.route),
            next.pools[other.upstream].upstream == generation.pools[route.upstream].upstream
        else { return false }
        let (headers, tokens) = Self.judged(tunnel.scanner, tunnel.head, method, path, by: policy)
        guard
            let exchange = connection.describe(
                id: id,
                method: method.rawValue,
                path: path,
                authority: resolved.authority,
                headers: headers
            )
        else { return false }
        // The permit is not used: nothing is forwarded by it that is not forwarded already.
        let authorization = policy.engine.authorize(caller.peer, exchange, token: tokens?.verdict)
        switch consume authorization {
        case .allow: return true
        case .deny: return false
        case .ask: return false
        }
    }
}

/// What a tunnel's request was, by which a later configuration judges it again.
final class Tunnel {
    let wanted: WantedTunnel
    let scanner: RequestScanner
    let head: ByteBuffer
    /// The generation that said last that it may be.
    var judgedBy: Worker.Generation

    init(
        _ wanted: WantedTunnel,
        _ scanner: borrowing RequestScanner,
        _ head: ByteBuffer,
        openedBy generation: Worker.Generation
    ) {
        self.wanted = wanted
        self.scanner = copy scanner
        // Copied, so that what was read with the head is not kept.
        self.head = ByteBuffer(bytes: head.readableBytesView)
        self.judgedBy = generation
    }
}
