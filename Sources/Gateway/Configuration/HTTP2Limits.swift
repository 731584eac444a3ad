import Resources

/// How much one HTTP/2 connection may ask of the gateway, beside what ``GatewayLimits`` says of every request.
///
/// A frame costs its sender nothing and its reader something. What is counted here is what a client that means well
/// sends little of; whoever goes beyond is told to calm down (`ENHANCE_YOUR_CALM`) and disconnected.
public struct HTTP2Limits: Hashable, Sendable {
    /// The time over which frames are counted.
    static let window: Int64 = 30

    /// Requests in flight on one connection.
    public var maximumStreams: Int
    /// Requests in flight over HTTP/2 on all connections; beyond it new ones are refused, and may be tried again.
    public var maximumTotalStreams: Int
    /// Requests that may come to nothing in half a minute: reset by the client, malformed, or never taken off our hands.
    public var maximumResets: Int
    /// Frames that only ask for an answer or say something about the connection, in half a minute: PING, SETTINGS,
    /// PRIORITY, GOAWAY, and those that are not known.
    public var maximumControlFrames: Int
    /// WINDOW_UPDATE frames in half a minute, beside one for each KiB that was sent.
    public var maximumWindowUpdates: Int
    /// DATA frames in half a minute that carry next to nothing and do not end a request.
    public var maximumSmallFrames: Int
    /// CONTINUATION frames of one header section.
    public var maximumContinuations: Int
    /// The bytes that one stream may send before it is told that there is room for more.
    public var streamWindow: Int
    /// The bytes of responses that wait for one connection's client, after which its upstreams are read no further.
    public var bufferBytes: Int
    /// The same for all connections together.
    public var totalBufferBytes: Int

    /// The defaults, any of them changed.
    public init(
        maximumStreams: Int = 100,
        maximumTotalStreams: Int = 20_000,
        maximumResets: Int = 200,
        maximumControlFrames: Int = 200,
        maximumWindowUpdates: Int = 2_000,
        maximumSmallFrames: Int = 10_000,
        maximumContinuations: Int = 8,
        streamWindow: Int = 64 * 1024,
        bufferBytes: Int = 1 << 20,
        totalBufferBytes: Int = 256 << 20
    ) {
        self.maximumStreams = maximumStreams
        self.maximumTotalStreams = maximumTotalStreams
        self.maximumResets = maximumResets
        self.maximumControlFrames = maximumControlFrames
        self.maximumWindowUpdates = maximumWindowUpdates
        self.maximumSmallFrames = maximumSmallFrames
        self.maximumContinuations = maximumContinuations
        self.streamWindow = streamWindow
        self.bufferBytes = bufferBytes
        self.totalBufferBytes = totalBufferBytes
    }

    init(_ value: Value) throws {
        self.init()
        var fields = try FieldReader(value, of: "http2")
        func count(_ name: String, _ range: ClosedRange<Int>, _ target: inout Int) throws {
            if let count = try fields.optional(name, { try $0.integer(in: range) }) { target = count }
        }
        func bytes(_ name: String, _ range: ClosedRange<Int>, _ target: inout Int) throws {
            if let count = try fields.optional(name, { try $0.byteCount(in: range) }) { target = count }
        }
        try count("maximumStreams", 1...10_000, &maximumStreams)
        try count("maximumTotalStreams", 1...10_000_000, &maximumTotalStreams)
        try count("maximumResets", 1...100_000, &maximumResets)
        try count("maximumControlFrames", 10...100_000, &maximumControlFrames)
        try count("maximumWindowUpdates", 10...1_000_000, &maximumWindowUpdates)
        try count("maximumSmallFrames", 10...1_000_000, &maximumSmallFrames)
        try count("maximumContinuations", 1...64, &maximumContinuations)
        try bytes("streamWindow", 1024...(16 << 20), &streamWindow)
        try bytes("bufferBytes", 65536...(1 << 30), &bufferBytes)
        try bytes("totalBufferBytes", (1 << 20)...(1 << 40), &totalBufferBytes)
        try fields.finish()
    }
}
