/// A path with operators: `{*}` is one segment that is not empty, `{**}` any number of segments.
///
/// Both take whole segments; `{**}` is the last operator. `/a/{**}` matches `/a/` and not `/a`.
public struct PathTemplate: Hashable, Sendable {
    enum Segment: Hashable, Sendable {
        case literal([UInt8])
        case one
    }

    /// The segments before `{**}`, or all of them.
    let segments: [Segment]
    /// What follows `{**}`, beginning with its slash, or nil where there is no `{**}`.
    let tail: [UInt8]?
    /// What every matching path begins with.
    let literalPrefix: [UInt8]

    /// Why a text is no template.
    public enum Problem: Error, Hashable, Sendable {
        /// A template begins with `/`.
        case noLeadingSlash
        /// `{` or `}` stands outside `{*}` and `{**}`, or an operator is not a whole segment.
        case strayBrace(segment: String)
        /// An operator follows `{**}`.
        case operatorAfterDoubleStar
        /// A segment is empty or has a byte that no path segment of a template has.
        case badSegment(String)
    }

    /// Whether a value is meant as a template.
    public static func isTemplate(_ text: String) -> Bool {
        text.contains("{*}") || text.contains("{**}")
    }

    /// Parses a template.
    ///
    /// - Throws: ``Problem``, the first that is found.
    public init(_ text: String) throws(Problem) {
        guard text.utf8.first == UInt8(ascii: "/") else { throw .noLeadingSlash }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var segments: [Segment] = []
        var tail: [UInt8]?
        for (index, part) in parts.enumerated() {
            switch part {
            case "{*}", "{**}":
                guard tail == nil else { throw .operatorAfterDoubleStar }
                if part == "{*}" { segments.append(.one) } else { tail = [] }
            default:
                guard !part.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
                    throw .strayBrace(segment: String(part))
                }
                let isLast = index == parts.count - 1
                guard !part.isEmpty || isLast, part.utf8.allSatisfy(Self.isLiteralByte) else {
                    throw .badSegment(String(part))
                }
                if tail == nil {
                    segments.append(.literal(Array(part.utf8)))
                } else {
                    tail?.append(UInt8(ascii: "/"))
                    tail?.append(contentsOf: part.utf8)
                }
            }
        }
        var prefix: [UInt8] = []
        for segment in segments {
            prefix.append(UInt8(ascii: "/"))
            guard case .literal(let bytes) = segment else { break }
            prefix += bytes
        }
        if tail != nil, segments.allSatisfy({ $0 != .one }) { prefix.append(UInt8(ascii: "/")) }
        self.segments = segments
        self.tail = tail
        self.literalPrefix = prefix
    }

    /// Whether a path without its query matches; takes time in proportion to its length.
    func matches(_ path: Span<UInt8>) -> Bool {
        var index = 0
        for number in segments.indices {
            guard index < path.count, path[index] == UInt8(ascii: "/") else { return false }
            index += 1
            switch segments[number] {
            case .literal(let bytes):
                guard path.hasBytes(bytes, at: index) else { return false }
                index += bytes.count
            case .one:
                let start = index
                while index < path.count, Self.isSegmentByte(path[index]) { index += 1 }
                guard index > start else { return false }
            }
        }
        guard let tail else { return index == path.count }
        guard index < path.count, path[index] == UInt8(ascii: "/") else { return false }
        index += 1
        let end = path.count - tail.count
        guard index <= end, path.hasBytes(tail, at: end) else { return false }
        while index < end {
            guard path[index] == UInt8(ascii: "/") || Self.isSegmentByte(path[index]) else { return false }
            index += 1
        }
        return true
    }

    /// Whether a path matches, its query left out.
    public func matches(_ path: String) -> Bool {
        let bytes = path.utf8.span
        return matches(bytes.extracting(0..<bytes.pathCount))
    }

    /// The bytes of a segment that a template may write: those of a path's but for `*`, which Istio keeps for wildcards.
    static func isLiteralByte(_ byte: UInt8) -> Bool { byte != UInt8(ascii: "*") && isSegmentByte(byte) }

    /// The bytes of a path's segment that an operator stands for: RFC 3986 `pchar`, and `%`.
    ///
    /// A `*` in a request is one of them to Envoy 1.40, which was asked about each printed byte.
    static func isSegmentByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}

extension PathTemplate.Problem: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .noLeadingSlash: "a path template begins with `/`"
        case .strayBrace(let segment):
            "`{` and `}` are allowed only in a segment that is `{*}` or `{**}`; found `\(segment)`"
        case .operatorAfterDoubleStar: "no operator may follow `{**}`"
        case .badSegment(let segment):
            segment.isEmpty
                ? "a path template has no empty segment (`//`)"
                : "the segment `\(segment)` has a character that a path template may not hold"
        }
    }
}

extension Span<UInt8> {
    /// Whether these bytes stand at an index.
    func hasBytes(_ bytes: [UInt8], at index: Int) -> Bool {
        guard index >= 0, bytes.count <= count - index else { return false }
        for offset in 0..<bytes.count where self[index + offset] != bytes[offset] { return false }
        return true
    }

    /// Whether these bytes, in lower case, stand at an index, whatever the case of the letters there.
    func hasBytesIgnoringCase(_ bytes: [UInt8], at index: Int) -> Bool {
        guard index >= 0, bytes.count <= count - index else { return false }
        for offset in 0..<bytes.count where self[index + offset].lowercasedASCII != bytes[offset] { return false }
        return true
    }

    /// How many bytes come before the query.
    var pathCount: Int {
        for index in 0..<count where self[index] == UInt8(ascii: "?") || self[index] == UInt8(ascii: "#") {
            return index
        }
        return count
    }
}

extension UInt8 {
    /// The byte with an ASCII capital made small.
    var lowercasedASCII: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
