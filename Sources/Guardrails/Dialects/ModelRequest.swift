/// What a request to a model says, read from its body by the rules of its ``Dialect``.
public struct ModelRequest: Sendable {
    /// The dialect that was read.
    public let dialect: Dialect
    /// The model that is asked for, where the request or its path names one.
    public internal(set) var model: String?
    /// Whether the answer is to be streamed.
    public internal(set) var isStreaming = false
    /// Every text that reaches the model, in the order of the body.
    public internal(set) var texts: [RequestText] = []
    /// The tools that the model may call, or, in MCP, the tool that is called.
    public internal(set) var tools: [ToolDeclaration] = []
    /// The calls of tools that stand in the request.
    public internal(set) var toolCalls: [ToolCall] = []
    /// How much is asked for.
    public internal(set) var counts = Counts()
    /// The names of the members of the body, outermost level only.
    public internal(set) var parameters: [Parameter] = []
    /// The body as JSON, where it is JSON; for a binary body, its head.
    public internal(set) var document: JSONDocument?
    /// The method of a JSON-RPC message.
    public internal(set) var method: String?
    /// The token that was put into its system prompt, by which a leak of that is known.
    public internal(set) var canary: CanaryToken?

    /// How much is asked for.
    public struct Counts: Sendable, Hashable {
        /// The messages, prompts, inputs or instances.
        public internal(set) var messages = 0
        /// The answers, over all prompts.
        public internal(set) var choices = 1
        /// The most tokens of one answer, where the request says so.
        public internal(set) var maximumTokens: Int?
        /// The tokens of the texts, estimated: one for four bytes of UTF-8, rounded up.
        public internal(set) var inputTokens = 0
        /// Pieces that hold no text that could be looked at: images, sound, files, raw tensors, state that a server keeps.
        public internal(set) var opaqueParts = 0
    }

    /// A member of the body.
    public struct Parameter: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// The bytes of the body in which its value stands.
        public let range: Range<Int>
    }

    init(_ dialect: Dialect) {
        self.dialect = dialect
    }

    /// The texts of a channel.
    public func texts(of channel: TextChannel) -> [RequestText] { texts.filter { $0.channel == channel } }
}

/// A text of a request, and where it stands.
public struct RequestText: Sendable {
    /// Who wrote it.
    public let channel: TextChannel
    /// The text, its escapes decoded.
    public let text: String
    /// The bytes of the body in which it is written, without quotes.
    public let range: Range<Int>
    /// The value that it is, where the body is JSON.
    public let value: JSONValue?
    /// Its place in a body that is no JSON.
    let place: String

    /// Its place: `messages[2].content[0].text`; it is looked for when it is asked for.
    public var path: String { value?.path.text ?? place }

    /// The bytes of the body in which a run of the text is written; the run is counted in bytes of the text's UTF-8.
    public func bodyRange(of run: Range<Int>) -> Range<Int> {
        if let value { return value.range(ofDecoded: run) }
        return min(
            range.lowerBound + run.lowerBound,
            range.upperBound
        )..<min(
            range.lowerBound + run.upperBound,
            range.upperBound
        )
    }
}

/// A tool that the model may call.
public struct ToolDeclaration: Sendable {
    /// Its name; for one that the server has built in, its type.
    public let name: String
    /// Its place: `tools[0]`.
    public let path: String
    /// The JSON Schema of its arguments, where it has one.
    public let schema: JSONValue?
    /// That schema, read, which keeps nothing of the body; only where calls in the answer are held against it.
    public internal(set) var arguments: JSONSchema?
}

/// A call of a tool that stands in a request.
public struct ToolCall: Sendable {
    /// The tool.
    public let name: String
    /// Its place: `messages[1].tool_calls[0]`.
    public let path: String
    /// The arguments: an object, or a string that holds one; nil where there are none.
    public let arguments: JSONValue?
}
