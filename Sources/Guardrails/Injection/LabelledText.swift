/// A text and where it came from.
public struct LabelledText: Sendable, Hashable {
    /// The text as it is, after the decoding of the request's own format.
    public var text: String
    /// Where it came from, which the gateway tells from its place in the request.
    public var channel: TextChannel
    /// Its place in the request, such as `messages[2].content`, for the report.
    public var path: String

    /// Labels a text.
    public init(_ text: String, channel: TextChannel, path: String = "") {
        self.text = text
        self.channel = channel
        self.path = path
    }
}
