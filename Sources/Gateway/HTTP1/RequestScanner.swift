/// Reads the head of a request strictly, as its bytes arrive.
///
/// What two servers could read in two ways is refused (RFC 9112 §11.2), so that the upstream reads exactly the message
/// that was decided on. The scanner does no I/O: the caller keeps the bytes, passes them from the head's start each
/// time, and drops ``length`` of them once the head is whole.
///
/// ```swift
/// var scanner = RequestScanner(limits: HTTP1Limits())
/// if try scanner.scan(buffer.readableBytesUInt8Span) {
///     // scanner.method, scanner.path, scanner.fields ...
/// }
/// ```
struct RequestScanner: Sendable {
    /// The method.
    private(set) var method = HTTP1Method.get
    /// The request target as sent.
    private(set) var target = 0..<0
    /// The target's path and query; empty where an absolute target has none, which means `/`, and in `CONNECT`.
    private(set) var path = 0..<0
    /// The value of `Host`: a host and perhaps a port, and in `CONNECT` certainly one.
    private(set) var authority = 0..<0
    /// The field lines.
    private(set) var fields = FieldSection()
    /// Where the body ends.
    private(set) var framing = MessageFraming.none
    /// Whether the client waits for `100 Continue` before it sends the body.
    private(set) var expectsContinue = false
    /// The bytes of the whole head.
    private(set) var length = 0

    /// Whether a tunnel may be asked for, which is then left to whoever knows the route.
    var allowsConnect = false

    private let limits: HTTP1Limits
    private let allowsUpgrade: Bool
    private var lines = LineScanner()
    private var hasStartLine = false

    /// What stands around the target on a start line: the longest method, two spaces, the version and CRLF.
    private static let startLineOverhead = 7 + 1 + 1 + 8 + 2

    /// With `allowsUpgrade`, whether another protocol may be asked for is left to whoever knows the route.
    init(limits: HTTP1Limits, allowsUpgrade: Bool = false) {
        self.limits = limits
        self.allowsUpgrade = allowsUpgrade
    }

    /// Whether nothing of a head has been read yet.
    var isAtStart: Bool { !hasStartLine && lines.position == 0 }

    /// Whether the connection may carry another request after this one (RFC 9112 §9.3).
    var keepsAlive: Bool { !fields.closes }

    /// The start line, its CRLF included.
    var startLine: Range<Int> { 0..<target.upperBound + 11 }

    /// Whether the start line, as it came in the head's bytes, asks for a path and query in origin form (RFC 9112
    /// §3.2.1).
    func asksFor(_ path: String, _ bytes: Span<UInt8>) -> Bool {
        method != .connect && self.path == target && bytes.holds(path.utf8.span, at: target)
    }

    /// Makes ready for the next head, and keeps the storage.
    mutating func reset() {
        fields.removeAll()
        lines = LineScanner()
        hasStartLine = false
        length = 0
    }

    /// Lets the last field lines pass though `Connection` nominates them (``FieldSection/keepLast(_:)``).
    mutating func keepLast(_ count: Int) { fields.keepLast(count) }

    /// Reads on, and tells whether the head is whole.
    mutating func scan(_ bytes: Span<UInt8>) throws(HTTP1Refusal) -> Bool {
        if !hasStartLine {
            try Self.checkBeginning(bytes)
            let limit = min(limits.headBytes, limits.targetBytes + Self.startLineOverhead)
            let line: Range<Int>?
            do {
                line = try lines.next(bytes, limit: limit)
            } catch  where error.code == .headTooLarge {
                throw HTTP1Refusal(.targetTooLong)
            }
            guard let line else { return false }
            try readStartLine(bytes, line)
            hasStartLine = true
        }
        while let line = try lines.next(bytes, limit: limits.headBytes) {
            guard line.isEmpty else {
                try fields.append(bytes, line, limits: limits, allowsOpaque: false)
                continue
            }
            length = lines.position
            try finish(bytes)
            return true
        }
        return false
    }

    /// Checks that what came so far can be a method, so that another protocol is refused at its first bytes.
    private static func checkBeginning(_ bytes: Span<UInt8>) throws(HTTP1Refusal) {
        for index in 0..<min(bytes.count, 8) {
            let byte = bytes[index]
            if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { continue }
            if byte == UInt8(ascii: " "), index > 0 { return }
            throw HTTP1Refusal(ByteClass.isToken(byte) ? .unknownMethod : .badStartLine)
        }
        guard bytes.count < 8 else { throw HTTP1Refusal(.unknownMethod) }
    }

    /// `method SP request-target SP HTTP-version` (RFC 9112 §3).
    private mutating func readStartLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTP1Refusal) {
        var index = line.lowerBound
        while index < line.upperBound, ByteClass.isToken(bytes[index]) { index += 1 }
        guard index > line.lowerBound, index < line.upperBound, bytes[index] == UInt8(ascii: " ") else {
            throw HTTP1Refusal(.badStartLine)
        }
        method = try HTTP1Method(bytes, line.lowerBound..<index)
        guard method != .connect || allowsConnect else { throw HTTP1Refusal(.unsupportedMethod) }
        index += 1
        let start = index
        while index < line.upperBound, ByteClass.isTarget(bytes[index]) { index += 1 }
        target = start..<index
        guard target.count <= limits.targetBytes else { throw HTTP1Refusal(.targetTooLong) }
        guard index < line.upperBound, bytes[index] == UInt8(ascii: " ") else { throw HTTP1Refusal(.badTarget) }
        try Self.readVersion(bytes, index + 1..<line.upperBound)
        try readTarget(bytes)
    }

    private static func readVersion(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTP1Refusal) {
        if bytes.holds("HTTP/1.1", at: range) { return }
        let isVersion =
            range.count == 8 && bytes.holds("HTTP/", at: range.lowerBound..<range.lowerBound + 5)
            && ByteClass.isDigit(bytes[range.lowerBound + 5]) && bytes[range.lowerBound + 6] == UInt8(ascii: ".")
            && ByteClass.isDigit(bytes[range.lowerBound + 7])
        throw HTTP1Refusal(isVersion ? .unsupportedVersion : .badStartLine)
    }

    /// Origin form, or absolute form whose authority is compared with `Host` later; in `CONNECT` authority form and
    /// nothing else (RFC 9112 §3.2).
    private mutating func readTarget(_ bytes: Span<UInt8>) throws(HTTP1Refusal) {
        authority = 0..<0
        guard !target.isEmpty else { throw HTTP1Refusal(.badTarget) }
        if method == .connect {
            guard Self.isAuthority(bytes, target, needsPort: true) else { throw HTTP1Refusal(.badTarget) }
            authority = target
            path = 0..<0
            return
        }
        if bytes[target.lowerBound] == UInt8(ascii: "/") {
            path = target
            return
        }
        let scheme: Int
        if target.count > 7, bytes.holds("http://", at: target.lowerBound..<target.lowerBound + 7) {
            scheme = 7
        } else if target.count > 8, bytes.holds("https://", at: target.lowerBound..<target.lowerBound + 8) {
            scheme = 8
        } else {
            throw HTTP1Refusal(.badTarget)
        }
        let start = target.lowerBound + scheme
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        guard end > start else { throw HTTP1Refusal(.badTarget) }
        authority = start..<end
        path = end..<target.upperBound
    }

    private mutating func finish(_ bytes: Span<UInt8>) throws(HTTP1Refusal) {
        try fields.finish(bytes)
        guard let host = fields.host else { throw HTTP1Refusal(.missingHost) }
        guard Self.isAuthority(bytes, host) else { throw HTTP1Refusal(.badHost) }
        guard authority.isEmpty || bytes.equalFolded(authority, host) else { throw HTTP1Refusal(.authorityMismatch) }
        authority = host
        guard fields.upgrade == nil || allowsUpgrade && method != .connect else {
            throw HTTP1Refusal(.unsupportedUpgrade)
        }
        // It has no content (RFC 9110 §9.3.6): where it says that it has, what follows could be read in two ways.
        guard method != .connect || !fields.isChunked && fields.contentLength == nil && fields.expectation == nil else {
            throw HTTP1Refusal(.unexpectedBody)
        }
        expectsContinue = false
        if let expectation = fields.expectation {
            guard bytes.holdsFolded("100-continue", at: expectation) else {
                throw HTTP1Refusal(.unsupportedExpectation)
            }
            expectsContinue = true
        }
        if fields.isChunked {
            framing = .chunked
        } else if let length = fields.contentLength, length > 0 {
            framing = .length(length)
        } else {
            framing = .none
        }
    }

    /// `uri-host [ ":" port ]` (RFC 9110 §7.2) without user information, escapes or zone.
    private static func isAuthority(_ bytes: Span<UInt8>, _ range: Range<Int>, needsPort: Bool = false) -> Bool {
        guard !range.isEmpty, range.count <= 261 else { return false }
        var index = range.lowerBound
        if bytes[index] == UInt8(ascii: "[") {
            index += 1
            let start = index
            while index < range.upperBound, isAddressByte(bytes[index]) { index += 1 }
            guard index - start >= 2, index < range.upperBound, bytes[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < range.upperBound, ByteClass.isHostName(bytes[index]) { index += 1 }
            guard index > range.lowerBound else { return false }
        }
        guard index < range.upperBound else { return !needsPort }
        guard bytes[index] == UInt8(ascii: ":") else { return false }
        let port = index + 1..<range.upperBound
        guard (1...5).contains(port.count), bytes[port.lowerBound] != UInt8(ascii: "0") else { return false }
        var value = 0
        for index in port {
            guard ByteClass.isDigit(bytes[index]) else { return false }
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return value <= 65535
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        ByteClass.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}
