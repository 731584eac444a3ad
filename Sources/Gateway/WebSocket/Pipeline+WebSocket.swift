import NIOCore
import ZeroTrust

/// A request that becomes a tunnel: decided on and recorded like any other, and then bytes that go through both ways.
extension Pipeline {
    /// The head of the upstream's `101`, from which on both sides may say what they like; nil where the client did not
    /// wait for it and its request was refused for that.
    ///
    /// - Throws: where it does not answer the request.
    func makeSwitchHead(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer, room: Int) throws(HTTP1Refusal)
        -> ByteBuffer?
    {
        guard let webSocket else { throw HTTP1Refusal(.unsupportedUpgrade) }
        try webSocket.check(scanner, head)
        // What came before could have been meant as a request: it becomes neither that nor part of the tunnel.
        guard !connection.hasUnread else {
            breakBody(HTTP1Refusal(.unexpectedBody))
            return nil
        }
        isTunnel = true
        status = scanner.status
        progress.respondedAt = .now()
        closes = true
        connection.requestBody = try BodyScanner(.untilClose)
        return HeadWriter.switching(scanner, head, id: idText, room: room)
    }

    /// Ends a tunnel that outlives what it was decided by: the configuration in force, or the caller's certificate.
    func endTunnelIfOutlived(_ now: NIODeadline) -> Bool {
        guard isTunnel, worker.current !== generation || (connection.caller?.expiry ?? now) <= now else { return false }
        abortUpstream()
        end(.revoked, aborts: true)
        return true
    }
}
