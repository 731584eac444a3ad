import NIOCore
import SPIFFE
import ZeroTrust

/// What a ``Worker`` asks of a client's connection, whatever it speaks.
protocol ServedConnection: AnyObject {
    /// Who is at the other end, once that is known.
    var caller: ClientConnection.Caller? { get }
    /// Where it came in.
    var listener: ListenerState { get }
    /// Whether a connection that stands may go on under a policy; true for one that is not known yet.
    func isAdmitted(by policy: PolicySnapshot) -> Bool
    /// Whether a connection that stands may go on to where it goes, by a configuration.
    func isServed(by configuration: GatewayConfiguration) -> Bool
    /// Who is at the other end of a connection to an upstream that this one has to itself, where that was proved.
    var upstreamPeer: Peer? { get }
    /// Looks whether something takes too long.
    func check(_ now: NIODeadline)
    /// Ends after the requests that are under way, if any.
    func drain()
    /// Ends now, and the requests with it.
    func abort(_ ending: CompletionRecord.Ending)
}

extension ServedConnection {
    var upstreamPeer: Peer? { nil }

    /// Requests go by the routes that hold when they begin.
    func isServed(by configuration: GatewayConfiguration) -> Bool { true }
}
