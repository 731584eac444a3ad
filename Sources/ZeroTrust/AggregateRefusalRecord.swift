/// How often connections from one address were refused for one reason within one second, before any identity was known.
///
/// Failed handshakes are recorded in aggregate, so that nobody can fill the disk with them.
public struct AggregateRefusalRecord: Hashable, Sendable {
    /// The record's own id.
    public var id: RequestID
    /// The second that was counted.
    public var second: Timestamp
    /// The name of the node that refused.
    public var node: String
    /// Where the connections came from; nil for all further addresses together, once a second has too many.
    public var source: IPAddress?
    /// A short, stable code for the grounds: `no_certificate`.
    public var reason: String
    /// How many were refused.
    public var count: UInt64

    /// The refusals of one source, reason and second.
    public init(
        id: RequestID,
        second: Timestamp,
        node: String,
        source: IPAddress?,
        reason: String,
        count: UInt64
    ) {
        self.id = id
        self.second = second
        self.node = node
        self.source = source
        self.reason = reason
        self.count = count
    }
}
