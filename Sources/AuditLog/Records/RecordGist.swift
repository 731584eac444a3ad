public import ZeroTrust

/// What a record tells those who watch the log from within the process that writes it, so that nobody need read back what
/// was just written.
///
/// It is made where the record is made, and stays in memory. It says what the entry's bytes say: of a record of which
/// anything was cut there is none, since what is found in a log has to be the same for whoever reads it later.
///
/// What records have in common that say the same is kept by reference, and once for all that are copies of one: a gist is
/// cheap to make and to hand on between threads.
public enum RecordGist: Hashable, Sendable {
    /// That of a decision.
    case decision(Decision)
    /// That of how a request ended.
    case completion(Completion)

    /// The request's id, by which the record is found.
    var id: RequestID {
        switch self {
        case .decision(let decision): decision.id
        case .completion(let completion): completion.id
        }
    }

    /// About how many bytes one takes in memory that has nothing in common with others.
    static let size = MemoryLayout<Self>.size + MemoryLayout<Decision.Words>.size

    /// The gist of a decision.
    public struct Decision: Hashable, Sendable {
        /// The request's id.
        public internal(set) var id: RequestID
        /// When it was decided.
        public internal(set) var time: Timestamp
        private let words: Shared<Words>

        /// What it says beside the request's id and the time.
        struct Words: Hashable, Sendable {
            let caller: String?
            let source: IPAddress
            let isEncrypted: Bool
            let method: String
            let path: String
            let authority: String
            let port: UInt16
            let outcome: DecisionRecord.Outcome
            let reason: String
            let route: String?
            let model: String?
            let prompt: DecisionRecord.Prompt?
            let isGuarded: Bool
            let guardRule: String?
        }

        /// The gist of a record.
        public init(_ record: DecisionRecord) {
            id = record.id
            time = record.time
            words = Shared(
                Words(
                    caller: record.caller?.spiffeID.description,
                    source: record.source.address,
                    isEncrypted: record.tls != nil,
                    method: record.request.method,
                    path: record.request.path,
                    authority: record.request.authority,
                    port: record.request.destination.port,
                    outcome: record.outcome,
                    reason: record.reason,
                    route: record.route,
                    model: record.model,
                    prompt: record.prompt,
                    isGuarded: record.guardrail != nil,
                    guardRule: record.guardrail?.rule
                )
            )
        }

        /// The caller's SPIFFE ID, or nil for one who proved none.
        public var caller: String? { words.value.caller }
        /// The address of the connection's other end.
        public var source: IPAddress { words.value.source }
        /// Whether the connection was encrypted.
        public var isEncrypted: Bool { words.value.isEncrypted }
        /// The method.
        public var method: String { words.value.method }
        /// The path, with its query.
        public var path: String { words.value.path }
        /// The host asked for.
        public var authority: String { words.value.authority }
        /// The port that was asked.
        public var port: UInt16 { words.value.port }
        /// What was decided.
        public var outcome: DecisionRecord.Outcome { words.value.outcome }
        /// Why.
        public var reason: String { words.value.reason }
        /// The route that was found.
        public var route: String? { words.value.route }
        /// The model that the body asks for.
        public var model: String? { words.value.model }
        /// What is known of the prompt.
        public var prompt: DecisionRecord.Prompt? { words.value.prompt }
        /// Whether a guardrail judged the request.
        public var isGuarded: Bool { words.value.isGuarded }
        /// The guardrail's rule that the request hit.
        public var guardRule: String? { words.value.guardRule }
    }

    /// The gist of how a request ended.
    public struct Completion: Hashable, Sendable {
        /// The request's id.
        public internal(set) var id: RequestID
        /// When it ended.
        public internal(set) var time: Timestamp
        private let words: Shared<Words>

        /// What it says beside the request's id and the time.
        struct Words: Hashable, Sendable {
            let bytesSent: UInt64
            let outputTokens: UInt64?
            let ending: CompletionRecord.Ending
            let guardRule: String?
        }

        /// The gist of a record.
        public init(_ record: CompletionRecord) {
            id = record.id
            time = record.time
            words = Shared(
                Words(
                    // Larger numbers are written as this.
                    bytesSent: min(record.bytesSent, 1 << 53),
                    outputTokens: record.usage?.output.map { min($0, 1 << 53) },
                    ending: record.ending,
                    guardRule: record.guardrail?.rule
                )
            )
        }

        /// The bytes of the answer's body.
        public var bytesSent: UInt64 { words.value.bytesSent }
        /// The tokens of the answer; nil where it does not say.
        public var outputTokens: UInt64? { words.value.outputTokens }
        /// How it ended.
        public var ending: CompletionRecord.Ending { words.value.ending }
        /// The guardrail's rule that the answer hit.
        public var guardRule: String? { words.value.guardRule }
    }

    /// A value that is kept by reference, and compared by what it is.
    private final class Shared<Value: Hashable & Sendable>: Hashable, Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }

        static func == (one: Shared, other: Shared) -> Bool { one === other || one.value == other.value }

        func hash(into hasher: inout Hasher) { hasher.combine(value) }
    }
}
