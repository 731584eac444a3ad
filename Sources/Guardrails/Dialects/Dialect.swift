/// A protocol in which models and tools are called over HTTP.
public enum Dialect: String, CaseIterable, Sendable, Hashable {
    /// Any of OpenAI's four, told apart by the path.
    case openAI = "openai"
    /// `/v1/chat/completions`.
    case openAIChat = "openai-chat"
    /// `/v1/completions`.
    case openAICompletions = "openai-completions"
    /// `/v1/embeddings`.
    case openAIEmbeddings = "openai-embeddings"
    /// `/v1/responses`.
    case openAIResponses = "openai-responses"
    /// `/v1/messages`.
    case anthropic = "anthropic-messages"
    /// `/v2/models/NAME/infer`, `/generate` and `/generate_stream`: KServe's protocol, which Triton speaks.
    case kserveV2 = "kserve-v2"
    /// `/v1/models/NAME:predict`.
    case kserveV1 = "kserve-v1"
    /// `/predictions/NAME`.
    case torchServe = "torchserve"
    /// The Model Context Protocol over streamable HTTP.
    case mcp
    /// JSON of which nothing is known but a configured schema.
    case json

    /// The methods that are allowed where a guardrail names none.
    public var methods: [String] { self == .mcp ? ["POST", "GET", "DELETE"] : ["POST"] }

    /// The dialect that a path calls for: OpenAI's are told apart here.
    ///
    /// - Returns: nil where the path is none of the dialect's.
    public func resolved(path: String) -> Dialect? {
        guard self == .openAI else { return self }
        let path = path.utf8.last == UInt8(ascii: "/") ? path.dropLast() : path[...]
        if path.hasSuffix("/chat/completions") { return .openAIChat }
        if path.hasSuffix("/completions") { return .openAICompletions }
        if path.hasSuffix("/embeddings") { return .openAIEmbeddings }
        if path.hasSuffix("/responses") { return .openAIResponses }
        return nil
    }
}

extension Dialect {
    /// The dialect whose answers state the tokens that they took, by how a path ends.
    ///
    /// What comes before varies: a gateway's prefix, a deployment's name. Another API may end a path so, too; its answers are
    /// read in vain, or state tokens in the same way.
    ///
    /// - Returns: nil where the path says nothing of the API.
    public init?(path: String) {
        if let dialect = Dialect.openAI.resolved(path: path) {
            self = dialect
        } else if path.hasSuffix("/v1/messages") || path.hasSuffix("/v1/messages/") {
            self = .anthropic
        } else {
            return nil
        }
    }

    /// The parameters of a query that say which version of the API is meant, and reach no model.
    var versionParameters: Set<String> {
        switch self {
        case .openAI, .openAIChat, .openAICompletions, .openAIEmbeddings, .openAIResponses: ["api-version"]
        case .anthropic: ["beta"]
        case .kserveV2, .kserveV1, .torchServe, .mcp, .json: []
        }
    }
}
