import NIOCore

/// What is written into a stream's channel; its handler makes the frames.
enum StreamPart: Sendable {
    /// A message with its prefix; `last` where nothing follows it (a client's only request).
    case message(ByteBuffer, last: Bool)
    /// A client has sent all its requests.
    case endOfRequests
    /// A server is done with the call.
    case finish(RPCStatus)
    /// A server's only response and the end of the call.
    case reply(ByteBuffer)
    /// A client gives the call up.
    case cancel
}
