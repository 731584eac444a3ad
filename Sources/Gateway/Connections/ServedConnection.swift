import NIOCore
import ZeroTrust

/// What a ``Worker`` asks of a client's connection, whatever it speaks.
protocol ServedConnection: AnyObject {
    /// Who is at the other end, once that is known.
    var caller: ClientConnection.Caller? { get }
    /// Where it came in.
    var listener: ListenerState { get }
    /// Looks whether something takes too long.
    func check(_ now: NIODeadline)
    /// Ends after the requests that are under way, if any.
    func drain()
    /// Ends now, and the requests with it.
    func abort(_ ending: CompletionRecord.Ending)
}
