import ZeroTrust

/// Reads the head of a `CONNECT` request (RFC 9110 §9.3.6), as strictly as ``RequestScanner`` reads others.
///
/// The target is `host:port` and nothing else. Programs that still say `HTTP/1.0` here, as older Pythons do, are taken;
/// nothing follows from the version, since the request has no body.
struct ConnectHead: Sendable {
    /// `host:port`, as sent.
    private(set) var authority = 0..<0
    /// The bytes of the whole head.
    private(set) var length = 0
    /// Whether `Host` was sent.
    private(set) var host: Range<Int>?

    private var fields = FieldSection()
    private var lines = LineScanner()
    private var hasStartLine = false
    private var isVersion10 = false
    private let limits: HTTP1Limits

    /// The bytes that every such head begins with.
    static let beginning: StaticString = "CONNECT "

    init(limits: HTTP1Limits) {
        self.limits = limits
    }

    /// Whether bytes begin as such a head does, as far as they go.
    static func begins(_ bytes: Span<UInt8>) -> Bool {
        beginning.withUTF8Buffer { expected in
            for index in 0..<min(bytes.count, expected.count) where unsafe bytes[index] != expected[index] {
                return false
            }
            return true
        }
    }

    /// Reads on, and tells whether the head is whole.
    mutating func scan(_ bytes: Span<UInt8>) throws(HTTP1Refusal) -> Bool {
        if !hasStartLine {
            guard let line = try lines.next(bytes, limit: 1024) else { return false }
            try readStartLine(bytes, line)
            hasStartLine = true
        }
        while let line = try lines.next(bytes, limit: limits.headBytes) {
            guard line.isEmpty else {
                try fields.append(bytes, line, limits: limits, allowsOpaque: false)
                continue
            }
            length = lines.position
            try fields.finish(bytes)
            host = fields.host
            if host == nil, !isVersion10 { throw HTTP1Refusal(.missingHost) }
            return true
        }
        return false
    }

    /// Whether fields give the request a body, which it cannot have (RFC 9110 §9.3.6).
    var hasBody: Bool { fields.isChunked || (fields.contentLength ?? 0) > 0 || fields.expectation != nil }

    /// Whether it asks for another protocol.
    var hasUpgrade: Bool { fields.upgrade != nil }

    private mutating func readStartLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTP1Refusal) {
        guard line.count > 8, Self.begins(bytes) else { throw HTTP1Refusal(.badStartLine) }
        let start = line.lowerBound + 8
        var index = start
        while index < line.upperBound, ByteClass.isTarget(bytes[index]) { index += 1 }
        guard index > start, index < line.upperBound, bytes[index] == UInt8(ascii: " ") else {
            throw HTTP1Refusal(.badTarget)
        }
        authority = start..<index
        let version = index + 1..<line.upperBound
        isVersion10 = bytes.holds("HTTP/1.0", at: version)
        guard isVersion10 || bytes.holds("HTTP/1.1", at: version) else { throw HTTP1Refusal(.unsupportedVersion) }
    }
}
