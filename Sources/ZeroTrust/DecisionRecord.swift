/// What was decided about one request, by which rule, and on what grounds.
///
/// Every request leaves exactly one, allowed or denied, and it is on disk before the response head leaves. A
/// ``CompletionRecord`` of the same id tells how the request ended.
public struct DecisionRecord: Hashable, Sendable {
    /// The request's id, which joins its records, its refusal and its log lines.
    public var id: RequestID
    /// When the decision was made.
    public var time: Timestamp
    /// The name of the node that decided.
    public var node: String
    /// The verified caller; nil where the caller proved no identity.
    public var caller: Caller?
    /// The connection's other end.
    public var source: Exchange.Endpoint
    /// The connection's TLS parameters; nil on a plaintext connection.
    public var tls: TLS?
    /// What was asked for.
    public var request: Request
    /// Whether the request was let through.
    public var outcome: Outcome
    /// A short, stable code for the grounds: `no_policy_allows`, `rule`.
    public var reason: String
    /// The rule that decided; nil where no rule did.
    public var policy: Policy?
    /// The first rule of an AUDIT policy that matched; it never changes the outcome.
    public var audited: Policy?
    /// What the request's verified token said; nil where there was none.
    public var token: RecordedToken?
    /// The external provider that was asked, where a CUSTOM rule matched.
    public var provider: Provider?
    /// The guardrail that read the request, where its route has one and policy allowed it.
    public var guardrail: Guardrail?
    /// The model that the request asks for, where a guardrail read the request and it names one.
    public var model: String?
    /// What is known of the prompt without its text, where a guardrail read the request and there is one.
    public var prompt: Prompt?
    /// The digest of the policy snapshot that was in force, in hexadecimal.
    public var snapshot: String
    /// The defaults that applied: `strict` or `istio`.
    public var compatibility: String
    /// What the policies under trial would have decided, where there are any.
    public var dryRun: Outcome?
    /// How long the decision took, in nanoseconds.
    public var latency: UInt64
    /// The route that the request matched; nil where none did.
    public var route: String?
    /// The request's W3C `traceparent`, as sent.
    public var traceparent: String?

    /// What stands as the method of a connection that carries no HTTP; no request has it.
    public static let connectionMethod = "TCP"

    /// Whether a request was let through.
    public enum Outcome: String, Hashable, Sendable {
        /// It was.
        case allow
        /// It was not.
        case deny
    }

    /// Who called, as the certificate proved it.
    public struct Caller: Hashable, Sendable {
        /// The SPIFFE ID.
        public var spiffeID: SPIFFEID
        /// The certificate's serial number, in hexadecimal.
        public var serialNumber: String
        /// The SHA-256 of the certificate, in hexadecimal.
        public var fingerprint: String
        /// The digest of the model that the certificate says the caller has loaded, `sha256:…`; nil where it names none.
        public var modelDigest: String?
        /// Who signed that model.
        public var modelSigner: String?

        /// A verified caller.
        public init(
            spiffeID: SPIFFEID,
            serialNumber: String,
            fingerprint: String,
            modelDigest: String? = nil,
            modelSigner: String? = nil
        ) {
            self.spiffeID = spiffeID
            self.serialNumber = serialNumber
            self.fingerprint = fingerprint
            self.modelDigest = modelDigest
            self.modelSigner = modelSigner
        }
    }

    /// The parameters that a TLS handshake settled on.
    public struct TLS: Hashable, Sendable {
        /// The protocol version: `TLSv1.3`.
        public var version: String
        /// The cipher suite: `TLS_AES_128_GCM_SHA256`.
        public var cipher: String
        /// The name that the client asked for, or nil.
        public var serverName: String?

        /// The parameters of one connection.
        public init(version: String, cipher: String, serverName: String? = nil) {
            self.version = version
            self.cipher = cipher
            self.serverName = serverName
        }
    }

    /// What was asked for, as policy saw it.
    public struct Request: Hashable, Sendable {
        /// The method.
        public var method: String
        /// The normalised path and query.
        public var path: String
        /// The host asked for.
        public var authority: String
        /// The headers that policy consulted.
        ///
        /// Values of headers that carry credentials are never written.
        public var headers: [Exchange.Header]
        /// The address and port on which the request arrived.
        public var destination: Exchange.Endpoint

        /// One request.
        public init(
            method: String,
            path: String,
            authority: String,
            headers: [Exchange.Header] = [],
            destination: Exchange.Endpoint
        ) {
            self.method = method
            self.path = path
            self.authority = authority
            self.headers = headers
            self.destination = destination
        }
    }

    /// Fingerprints and settings of a prompt: nothing that could be read back without the node's key.
    public struct Prompt: Hashable, Sendable {
        /// A keyed fingerprint in which similar texts differ in few bits.
        public var fingerprint: UInt64
        /// A keyed hash of the text's shape.
        public var template: UInt64
        /// The temperature asked for, in thousandths; nil where the request did not say.
        public var temperature: Int?
        /// Whether the probabilities of tokens were asked for.
        public var wantsLogProbabilities: Bool
        /// The tokens of all texts of the request, estimated.
        public var tokens: Int

        /// What is known of one prompt.
        public init(
            fingerprint: UInt64,
            template: UInt64,
            temperature: Int? = nil,
            wantsLogProbabilities: Bool = false,
            tokens: Int = 0
        ) {
            self.fingerprint = fingerprint
            self.template = template
            self.temperature = temperature
            self.wantsLogProbabilities = wantsLogProbabilities
            self.tokens = tokens
        }
    }

    /// A rule and where it stands.
    public struct Policy: Hashable, Sendable {
        /// The policy's namespace.
        public var namespace: String
        /// The policy's name.
        public var name: String
        /// The rule's index in the policy.
        public var rule: Int
        /// The file that declares it.
        public var file: String
        /// The line in that file.
        public var line: Int

        /// A rule of a policy.
        public init(namespace: String, name: String, rule: Int, file: String, line: Int) {
            self.namespace = namespace
            self.name = name
            self.rule = rule
            self.file = file
            self.line = line
        }
    }

    /// An external provider that a CUSTOM rule asks, and its answer.
    public struct Provider: Hashable, Sendable {
        /// What came of asking.
        public enum Answer: String, Hashable, Sendable, CaseIterable {
            /// The provider allowed the request; the other policies decided on it then.
            case allow
            /// The provider refused the request.
            case deny
            /// The provider gave no answer.
            case failed
            /// The provider gave no answer, and the request went on since the configuration says `fail-open`.
            case failedOpen = "failed_open"
            /// The request ended before there was an answer.
            case none
        }

        /// The name that policies use.
        public var name: String
        /// What came of asking.
        public var answer: Answer
        /// How long it took, in nanoseconds.
        public var latency: UInt64

        /// A provider that was asked.
        public init(name: String, answer: Answer, latency: UInt64) {
            self.name = name
            self.answer = answer
            self.latency = latency
        }
    }

    /// A guardrail that judged a request, and what in the request it refused.
    public struct Guardrail: Hashable, Sendable {
        /// The guardrail's name.
        public var name: String
        /// The rule that refused the request; nil where none did.
        public var rule: String?
        /// The field at which it did: `messages[2].content`.
        public var field: String?
        /// The bytes of the body at which it did.
        public var range: Range<Int>?
        /// What was done about what was found: `block`, `sanitise`, `flag` or `shadow`; nil where nothing was looked for.
        public var action: String?
        /// By what was judged: digests of rules, model and thresholds.
        public var basis: String?
        /// What was found, the gravest first; as many as fit are written.
        public var findings: [Finding] = []

        /// Something that was found in the body.
        public struct Finding: Hashable, Sendable {
            /// The rule.
            public var rule: String
            /// Who wrote the text.
            public var channel: String
            /// The text: `messages[2].content`.
            public var field: String
            /// The bytes of the body.
            public var range: Range<Int>
            /// What the text came to; nil where nothing was weighed.
            public var score: Int?
            /// What that was measured against; nil where there was none.
            public var threshold: Int?

            /// A finding.
            public init(
                rule: String,
                channel: String,
                field: String,
                range: Range<Int>,
                score: Int? = nil,
                threshold: Int? = nil
            ) {
                self.rule = rule
                self.channel = channel
                self.field = field
                self.range = range
                self.score = score
                self.threshold = threshold
            }
        }

        /// A judgement.
        public init(name: String, rule: String? = nil, field: String? = nil, range: Range<Int>? = nil) {
            self.name = name
            self.rule = rule
            self.field = field
            self.range = range
        }
    }

    /// A decision with everything that led to it.
    public init(
        id: RequestID,
        time: Timestamp,
        node: String,
        caller: Caller?,
        source: Exchange.Endpoint,
        tls: TLS?,
        request: Request,
        outcome: Outcome,
        reason: String,
        policy: Policy?,
        snapshot: String,
        compatibility: String,
        dryRun: Outcome? = nil,
        latency: UInt64,
        route: String?,
        traceparent: String? = nil
    ) {
        self.id = id
        self.time = time
        self.node = node
        self.caller = caller
        self.source = source
        self.tls = tls
        self.request = request
        self.outcome = outcome
        self.reason = reason
        self.policy = policy
        self.snapshot = snapshot
        self.compatibility = compatibility
        self.dryRun = dryRun
        self.latency = latency
        self.route = route
        self.traceparent = traceparent
    }
}
