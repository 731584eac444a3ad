/// Where a message's body ends (RFC 9112 §6.3).
enum MessageFraming: Hashable, Sendable {
    /// There is no body.
    case none
    /// After so many bytes.
    case length(UInt64)
    /// After the last chunk.
    case chunked
    /// When the connection closes; responses only.
    case untilClose
}
