/// How much of a head the scanner accepts.
struct HTTP1Limits: Hashable, Sendable {
    /// The bytes of a whole head, start line and last empty line included.
    var headBytes = 32 * 1024
    /// The field lines in a head.
    var fields = 100
    /// The bytes of a request target.
    var targetBytes = 8 * 1024
    /// The bytes of all chunk extensions and trailers of one body together.
    var chunkExtraBytes = 4 * 1024
}
