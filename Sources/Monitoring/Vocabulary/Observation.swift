public import ZeroTrust

/// One thing that somebody did to something, as one record of a log tells it.
///
/// Whatever the log, an observation says who called whom with which verb, on which object and model, what was decided,
/// and how much went over: so every detector reads all sources alike.
///
/// ```swift
/// let seen = Observation(
///     source: .lapwing, record: 4_711, time: .now(),
///     caller: "spiffe://cluster.local/ns/ml-api/sa/api-gateway", callee: "ml-inference/inference-service",
///     verb: "POST"
/// )
/// ```
public struct Observation: Hashable, Sendable {
    /// The log that it was read from.
    public var source: LogSource
    /// The record's index in that log, counted from 0.
    public var record: UInt64
    /// When it happened.
    public var time: Timestamp
    /// Who: a SPIFFE ID, a role's ARN, a database user, or an address where no more is known.
    public var caller: String
    /// Whom: a gateway or service, `host:port`, a bucket, a database, or a cloud's service.
    public var callee: String
    /// How: a method, a statement's class, an action.
    public var verb: String
    /// The statement's command where the verb is its class: `INSERT`, and `INSERT ON CONFLICT` for one that may change what
    /// is there; empty where the verb says all.
    public var command: String
    /// What kind of verb it is.
    public var verbClass: VerbClass
    /// On what: a path, an object's key, a table; empty where the record does not say.
    public var object: String
    /// The model that was asked, where one was.
    public var model: ModelReference?
    /// What was decided about it.
    public var decision: Outcome
    /// The status of the answer; nil where there was none.
    public var status: Int?
    /// Bytes that left the callee for the caller.
    public var bytes: UInt64
    /// Rows that were read or changed.
    public var rows: UInt64
    /// Tokens in and out.
    public var tokens: UInt64
    /// The rule of a guardrail that refused the request, where one did.
    public var guardRule: String?
    /// Whether a guardrail read the request at all.
    public var wasGuarded: Bool
    /// What is known of the prompt without its text.
    public var prompt: PromptTraits?
    /// What else is to be known.
    public var marks: Marks

    /// What was decided.
    public enum Outcome: UInt8, Hashable, Sendable {
        /// The log does not say.
        case unknown = 0
        /// It was let through.
        case allow = 1
        /// It was refused.
        case deny = 2
    }

    /// The model that was asked.
    public struct ModelReference: Hashable, Sendable {
        /// The name that callers use; empty where only the digest is known.
        public var name: String
        /// The digest of what is served, `sha256:…`; empty where only the name is known.
        public var digest: String

        /// A model.
        public init(name: String = "", digest: String = "") {
            self.name = name
            self.digest = digest
        }
    }

    /// Facts that are true or not.
    public struct Marks: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// A platform did it by itself, or as part of something that its user did and that has its own record.
        public static let automatic = Marks(rawValue: 1)
        /// It leaves for an address that is not private, or a name outside the estate.
        public static let leaves = Marks(rawValue: 2)
        /// It was not encrypted.
        public static let plaintext = Marks(rawValue: 4)
        /// It is an action on a cloud's or database's own settings, of which each name is a thing of its own.
        public static let controlPlane = Marks(rawValue: 8)
        /// Whoever enforces refused it because no policy allows it.
        public static let undeclared = Marks(rawValue: 32)
        /// It is the end of what was observed before: its amounts count, and nothing happened anew.
        public static let continuation = Marks(rawValue: 64)
        /// The caller proved no identity.
        public static let anonymous = Marks(rawValue: 16)

        /// A set of bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
    }

    /// An observation; what is left out is not known.
    public init(
        source: LogSource,
        record: UInt64,
        time: Timestamp,
        caller: String,
        callee: String,
        verb: String,
        command: String = "",
        verbClass: VerbClass? = nil,
        object: String = "",
        model: ModelReference? = nil,
        decision: Outcome = .unknown,
        status: Int? = nil,
        bytes: UInt64 = 0,
        rows: UInt64 = 0,
        tokens: UInt64 = 0,
        guardRule: String? = nil,
        wasGuarded: Bool = false,
        prompt: PromptTraits? = nil,
        marks: Marks = []
    ) {
        self.source = source
        self.record = record
        self.time = time
        self.caller = caller
        self.callee = callee
        self.verb = verb
        self.command = command
        self.verbClass = verbClass ?? VerbClass(verb: verb)
        self.object = object
        self.model = model
        self.decision = decision
        self.status = status
        self.bytes = bytes
        self.rows = rows
        self.tokens = tokens
        self.guardRule = guardRule
        self.wasGuarded = wasGuarded
        self.prompt = prompt
        self.marks = marks
    }
}
