import NIOCore

/// When what happened on a connection that carries no HTTP, and how much has come and gone.
struct OpaqueProgress {
    let startedAt: NIODeadline
    /// When the client had sent its last byte.
    var clientEndedAt: NIODeadline?
    /// When the upstream had sent its first byte.
    var answeredAt: NIODeadline?
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
}
