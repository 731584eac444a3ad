/// The field lines of a head, and what they say together about the message and the connection.
struct FieldSection: Sendable {
    /// The lines in the order sent.
    private(set) var lines: [FieldLine] = []
    /// The value of `Host`.
    private(set) var host: Range<Int>?
    /// The value of `Content-Length`.
    private(set) var contentLength: UInt64?
    /// Whether `Transfer-Encoding: chunked` was sent.
    private(set) var isChunked = false
    /// Whether `Connection: close` was sent.
    private(set) var closes = false
    /// The value of `Upgrade`.
    private(set) var upgrade: Range<Int>?
    /// Whether `Connection` names `Upgrade`, as whoever means it has to (RFC 9110 §7.8).
    private(set) var nominatesUpgrade = false
    /// The value of `Expect`.
    private(set) var expectation: Range<Int>?
    private var nominations: [Range<Int>] = []

    /// The fields that `Connection` may nominate in one head.
    static let maximumNominations = 16

    /// Forgets everything, and keeps the storage.
    mutating func removeAll() {
        lines.removeAll(keepingCapacity: true)
        nominations.removeAll(keepingCapacity: true)
        host = nil
        contentLength = nil
        isChunked = false
        closes = false
        upgrade = nil
        nominatesUpgrade = false
        expectation = nil
    }

    /// Takes one line.
    mutating func append(
        _ bytes: Span<UInt8>,
        _ text: Range<Int>,
        limits: HTTP1Limits,
        allowsOpaque: Bool
    ) throws(HTTP1Refusal) {
        guard lines.count < limits.fields else { throw HTTP1Refusal(.tooManyFields) }
        let line = try FieldLine(bytes, text, allowsOpaque: allowsOpaque)
        switch line.name {
        case .host:
            guard host == nil else { throw HTTP1Refusal(.duplicateHost) }
            host = line.value
        case .contentLength:
            guard contentLength == nil else { throw HTTP1Refusal(.duplicateContentLength) }
            contentLength = try Self.contentLength(bytes, line.value)
        case .transferEncoding:
            // Exactly one coding, spelled in one way (RFC 9112 §6.1 allows more; nothing sends more).
            guard !isChunked, bytes.holds("chunked", at: line.value) else {
                throw HTTP1Refusal(.badTransferEncoding)
            }
            isChunked = true
        case .connection: try readConnection(bytes, line.value)
        case .upgrade: upgrade = line.value
        case .expect:
            guard expectation == nil else { throw HTTP1Refusal(.unsupportedExpectation) }
            expectation = line.value
        default: break
        }
        lines.append(line)
    }

    /// Draws the conclusions once the last line is read.
    mutating func finish(_ bytes: Span<UInt8>) throws(HTTP1Refusal) {
        // RFC 9112 §6.3 item 3: this ought to be handled as an error.
        guard !isChunked || contentLength == nil else { throw HTTP1Refusal(.lengthAndEncoding) }
        for nomination in nominations {
            for index in lines.indices where bytes.equalFolded(nomination, lines[index].nameRange) {
                switch lines[index].name {
                case .host, .contentLength, .transferEncoding, .expect: throw HTTP1Refusal(.badConnection)
                case .connection: break
                case .upgrade:
                    nominatesUpgrade = true
                    lines[index].name = .hopByHop
                default: lines[index].name = .hopByHop
                }
            }
        }
    }

    /// Takes the last lines for what they are, whatever `Connection` says of them: it nominates what its sender added, and
    /// these were added behind it by somebody else.
    mutating func keepLast(_ count: Int) {
        for index in lines.indices.suffix(count) where lines[index].name == .hopByHop { lines[index].name = .other }
    }

    /// `1*DIGIT` without sign, list or leading zero (RFC 9112 §6.2), below 10^18.
    private static func contentLength(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTP1Refusal) -> UInt64 {
        guard (1...18).contains(range.count), range.count == 1 || bytes[range.lowerBound] != UInt8(ascii: "0") else {
            throw HTTP1Refusal(.badContentLength)
        }
        var value: UInt64 = 0
        for index in range {
            guard ByteClass.isDigit(bytes[index]) else { throw HTTP1Refusal(.badContentLength) }
            value = value * 10 + UInt64(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }

    /// `#connection-option` (RFC 9110 §7.6.1): tokens with commas between them.
    private mutating func readConnection(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTP1Refusal) {
        var index = range.lowerBound
        while true {
            while index < range.upperBound, ByteClass.isBlank(bytes[index]) { index += 1 }
            let start = index
            while index < range.upperBound, ByteClass.isToken(bytes[index]) { index += 1 }
            let option = start..<index
            while index < range.upperBound, ByteClass.isBlank(bytes[index]) { index += 1 }
            guard !option.isEmpty, index == range.upperBound || bytes[index] == UInt8(ascii: ",") else {
                throw HTTP1Refusal(.badConnection)
            }
            if bytes.holdsFolded("close", at: option) {
                closes = true
            } else if !bytes.holdsFolded("keep-alive", at: option) {
                guard nominations.count < Self.maximumNominations else { throw HTTP1Refusal(.badConnection) }
                nominations.append(option)
            }
            guard index < range.upperBound else { return }
            index += 1
        }
    }
}

extension Span<UInt8> {
    /// Whether the bytes at a range are exactly a text.
    func holds(_ text: StaticString, at range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            for offset in 0..<range.count where unsafe self[range.lowerBound + offset] != expected[offset] {
                return false
            }
            return true
        }
    }

    /// Whether the bytes at a range are exactly others.
    func holds(_ other: Span<UInt8>, at range: Range<Int>) -> Bool {
        guard range.count == other.count else { return false }
        for offset in 0..<range.count where self[range.lowerBound + offset] != other[offset] { return false }
        return true
    }

    /// Whether the bytes at a range are a text in lower case, in any case.
    func holdsFolded(_ text: StaticString, at range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            for offset in 0..<range.count
            where unsafe ByteClass.folded(self[range.lowerBound + offset]) != expected[offset] {
                return false
            }
            return true
        }
    }

    /// Whether two ranges hold the same name, without regard to case, and with `_` read as `-`.
    func equalFolded(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count
        where ByteClass.folded(self[one.lowerBound + offset]) != ByteClass.folded(self[other.lowerBound + offset]) {
            return false
        }
        return true
    }
}
