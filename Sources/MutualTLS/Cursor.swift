/// Takes big-endian numbers and length-prefixed vectors off the front of bytes (RFC 8446 §3).
struct Cursor {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Whether nothing is left.
    var isEmpty: Bool { rest.isEmpty }

    /// The next bytes, or nil where there are fewer.
    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// The next number of so many bytes.
    mutating func integer(_ width: Int) -> Int? {
        bytes(width)?.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The next vector, whose length stands before it in so many bytes.
    mutating func vector(_ width: Int) -> ArraySlice<UInt8>? {
        guard let count = integer(width) else { return nil }
        return bytes(count)
    }
}
