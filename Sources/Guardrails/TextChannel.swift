/// Where a piece of text in a request or an answer came from.
///
/// It is told from the text's place in the message, which the gateway reads, and never from what the text says of
/// itself.
///
/// A guardrail judges text by its channel: an order is what a system prompt is made of, and a sign of an attack in
/// the result of a tool.
public enum TextChannel: String, CaseIterable, Sendable, Hashable {
    /// What the application tells the model of its task.
    case system
    /// What the person or program that uses the application wrote.
    case user
    /// What the model said before, or says now.
    case assistant
    /// What a tool returned.
    case toolResult = "tool-result"
    /// A document that the application fetched and put before the model.
    case retrieved
    /// The name, description or schema of a tool.
    case toolDescription = "tool-description"

    /// Whether somebody outside the application and its user may have written the text.
    public var isUntrusted: Bool {
        switch self {
        case .system, .user, .assistant: false
        case .toolResult, .retrieved, .toolDescription: true
        }
    }
}
