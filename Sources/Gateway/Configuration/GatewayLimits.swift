import Resources

/// How much of the gateway one client, or all together, may use.
///
/// Nothing that a client controls is unbounded: neither bytes, nor connections, nor time.
public struct GatewayLimits: Hashable, Sendable {
    /// Client connections at the same time, over all listeners.
    public var maximumConnections: Int
    /// Requests on one connection, after which it is closed.
    public var maximumRequestsPerConnection: Int
    /// The bytes of a request head.
    public var headBytes: Int
    /// The field lines of a request head.
    public var headerCount: Int
    /// The bytes of a request target.
    public var targetBytes: Int
    /// How long a request head may take from its first byte.
    public var headTimeout: Duration
    /// How long a client may be silent in the middle of a body, or refuse to read the response.
    public var bodyTimeout: Duration
    /// The bytes in a second that a body must make on average, once ``bodyTimeout`` has passed.
    public var minimumBodyRate: Int
    /// How long a connection is kept without a request.
    public var idleTimeout: Duration
    /// The bytes of bodies that are held to be judged by guardrails, over all requests.
    public var guardedBytes: Int
    /// What holds for HTTP/2 alone.
    public var http2: HTTP2Limits
    /// How long the rest of a request is read after it was answered, so that the answer is not lost.
    package var linger = Duration.seconds(1)

    /// The defaults, any of them changed.
    public init(
        maximumConnections: Int = 10_000,
        maximumRequestsPerConnection: Int = 100_000,
        headBytes: Int = 32 * 1024,
        headerCount: Int = 100,
        targetBytes: Int = 8 * 1024,
        headTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(30),
        minimumBodyRate: Int = 256,
        idleTimeout: Duration = .seconds(75),
        guardedBytes: Int = 256 << 20,
        http2: HTTP2Limits = HTTP2Limits()
    ) {
        self.maximumConnections = maximumConnections
        self.maximumRequestsPerConnection = maximumRequestsPerConnection
        self.headBytes = headBytes
        self.headerCount = headerCount
        self.targetBytes = targetBytes
        self.headTimeout = headTimeout
        self.bodyTimeout = bodyTimeout
        self.minimumBodyRate = minimumBodyRate
        self.idleTimeout = idleTimeout
        self.guardedBytes = guardedBytes
        self.http2 = http2
    }

    init(_ value: Value) throws {
        self.init()
        var fields = try FieldReader(value, of: "limits")
        func count(_ name: String, _ range: ClosedRange<Int>, _ target: inout Int) throws {
            if let count = try fields.optional(name, { try $0.integer(in: range) }) { target = count }
        }
        func bytes(_ name: String, _ range: ClosedRange<Int>, _ target: inout Int) throws {
            if let count = try fields.optional(name, { try $0.byteCount(in: range) }) { target = count }
        }
        func duration(_ name: String, _ target: inout Duration) throws {
            if let duration = try fields.optional(name, { try $0.duration() }) { target = duration }
        }
        try count("maximumConnections", 1...1_000_000, &maximumConnections)
        try count("maximumRequestsPerConnection", 1...1_000_000_000, &maximumRequestsPerConnection)
        try bytes("headBytes", 256...65536, &headBytes)
        try count("headerCount", 1...1000, &headerCount)
        try bytes("targetBytes", 16...65536, &targetBytes)
        try count("minimumBodyRate", 0...1_000_000_000, &minimumBodyRate)
        try bytes("guardedBytes", 65536...(1 << 40), &guardedBytes)
        try duration("headTimeout", &headTimeout)
        try duration("bodyTimeout", &bodyTimeout)
        try duration("idleTimeout", &idleTimeout)
        if let http2 = try fields.optional("http2", { try HTTP2Limits($0) }) { self.http2 = http2 }
        try fields.finish()
    }

    /// What the scanner of heads is told.
    var http1: HTTP1Limits {
        HTTP1Limits(headBytes: headBytes, fields: headerCount, targetBytes: targetBytes)
    }
}
