/// Who sends a request, as far as tokens in it are of that caller's.
public struct RequestCaller: Sendable, Hashable {
    /// The SPIFFE ID.
    public let identity: String
    /// The route's name.
    public let route: String
    /// Days since 1970-01-01, UTC.
    public let day: Int

    /// A caller.
    public init(identity: String, route: String, day: Int) {
        self.identity = identity
        self.route = route
        self.day = day
    }
}

/// A request that a guardrail lets through.
public struct ExaminedRequest: Sendable {
    /// What it says as it goes on.
    public internal(set) var request: ModelRequest
    /// The body that goes on in the place of the one that came; nil where that one does.
    public internal(set) var body: [UInt8]?
    /// What was found in the body as it came.
    public internal(set) var findings: [RequestFinding] = []

    /// What is told to the upstream of it: the first finding that is more than for the record; nil where there is none.
    public var told: RequestFinding? { findings.first { $0.action != .shadow } }
}
