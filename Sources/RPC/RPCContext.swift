public import NIOCore

/// What a handler knows of the call that it answers.
public struct RPCContext: Sendable {
    /// The service's full name.
    public let service: String
    /// The method's name.
    public let method: String
    /// The metadata that the caller sent.
    public let metadata: RPCMetadata
    /// When the caller stops waiting; nil where it set no limit.
    ///
    /// The call is ended for it then.
    public let deadline: NIODeadline?
    /// Who the caller is, over a Unix socket.
    public let credentials: PeerCredentials?
    /// The caller's address, over TCP.
    public let remoteAddress: SocketAddress?

    /// Makes a context, as a test does.
    public init(
        service: String,
        method: String,
        metadata: RPCMetadata = RPCMetadata(),
        deadline: NIODeadline? = nil,
        credentials: PeerCredentials? = nil,
        remoteAddress: SocketAddress? = nil
    ) {
        self.service = service
        self.method = method
        self.metadata = metadata
        self.deadline = deadline
        self.credentials = credentials
        self.remoteAddress = remoteAddress
    }

    /// Whether the call is over for its caller: withdrawn, out of time, or cut off.
    ///
    /// The handler's task is cancelled then, so that this reads the same as `Task.isCancelled` there.
    public var isCancelled: Bool { Task.isCancelled }
}
