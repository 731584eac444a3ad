/// Requests whose bodies were not kept although bodies are, so that what is missing is itself on record.
public struct SamplingRecord: Hashable, Sendable {
    /// The record's own id.
    public var id: RequestID
    /// When it was made.
    public var time: Timestamp
    /// The name of the node.
    public var node: String
    /// Whose the bodies were.
    public var tenant: String
    /// Why they were not kept: `sampled_out`, `too_many`, or `failed`.
    public var reason: String
    /// How many requests there were.
    public var count: UInt64
    /// The first of them.
    public var first: RequestID
    /// The last of them.
    public var last: RequestID
    /// The root, in base64, of the Merkle tree (RFC 9162 §2.1) whose leaves are the 16 bytes of each id, in order.
    public var root: String

    /// Requests whose bodies were not kept.
    public init(
        id: RequestID,
        time: Timestamp,
        node: String,
        tenant: String,
        reason: String,
        count: UInt64,
        first: RequestID,
        last: RequestID,
        root: String
    ) {
        self.id = id
        self.time = time
        self.node = node
        self.tenant = tenant
        self.reason = reason
        self.count = count
        self.first = first
        self.last = last
        self.root = root
    }
}
