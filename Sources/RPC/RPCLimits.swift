public import NIOCore

/// What a peer may ask of an ``RPCServer`` or an ``RPCClient``: sizes, counts and times.
public struct RPCLimits: Sendable {
    /// The largest message that is accepted, in bytes; larger ones end the call with RESOURCE_EXHAUSTED.
    public var maximumMessageSize = 4 * 1024 * 1024
    /// The largest list of headers that is accepted, in bytes as HTTP/2 counts them.
    public var maximumHeaderListSize = 16 * 1024
    /// Calls in flight on one connection.
    public var maximumConcurrentStreams = 100
    /// Connections of one server; more are closed as they come.
    public var maximumConnections = 16_384
    /// Connections of one user over Unix sockets, so that one cannot use up the places of all.
    public var maximumConnectionsPerUser = 12_288
    /// PING, SETTINGS and similar frames that a peer may send in half a minute before its connection is closed.
    public var maximumControlFrames = 600
    /// Streams that a peer may reset in half a minute before its connection is closed.
    public var maximumResets = 2_000
    /// Bytes that may be written and not yet taken by the peer before a writer waits.
    public var outboundHighWatermark = 64 * 1024
    /// Bytes of messages that wait for their reader before no more are read.
    public var inboundHighWatermark = 64 * 1024
    /// How long a new connection may take to begin HTTP/2.
    public var prefaceTimeout = TimeAmount.seconds(10)
    /// How long a connection may stand without a call before it is told to go; nil: for ever.
    public var idleTimeout: TimeAmount?
    /// How often a connection that says nothing is asked whether it is there; nil: never.
    public var keepaliveInterval: TimeAmount? = .hours(2)
    /// How long it may take to answer.
    public var keepaliveTimeout = TimeAmount.seconds(20)

    /// Makes the default limits.
    public init() {}
}
