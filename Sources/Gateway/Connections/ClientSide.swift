import NIOCore
import ZeroTrust

/// What a ``Pipeline`` asks of the client's side of one request: a connection of HTTP/1, or a stream of HTTP/2.
///
/// Requests are read from it, and answers written to it, as HTTP/1 messages, whatever the client speaks: there is one
/// form in which a request is decided on, recorded and sent on.
protocol ClientSide: AnyObject {
    var worker: Worker { get }
    /// How much the connection may use.
    var terms: ConnectionTerms { get }
    /// Who asks.
    var caller: ClientConnection.Caller? { get }
    /// The body of the request that is being read.
    var requestBody: BodyScanner? { get set }
    /// Whether bytes have come behind the request that is being read.
    var hasUnread: Bool { get }
    /// Whether more of an answer can be taken.
    var isWritable: Bool { get }

    /// The normalised path, the host and the route of a head, as a snapshot has them.
    func resolve(_ scanner: borrowing RequestScanner, _ head: ByteBuffer, in snapshot: GatewaySnapshot)
        -> RequestCache.Entry
    /// What policy decides on.
    func describe(id: RequestID, method: String, path: String, authority: String, headers: [Exchange.Header])
        -> Exchange?
    /// Whether the connection ends with this response, and then says so in it.
    func closesAfter(_ keepsAlive: Bool, isLocal: Bool, isAwaited: Bool) -> Bool

    /// Takes bytes of an answer.
    func write(_ buffer: ByteBuffer)
    /// Takes the fields behind a chunked body, which are the end of an answer.
    func write(_ trailers: TrailerSection)
    /// Sends what was written.
    func flush()
    /// Goes on with the request's body, once there is room for it upstream.
    func resumeBody()
    /// The request is over.
    func ended(_ pipeline: Pipeline, closes: Bool)
    /// The request ends here, its answer cut off.
    func close()
}
