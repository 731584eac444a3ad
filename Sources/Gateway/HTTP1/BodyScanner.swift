/// Follows a body to its end, and says which of its bytes go on.
///
/// Bytes are passed on as they come, in the runs in which they came; nothing is gathered.
struct BodyScanner: Sendable {
    /// What to do with the bytes at the front of the input: pass on `forward` of them, drop the next `drop`, and ask
    /// again with the rest.
    struct Step: Hashable, Sendable {
        /// The bytes to pass on.
        var forward: Int
        /// The bytes after those that are dropped.
        var drop: Int
        /// The bytes of content among those passed on.
        var content: Int
        /// Whether the body is over.
        var isEnd: Bool
    }

    /// The bytes of content that have passed.
    private(set) var contentBytes: UInt64 = 0
    /// Whether the body is over.
    private(set) var isComplete: Bool

    private var machine: Machine
    private let limit: UInt64

    private enum Machine: Sendable {
        case none
        case length(UInt64)
        case chunked(ChunkScanner)
        case untilClose
    }

    /// A body that is about to begin, with at most `limit` bytes of content.
    ///
    /// With `keepsChunks` the framing of chunks is passed on too, else the content alone.
    init(
        _ framing: MessageFraming,
        limit: UInt64 = .max,
        keepsChunks: Bool = true,
        limits: HTTP1Limits = HTTP1Limits()
    ) throws(HTTP1Refusal) {
        self.limit = limit
        self.isComplete = false
        switch framing {
        case .none:
            self.machine = .none
            self.isComplete = true
        case .length(let length):
            guard length <= limit else { throw HTTP1Refusal(.bodyTooLarge) }
            self.machine = .length(length)
        case .chunked: self.machine = .chunked(ChunkScanner(keepsFraming: keepsChunks, limits: limits))
        case .untilClose: self.machine = .untilClose
        }
    }

    /// Whether the connection's close ends the body, rather than cuts it short.
    var endsAtClose: Bool {
        if case .untilClose = machine { return true }
        return false
    }

    /// The bytes of content still to come, where that is known.
    var remaining: UInt64? {
        switch machine {
        case .none: 0
        case .length(let remaining): remaining
        case .chunked, .untilClose: isComplete ? 0 : nil
        }
    }

    /// Looks at the bytes that came.
    mutating func next(_ bytes: Span<UInt8>) throws(HTTP1Refusal) -> Step {
        switch machine {
        case .none: return Step(forward: 0, drop: 0, content: 0, isEnd: true)
        case .length(let remaining):
            let count = min(UInt64(bytes.count), remaining)
            machine = .length(remaining - count)
            contentBytes += count
            isComplete = remaining == count
            return Step(forward: Int(count), drop: 0, content: Int(count), isEnd: isComplete)
        case .chunked(var chunks):
            let step = try chunks.next(bytes, limit: limit - contentBytes)
            machine = .chunked(chunks)
            contentBytes += UInt64(step.content)
            isComplete = step.isEnd
            return step
        case .untilClose:
            guard UInt64(bytes.count) <= limit - contentBytes else { throw HTTP1Refusal(.bodyTooLarge) }
            contentBytes += UInt64(bytes.count)
            return Step(forward: bytes.count, drop: 0, content: bytes.count, isEnd: false)
        }
    }
}
