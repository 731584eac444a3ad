/// How one request ended: its status, its bytes, its timings.
///
/// It carries the id of the ``DecisionRecord`` that it completes; every decision is followed by exactly one.
public struct CompletionRecord: Hashable, Sendable {
    /// The request's id.
    public var id: RequestID
    /// When the request ended.
    public var time: Timestamp
    /// The name of the node that served it.
    public var node: String
    /// The status sent to the client; nil where no response head left.
    public var status: Int?
    /// Bytes of request body received from the client.
    public var bytesReceived: UInt64
    /// Bytes of response body sent to the client.
    public var bytesSent: UInt64
    /// The upstream that answered; nil where none was called.
    public var upstream: String?
    /// What is known of the model that answered; nil where nothing is.
    public var model: Model?
    /// How long the parts took.
    public var timings: Timings
    /// How it ended.
    public var ending: Ending
    /// How many tokens the answer says it took; nil where it says nothing of them that could be read.
    public var usage: TokenUsage?
    /// The guardrail that refused the answer, where one did, and what in the answer; nil where none did.
    public var guardrail: DecisionRecord.Guardrail?

    /// Which model an upstream was proved to have loaded.
    public struct Model: Hashable, Sendable {
        /// The digest of its manifest: `sha256:` and 64 lower-case hexadecimal digits; nil where none was proved.
        public var digest: String?
        /// Who signed it; nil where none was proved.
        public var signer: String?
        /// Why that was not what the upstream has to have loaded, so that the request was refused; nil where it was.
        public var refusal: String?

        /// A model that was proved, or why none was.
        public init(digest: String? = nil, signer: String? = nil, refusal: String? = nil) {
            self.digest = digest
            self.signer = signer
            self.refusal = refusal
        }
    }

    /// How a request ended.
    public enum Ending: String, Hashable, Sendable, CaseIterable {
        /// The whole response was sent.
        case complete
        /// Policy refused it.
        case refused
        /// The request was malformed, or larger than a limit.
        case badRequest = "bad_request"
        /// The client went away first.
        case clientLeft = "client_left"
        /// No upstream could be reached.
        case upstreamUnreachable = "upstream_unreachable"
        /// The upstream is not proved to have loaded the model that it has to, or is no longer.
        case modelUnproven = "model_unproven"
        /// The upstream went away, or broke the protocol, before its response was whole.
        case upstreamDied = "upstream_died"
        /// A time limit ran out.
        case timedOut = "timed_out"
        /// The decision could not be recorded, so the request was not served.
        case notRecorded = "not_recorded"
        /// The client's identity was revoked, or its authority removed, before the response was whole.
        case revoked
        /// The client's certificate ended while a connection stood that has no requests to end after.
        case identityExpired = "identity_expired"
        /// The policies or the mode of mutual TLS changed, and permit the connection no longer.
        case policyChanged = "policy_changed"
        /// A guardrail refused the upstream's answer, or what was left of it.
        case answerRefused = "answer_refused"
        /// The node was told to stop before the response was whole.
        case drained
    }

    /// Durations in nanoseconds, counted from the request's first byte.
    public struct Timings: Hashable, Sendable {
        /// Until the whole request had been received; nil where it never was.
        public var requestReceived: UInt64?
        /// Until the upstream's response head arrived; nil where none did.
        public var upstreamHead: UInt64?
        /// Until the first of the body of the upstream's response arrived; nil where none did.
        public var upstreamBody: UInt64?
        /// Until the end.
        public var total: UInt64

        /// The durations of one request.
        public init(
            requestReceived: UInt64? = nil,
            upstreamHead: UInt64? = nil,
            upstreamBody: UInt64? = nil,
            total: UInt64
        ) {
            self.requestReceived = requestReceived
            self.upstreamHead = upstreamHead
            self.upstreamBody = upstreamBody
            self.total = total
        }
    }

    /// The end of a request.
    public init(
        id: RequestID,
        time: Timestamp,
        node: String,
        status: Int?,
        bytesReceived: UInt64,
        bytesSent: UInt64,
        upstream: String?,
        timings: Timings,
        ending: Ending
    ) {
        self.id = id
        self.time = time
        self.node = node
        self.status = status
        self.bytesReceived = bytesReceived
        self.bytesSent = bytesSent
        self.upstream = upstream
        self.timings = timings
        self.ending = ending
    }
}
