/// The API whose answers are filtered: where text stands in them, and how an answer ends that may not go on.
public enum AnswerDialect: String, Sendable, CaseIterable {
    /// `/v1/chat/completions`.
    case openAIChat = "openai-chat"
    /// `/v1/completions`.
    case openAICompletions = "openai-completions"
    /// `/v1/responses`.
    case openAIResponses = "openai-responses"
    /// `/v1/messages`.
    case anthropicMessages = "anthropic-messages"
    /// Anything else: JSON of whatever form, lines or events of it, or text.
    case plain
}

/// How an answer's body is made.
public enum AnswerFormat: Sendable, Equatable {
    /// Server-sent events.
    case events
    /// JSON, a value to a line.
    case lines
    /// One JSON value.
    case json
    /// Text and nothing else.
    case text

    /// The format of a content type; nil for one that cannot be filtered, which a filtered route refuses (rule S1).
    public init?(contentType: String) {
        let parts = contentType.lowercased().filter { $0 != " " && $0 != "\t" }.components(";")
        let type = parts.first ?? ""
        for part in parts.dropFirst() where part.hasPrefix("charset") {
            // Text of another encoding would be read as what it is not.
            let charset = part.dropFirst("charset".count).filter { $0 != "\"" }
            guard ["=utf-8", "=utf8", "=us-ascii"].contains(charset) else { return nil }
        }
        switch type {
        case "text/event-stream": self = .events
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines": self = .lines
        case "application/json": self = .json
        case "text/plain", "text/markdown", "text/html": self = .text
        default:
            guard type.hasPrefix("application/"), type.hasSuffix("+json") else { return nil }
            self = .json
        }
    }
}

/// What the filter of an answer knows of its request.
public struct RequestFacts: Sendable {
    /// What of the request must not come back.
    public var prompt: PromptIndex
    /// The hosts, in lower case, that may be linked to since the user or the application named them; they count where the
    /// policy takes them.
    public var hosts: Set<String>
    /// Where values go that are tokenised, for the caller to have them back.
    public var vault: ValueVault?
    /// Says why a tool call may not go out, given the tool's name and its arguments (a JSON text, filtered already);
    /// nil where it may.
    public var refusesToolCall: (@Sendable (_ tool: String, _ arguments: [UInt8]) -> String?)?
    /// Says why a tool may not be called, given its name (`mcp:` and a server's label for one of that server), which is
    /// asked as soon as the name is seen; nil where it may.
    public var refusesTool: (@Sendable (_ tool: String) -> String?)?
    /// What tool calls that wait are counted against, for the whole process.
    public var budget: ToolCallBudget

    /// Makes the facts of a request.
    public init(
        prompt: PromptIndex = .none,
        hosts: Set<String> = [],
        vault: ValueVault? = nil,
        budget: ToolCallBudget = .process,
        refusesToolCall: (@Sendable (_ tool: String, _ arguments: [UInt8]) -> String?)? = nil,
        refusesTool: (@Sendable (_ tool: String) -> String?)? = nil
    ) {
        self.prompt = prompt
        self.hosts = hosts
        self.vault = vault
        self.budget = budget
        self.refusesTool = refusesTool
        self.refusesToolCall = refusesToolCall
    }
}

/// Why an answer ended before its end, or was refused.
public struct AnswerRefusal: Sendable, Equatable, CustomStringConvertible {
    /// The reason, to switch on.
    public enum Code: String, Sendable {
        /// A rule whose action is to block.
        case blocked
        /// The body is not what its content type and its API say.
        case malformed
        /// The body, an event or a tool call is larger than may be.
        case tooLarge = "too-large"
        /// A tool call that is not valid, or not allowed.
        case toolCall = "tool-call"
        /// What was held did not become clear in time.
        case time
    }

    /// The reason.
    public let code: Code
    /// What to read; never any of the text.
    public let message: String

    /// What to read.
    public var description: String { "\(code.rawValue): \(message)" }
}

/// What an answer's filter gives back.
public enum AnswerStep: Sendable, Equatable {
    /// Bytes that may go out; the answer goes on.
    case bytes([UInt8])
    /// The last bytes, which end the answer in the way of its API, and why. Cancel the upstream. Where nothing went out
    /// before (``OutputFilter/hasEmitted`` is false) the gateway may answer with an error of its own instead.
    case end([UInt8], AnswerRefusal)
}
