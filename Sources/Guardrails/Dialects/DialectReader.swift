/// Reads requests by the rules of a dialect.
///
/// ```swift
/// let reader = DialectReader(.openAIChat)
/// let request = try reader.read(RequestBody(path: "/v1/chat/completions", bytes: body))
/// for text in request.texts { print(text.channel, text.path) }
/// ```
public struct DialectReader: Sendable {
    /// The dialect.
    public let dialect: Dialect
    /// How large and deep a body may be.
    public var limits: JSONLimits
    /// Whether a body may have parts that hold no text that could be looked at.
    public var allowsOpaqueParts: Bool

    /// A reader.
    public init(_ dialect: Dialect, limits: JSONLimits = JSONLimits(), allowsOpaqueParts: Bool = false) {
        self.dialect = dialect
        self.limits = limits
        self.allowsOpaqueParts = allowsOpaqueParts
    }

    /// Reads a request.
    ///
    /// - Throws: ``DialectRefusal`` for a body that is malformed, or could be understood in two ways, or has parts that
    ///   cannot be looked at.
    public func read(_ body: RequestBody) throws(DialectRefusal) -> ModelRequest {
        try body.checkEncoding()
        guard let dialect = dialect.resolved(path: body.path) else {
            throw DialectRefusal(status: 404, rule: "unknown_endpoint", message: "the path is none of the dialect's")
        }
        if body.bytes.isEmpty, body.method == "GET" || body.method == "DELETE" || body.method == "HEAD" {
            return ModelRequest(dialect)
        }
        let request: ModelRequest =
            switch dialect {
            case .openAI, .openAIChat: try OpenAIChat.read(try body.json(limits))
            case .openAICompletions: try OpenAICompletions.read(try body.json(limits))
            case .openAIEmbeddings: try OpenAIEmbeddings.read(try body.json(limits))
            case .openAIResponses: try OpenAIResponses.read(try body.json(limits))
            case .anthropic: try AnthropicMessages.read(try body.json(limits))
            case .kserveV2: try KServeV2.read(body, limits)
            case .kserveV1: try KServeV1.read(body, limits)
            case .torchServe: try TorchServe.read(body, limits)
            case .mcp: try ModelContextProtocol.read(try body.json(limits))
            case .json: PlainJSON.read(try body.json(limits))
            }
        guard request.counts.opaqueParts == 0 || allowsOpaqueParts else {
            throw DialectRefusal(
                rule: "opaque_part",
                message:
                    "\(request.counts.opaqueParts) parts hold no text that could be looked at: images, sound, files, "
                    + "raw tensors, or state that a server keeps"
            )
        }
        return request
    }
}

/// JSON of which nothing is known: every text in it counts as the user's.
enum PlainJSON {
    static func read(_ document: JSONDocument) -> ModelRequest {
        var reading = RequestReading(.json)
        reading.takeAll(document.root, as: .user)
        reading.request.counts.messages = 1
        if document.root.kind == .object {
            reading.request.model = document.root["model"]?.string
            reading.request.isStreaming = document.root["stream"]?.bool ?? false
        }
        return reading.finish(document)
    }
}
