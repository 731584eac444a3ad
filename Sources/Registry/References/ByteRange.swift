/// The first and the last byte of a piece of content.
public struct ByteRange: Hashable, Sendable {
    /// The first byte's offset.
    public let first: UInt64
    /// The last byte's offset.
    public let last: UInt64

    /// How many bytes there are.
    public var count: UInt64 { last - first + 1 }

    /// A piece; nil where it ends before it begins.
    public init?(first: UInt64, last: UInt64) {
        guard first <= last, last < UInt64(Int64.max) else { return nil }
        self.first = first
        self.last = last
    }

    /// Parses the `Content-Range` of a chunk: `0-1023` as the distribution specification writes it, or
    /// `bytes 0-1023/*` as some clients do; nil for anything else.
    public init?(contentRange text: String) {
        var text = text[...]
        if text.hasPrefix("bytes ") {
            text = text.dropFirst(6)
            guard let slash = text.firstIndex(of: "/") else { return nil }
            let total = text[text.index(after: slash)...]
            guard total == "*" || Self.number(total) != nil else { return nil }
            text = text[..<slash]
        }
        guard let hyphen = text.firstIndex(of: "-"), let first = Self.number(text[..<hyphen]),
            let last = Self.number(text[text.index(after: hyphen)...])
        else { return nil }
        self.init(first: first, last: last)
    }

    /// What a request's `Range` asks for of content of a length (RFC 9110 §14.1.2).
    public enum Request: Hashable, Sendable {
        /// All of it: no range, one in another unit, or several, which a server may pass over.
        case whole
        /// A piece that the content has.
        case part(ByteRange)
        /// None that the content has.
        case unsatisfiable

        /// Reads the field.
        public init(_ text: String?, length: UInt64) {
            self = text.flatMap { Self.read($0, length: length) } ?? .whole
        }

        /// What one range of bytes asks for; nil for anything else.
        private static func read(_ text: String, length: UInt64) -> Self? {
            guard text.utf8.count <= 64, text.lowercased().hasPrefix("bytes="), !text.contains(",") else { return nil }
            let bounds = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
            guard bounds.count == 2 else { return nil }
            if bounds[0].isEmpty {
                guard let suffix = ByteRange.number(bounds[1]) else { return nil }
                guard suffix > 0, length > 0 else { return .unsatisfiable }
                return ByteRange(first: length - min(suffix, length), last: length - 1).map { .part($0) }
            }
            guard let first = ByteRange.number(bounds[0]) else { return nil }
            var last = UInt64.max
            if !bounds[1].isEmpty {
                guard let number = ByteRange.number(bounds[1]), first <= number else { return nil }
                last = number
            }
            guard first < length else { return .unsatisfiable }
            return ByteRange(first: first, last: min(last, length - 1)).map { .part($0) }
        }
    }

    /// A plain decimal number of at most 18 digits.
    static func number(_ text: Substring) -> UInt64? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(text)
    }
}
