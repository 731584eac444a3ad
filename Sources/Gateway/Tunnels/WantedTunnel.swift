import NIOCore

/// What a client wants its request to become: bytes that go through both ways.
enum WantedTunnel {
    /// A WebSocket, which a `101` begins.
    case webSocket(WebSocketHandshake)
    /// What CONNECT asks for, and any `2xx` begins (RFC 9110 §9.3.6).
    case connect

    /// What a request asks for; nil for one that is to stay a request.
    ///
    /// - Throws: where its route does not allow it, or it is no good handshake.
    init?(_ scanner: borrowing RequestScanner, _ head: ByteBuffer, _ route: RouteTable.Entry?) throws(HTTP1Refusal) {
        if scanner.method == .connect {
            guard route?.route.allowsConnect == true else { throw HTTP1Refusal(.unsupportedMethod) }
            self = .connect
        } else if scanner.fields.upgrade != nil {
            guard route?.route.allowsWebSocket == true else { throw HTTP1Refusal(.unsupportedUpgrade) }
            self = .webSocket(try WebSocketHandshake(scanner, head))
        } else {
            return nil
        }
    }

    /// Whether `101` may be the answer.
    var switchesProtocol: Bool { if case .webSocket = self { true } else { false } }

    /// Whether an upstream that answers with a status agrees.
    func isAgreed(by status: Int) -> Bool {
        switch self {
        case .webSocket: status == 101
        case .connect: (200...299).contains(status)
        }
    }

    /// Whether a route allows it.
    func isAllowed(on route: Route) -> Bool {
        switch self {
        case .webSocket: route.allowsWebSocket
        case .connect: route.allowsConnect
        }
    }
}
