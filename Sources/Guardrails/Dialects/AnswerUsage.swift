public import ZeroTrust

/// Reads what an answer says of the tokens that it took, while it passes, and keeps nothing of it.
///
/// ```swift
/// var reader = AnswerUsage(dialect: .openAIChat, contentType: "text/event-stream")
/// reader?.feed(Array(#"data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#.utf8) + [0x0a, 0x0a])
/// reader?.usage                      // TokenUsage(input: 9, output: 4)
/// ```
///
/// What is stated last counts: a stream states the tokens of its answer again and again. Text that the model wrote stands in
/// strings, and is never taken for a statement.
public struct AnswerUsage: Sendable {
    private let format: AnswerFormat
    private var scan: UsageScan
    private var line = EventLine.mark(0)

    /// Where a server-sent event is read (WHATWG HTML §9.2.6); its data is one line in these APIs.
    private enum EventLine: Sendable {
        /// So many bytes of the byte order mark have come that a stream may begin with, and that is no part of its first line.
        case mark(Int)
        case start
        /// So many bytes of the field's name have been those of `data:`.
        case name(Int)
        case data
        case other
        /// A carriage return came, which a line feed may follow.
        case ended
    }

    /// A reader of an answer; nil where it states no usage that could be read.
    public init?(dialect: Dialect, contentType: String?) {
        guard let contentType, let format = AnswerFormat(contentType: contentType), format != .text else { return nil }
        switch dialect {
        case .openAI, .openAIChat, .openAICompletions, .openAIEmbeddings: scan = UsageScan(envelope: nil)
        case .openAIResponses: scan = UsageScan(envelope: "response")
        case .anthropic: scan = UsageScan(envelope: "message", hasCachesBeside: true)
        case .kserveV2, .kserveV1, .torchServe, .mcp, .json: return nil
        }
        self.format = format
    }

    /// What was stated so far; nil where nothing was.
    public var usage: TokenUsage? { scan.usage }

    /// Takes the next bytes of the answer's content, however they are cut.
    public mutating func feed(_ bytes: Span<UInt8>) {
        guard format == .events else { return scan.take(bytes, in: 0..<bytes.count) }
        var offset = 0
        while offset < bytes.count {
            if case .data = line {
                let start = offset
                while offset < bytes.count, bytes[offset] != 0x0a, bytes[offset] != 0x0d { offset += 1 }
                scan.take(bytes, in: start..<offset)
                guard offset < bytes.count else { return }
            }
            take(bytes[offset])
            offset += 1
        }
    }

    /// Takes the next bytes of the answer's content, however they are cut.
    public mutating func feed(_ bytes: [UInt8]) { feed(bytes.span) }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let field = Array("data:".utf8)

    private mutating func take(_ byte: UInt8) {
        let isEnd = byte == 0x0a || byte == 0x0d
        switch line {
        case .mark(let count):
            if byte == Self.mark[count] {
                line = count + 1 == Self.mark.count ? .start : .mark(count + 1)
            } else {
                line = count == 0 ? .start : .other
                take(byte)
            }
        case .ended where byte == 0x0a: line = .start
        case .start, .ended:
            if isEnd {
                // A blank line ends the event.
                scan.restart()
                line = byte == 0x0d ? .ended : .start
            } else {
                line = byte == Self.field[0] ? .name(1) : .other
            }
        case .name(let count):
            if isEnd {
                line = byte == 0x0d ? .ended : .start
            } else if byte == Self.field[count] {
                line = count + 1 == Self.field.count ? .data : .name(count + 1)
            } else {
                line = .other
            }
        case .data, .other: if isEnd { line = byte == 0x0d ? .ended : .start }
        }
    }
}

/// Finds the numbers of a usage object among the bytes of JSON.
///
/// It follows what is nested and what is a string, and judges nothing else: whoever gets the answer does.
private struct UsageScan: Sendable {
    /// What an object is, as far as it matters.
    private enum Place: Sendable {
        /// The value itself: a whole answer, or an event.
        case root
        /// The object under ``UsageScan/envelope``, which an event tells of.
        case envelope
        case usage
        /// What a number of the usage is made of.
        case details
        /// Nothing in it is looked for.
        case other
    }

    private enum Field: Sendable {
        case input, output, cacheRead, cacheWritten, cached, reasoning
    }

    private static let maximumDepth = 64
    /// No key that is looked for is longer.
    private static let maximumKey = 32
    /// No number that is believed has more digits.
    private static let maximumDigits = 15

    private let envelope: [UInt8]?
    /// Whether the tokens of caches are counted beside those of the input.
    private let hasCachesBeside: Bool
    private var places: [Place] = []
    /// How many containers lie between those in `places` and here, once there are too many.
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Whether a string that begins is a key.
    private var awaitsKey = false
    private var isKey = false
    private var key: [UInt8] = []
    private var digits: [UInt8] = []
    private var values: [Field: UInt64] = [:]

    init(envelope: String?, hasCachesBeside: Bool = false) {
        self.envelope = envelope.map { Array($0.utf8) }
        self.hasCachesBeside = hasCachesBeside
    }

    /// What was stated so far.
    ///
    /// Anthropic's `input_tokens` are those beside its caches; OpenAI's are all of them.
    var usage: TokenUsage? {
        guard !values.isEmpty else { return nil }
        let beside = hasCachesBeside ? [values[.cacheRead], values[.cacheWritten]].compactMap { $0 } : []
        let parts = [values[.input]].compactMap { $0 } + beside
        return TokenUsage(
            input: parts.isEmpty ? nil : parts.reduce(0, +),
            output: values[.output],
            cached: values[.cacheRead] ?? values[.cached],
            reasoning: values[.reasoning]
        )
    }

    /// Another value begins.
    mutating func restart() {
        places = []
        depth = 0
        (isInString, isEscaped, awaitsKey, isKey) = (false, false, false, false)
        key = []
        digits = []
    }

    mutating func take(_ bytes: Span<UInt8>, in range: Range<Int>) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            // Most of an answer is text, of which only the end matters.
            if isInString, !isKey, !isEscaped {
                while offset < range.upperBound, bytes[offset] != UInt8(ascii: "\""),
                    bytes[offset] != UInt8(ascii: "\\")
                {
                    offset += 1
                }
                guard offset < range.upperBound else { return }
            }
            take(bytes[offset])
            offset += 1
        }
    }

    private mutating func take(_ byte: UInt8) {
        if isInString { return takeOfString(byte) }
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            isKey = awaitsKey && place != .other
            if isKey { key.removeAll(keepingCapacity: true) }
        case UInt8(ascii: "{"), UInt8(ascii: "["): open(isObject: byte == UInt8(ascii: "{"))
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            note()
            if depth > 0 { depth -= 1 } else { _ = places.popLast() }
            awaitsKey = false
        case UInt8(ascii: ":"): awaitsKey = false
        case UInt8(ascii: ","):
            note()
            awaitsKey = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"),
            UInt8(ascii: "E"), UInt8(ascii: "+"):
            if holdsNumbers, digits.count <= Self.maximumDigits { digits.append(byte) }
        default: break
        }
    }

    private var place: Place { depth > 0 ? .other : places.last ?? .other }

    /// Whether a number here may be one that is looked for.
    private var holdsNumbers: Bool {
        switch place {
        case .usage, .details: true
        case .root, .envelope, .other: false
        }
    }

    private mutating func takeOfString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
            // No key that is looked for needs one.
            if isKey { key = [byte] }
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            digits.removeAll(keepingCapacity: true)
        } else if isKey, key.count <= Self.maximumKey {
            key.append(byte)
        }
    }

    private mutating func open(isObject: Bool) {
        digits.removeAll(keepingCapacity: true)
        awaitsKey = isObject
        guard depth == 0, places.count < Self.maximumDepth else { return depth += 1 }
        guard isObject else { return places.append(.other) }
        guard let parent = places.last else { return places.append(.root) }
        let opened: Place
        switch parent {
        case .root where key == envelope: opened = .envelope
        case .root where Self.isUsage(key), .envelope where Self.isUsage(key): opened = .usage
        case .usage where key.hasSuffix("_tokens_details"): opened = .details
        case .root, .envelope, .usage, .details, .other: opened = .other
        }
        places.append(opened)
    }

    private static func isUsage(_ key: [UInt8]) -> Bool { key.elementsEqual("usage".utf8) }

    /// Notes the number that has ended here, where it is one of those.
    private mutating func note() {
        defer { digits.removeAll(keepingCapacity: true) }
        guard !digits.isEmpty, digits.count <= Self.maximumDigits, let field,
            let value = UInt64(String(decoding: digits, as: UTF8.self))
        else { return }
        values[field] = value
    }

    private var field: Field? {
        switch (place, String(decoding: key, as: UTF8.self)) {
        case (.usage, "prompt_tokens"), (.usage, "input_tokens"): .input
        case (.usage, "completion_tokens"), (.usage, "output_tokens"): .output
        case (.usage, "cache_read_input_tokens"): .cacheRead
        case (.usage, "cache_creation_input_tokens"): .cacheWritten
        case (.details, "cached_tokens"): .cached
        case (.details, "reasoning_tokens"): .reasoning
        default: nil
        }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
