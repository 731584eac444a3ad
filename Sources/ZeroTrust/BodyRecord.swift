/// What was kept of a request's bodies, and where: never what they say.
///
/// It follows the request's completion, under the same id, where an `AuditPolicy` has bodies kept.
public struct BodyRecord: Hashable, Sendable {
    /// One body.
    public struct Part: Hashable, Sendable {
        /// How many bytes it had.
        public var bytes: UInt64
        /// How many of them, from the first on, were kept.
        public var kept: UInt64
        /// The HMAC-SHA256 of what was kept, in hexadecimal, under a key of the tenant: a plain hash of a short prompt
        /// could be guessed.
        public var digest: String
        /// Where it lies sealed.
        public var reference: String

        /// A body that was kept.
        public init(bytes: UInt64, kept: UInt64, digest: String, reference: String) {
            self.bytes = bytes
            self.kept = kept
            self.digest = digest
            self.reference = reference
        }
    }

    /// The request's id.
    public var id: RequestID
    /// When they were kept.
    public var time: Timestamp
    /// The name of the node.
    public var node: String
    /// Whose they are: whoever destroys this tenant's key destroys them.
    public var tenant: String
    /// The id of the key that they are sealed with.
    public var key: String
    /// What the client sent; nil where it sent nothing.
    public var request: Part?
    /// What the client was sent; nil where that was nothing.
    public var response: Part?

    /// What was kept of a request.
    public init(
        id: RequestID,
        time: Timestamp,
        node: String,
        tenant: String,
        key: String,
        request: Part?,
        response: Part?
    ) {
        self.id = id
        self.time = time
        self.node = node
        self.tenant = tenant
        self.key = key
        self.request = request
        self.response = response
    }
}
