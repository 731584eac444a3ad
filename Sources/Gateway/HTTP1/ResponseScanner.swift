/// Reads the head of a response as strictly as ``RequestScanner`` reads a request's.
///
/// An upstream is not trusted to frame its answers well: a response that could be read in two ways would let one
/// caller's answer run into another's.
struct ResponseScanner: Sendable {
    /// The status.
    private(set) var status = 0
    /// The reason phrase; it may be empty.
    private(set) var reason = 0..<0
    /// The field lines.
    private(set) var fields = FieldSection()
    /// Where the body ends, which depends on the method of the request that this answers.
    private(set) var framing = MessageFraming.none
    /// Whether the connection may carry another request after this response.
    private(set) var keepsAlive = true
    /// The bytes of the whole head.
    private(set) var length = 0

    /// Whether another protocol was asked for, so that `101` may be the answer.
    var allowsSwitch = false

    private let limits: HTTP1Limits
    private var lines = LineScanner()
    private var hasStartLine = false
    /// Whether the response is of HTTP/1.0.
    private(set) var isVersion10 = false

    init(limits: HTTP1Limits) {
        self.limits = limits
    }

    /// Whether this is an interim response, which another follows (RFC 9110 §15.2).
    var isInterim: Bool { status < 200 && status != 101 }

    /// The start line, its CRLF included.
    var startLine: Range<Int> { 0..<reason.upperBound + 2 }

    /// Makes ready for the next head, and keeps the storage.
    mutating func reset() {
        fields.removeAll()
        lines = LineScanner()
        hasStartLine = false
        length = 0
    }

    /// Reads on, and tells whether the head of the response to a request of that method is whole.
    mutating func scan(_ bytes: Span<UInt8>, answering method: HTTP1Method) throws(HTTP1Refusal) -> Bool {
        if !hasStartLine {
            guard let line = try lines.next(bytes, limit: limits.headBytes) else { return false }
            try readStartLine(bytes, line)
            hasStartLine = true
        }
        while let line = try lines.next(bytes, limit: limits.headBytes) {
            guard line.isEmpty else {
                try fields.append(bytes, line, limits: limits, allowsOpaque: true)
                continue
            }
            length = lines.position
            try finish(bytes, method)
            return true
        }
        return false
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 §4).
    private mutating func readStartLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTP1Refusal) {
        guard line.count >= 13 else { throw HTTP1Refusal(.badStartLine) }
        let start = line.lowerBound
        if bytes.holds("HTTP/1.1 ", at: start..<start + 9) {
            isVersion10 = false
        } else if bytes.holds("HTTP/1.0 ", at: start..<start + 9) {
            isVersion10 = true
        } else {
            throw HTTP1Refusal(.unsupportedVersion)
        }
        status = 0
        for index in start + 9..<start + 12 {
            guard ByteClass.isDigit(bytes[index]) else { throw HTTP1Refusal(.badStatus) }
            status = status * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        guard (100...599).contains(status), bytes[start + 12] == UInt8(ascii: " ") else {
            throw HTTP1Refusal(.badStatus)
        }
        reason = start + 13..<line.upperBound
        for index in reason {
            guard ByteClass.isFieldValue(bytes[index]) || bytes[index] >= 0x80 else {
                throw HTTP1Refusal(.badStartLine)
            }
        }
    }

    private mutating func finish(_ bytes: Span<UInt8>, _ method: HTTP1Method) throws(HTTP1Refusal) {
        try fields.finish(bytes)
        // A protocol that was not asked for (RFC 9110 §15.2.2).
        guard status != 101 || allowsSwitch else { throw HTTP1Refusal(.unsupportedUpgrade) }
        // RFC 9112 §6.1: a 1.0 message is not framed by a transfer coding.
        guard !isVersion10 || !fields.isChunked else { throw HTTP1Refusal(.badTransferEncoding) }
        keepsAlive = !fields.closes && !isVersion10
        if method == .connect, (200...299).contains(status) {
            // A tunnel begins (RFC 9110 §9.3.6). Whoever frames its answer took the request for another, and what came
            // through the tunnel for requests.
            guard !fields.isChunked, fields.contentLength == nil else { throw HTTP1Refusal(.unexpectedBody) }
            framing = .none
            keepsAlive = false
        } else if status < 200 || status == 204 {
            // RFC 9110 §8.6, RFC 9112 §6.1: neither field may stand here; a length of nothing does no harm.
            guard !fields.isChunked, (fields.contentLength ?? 0) == 0 else { throw HTTP1Refusal(.unexpectedBody) }
            framing = .none
        } else if method == .head || status == 304 {
            framing = .none
        } else if fields.isChunked {
            framing = .chunked
        } else if let length = fields.contentLength {
            framing = length == 0 ? .none : .length(length)
        } else {
            framing = .untilClose
            keepsAlive = false
        }
    }
}
