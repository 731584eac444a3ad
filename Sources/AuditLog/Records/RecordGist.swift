public import ZeroTrust

/// What a record tells those who watch the log from within the process that writes it, so that nobody need read back what
/// was just written.
///
/// It is made where the record is made, and stays in memory. It says what the entry's bytes say: of a record of which
/// anything was cut there is none, since what is found in a log has to be the same for whoever reads it later.
///
/// It is kept by reference, since it is handed on between threads.
public indirect enum RecordGist: Hashable, Sendable {
    /// That of a decision.
    case decision(Decision)
    /// That of how a request ended.
    case completion(Completion)

    /// About how many bytes one takes in memory.
    static let size = MemoryLayout<Decision>.size

    /// The gist of a decision.
    public struct Decision: Hashable, Sendable {
        /// The request's id.
        public internal(set) var id: RequestID
        /// When it was decided.
        public internal(set) var time: Timestamp
        /// The caller's SPIFFE ID, or nil for one who proved none.
        public let caller: String?
        /// The address of the connection's other end.
        public let source: IPAddress
        /// Whether the connection was encrypted.
        public let isEncrypted: Bool
        /// The method.
        public let method: String
        /// The path, with its query.
        public let path: String
        /// The host asked for.
        public let authority: String
        /// The port that was asked.
        public let port: UInt16
        /// What was decided.
        public let outcome: DecisionRecord.Outcome
        /// Why.
        public let reason: String
        /// The route that was found.
        public let route: String?
        /// The model that the body asks for.
        public let model: String?
        /// What is known of the prompt.
        public let prompt: DecisionRecord.Prompt?
        /// Whether a guardrail judged the request.
        public let isGuarded: Bool
        /// The guardrail's rule that the request hit.
        public let guardRule: String?

        /// The gist of a record.
        public init(_ record: DecisionRecord) {
            id = record.id
            time = record.time
            caller = record.caller?.spiffeID.description
            source = record.source.address
            isEncrypted = record.tls != nil
            method = record.request.method
            path = record.request.path
            authority = record.request.authority
            port = record.request.destination.port
            outcome = record.outcome
            reason = record.reason
            route = record.route
            model = record.model
            prompt = record.prompt
            isGuarded = record.guardrail != nil
            guardRule = record.guardrail?.rule
        }
    }

    /// The gist of how a request ended.
    public struct Completion: Hashable, Sendable {
        /// The request's id.
        public internal(set) var id: RequestID
        /// When it ended.
        public internal(set) var time: Timestamp
        /// The bytes of the answer's body.
        public let bytesSent: UInt64
        /// The tokens of the answer; nil where it does not say.
        public let outputTokens: UInt64?
        /// How it ended.
        public let ending: CompletionRecord.Ending
        /// The guardrail's rule that the answer hit.
        public let guardRule: String?

        /// The gist of a record.
        public init(_ record: CompletionRecord) {
            id = record.id
            time = record.time
            // Larger numbers are written as this.
            bytesSent = min(record.bytesSent, 1 << 53)
            outputTokens = record.usage?.output.map { min($0, 1 << 53) }
            ending = record.ending
            guardRule = record.guardrail?.rule
        }
    }
}

/// An entry of the log with the gist of the record that it was made from.
public struct RecordEntry: Sendable {
    /// The entry's bytes.
    public let bytes: [UInt8]
    /// What it tells; nil where that has to be read from the bytes.
    public let gist: RecordGist?

    /// An entry.
    public init(bytes: [UInt8], gist: RecordGist? = nil) {
        self.bytes = bytes
        self.gist = gist
    }
}
