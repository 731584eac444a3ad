/// A service: its full name, its methods, and what has to hold before any of them is called.
///
/// ```swift
/// let service = RPCService(
///     ServiceName.workloadAPI,
///     methods: [.serverStreaming("FetchX509SVID", handler: api.fetchX509SVID)],
///     intercept: api.requireSecurityHeader
/// )
/// ```
public struct RPCService: Sendable {
    /// The full name, with the package where the proto has one.
    public let name: String
    /// The methods that are served; any other is UNIMPLEMENTED.
    public let methods: [RPCMethod]
    /// Looks at each call before its message is read, also those of unknown methods; it refuses one by throwing.
    public let intercept: (@Sendable (RPCContext) throws -> Void)?

    /// Makes a service.
    public init(
        _ name: String,
        methods: [RPCMethod],
        intercept: (@Sendable (RPCContext) throws -> Void)? = nil
    ) {
        self.name = name
        self.methods = methods
        self.intercept = intercept
    }
}
