/// A request of the kernel's to a file system (linux/fuse.h, protocol 7.36).
struct FUSERequest {
    /// What is asked for; others are answered with `ENOSYS`.
    enum Operation: UInt64 {
        case lookup = 1, forget = 2, attributes = 3, open = 14, read = 15, statistics = 17, release = 18, flush = 25
        case initialize = 26, openFolder = 27, readFolder = 28, releaseFolder = 29, access = 34, destroy = 38
        case forgetMany = 42
    }

    /// Bytes of the header.
    static let headerSize = 40

    let operation: Operation?
    let identifier: UInt64
    let node: UInt64
    /// A copy: the request may outlive the memory that it was read into.
    private let body: [UInt8]

    /// Reads a request; nil where its header is cut short.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count >= Self.headerSize else { return nil }
        operation = Operation(rawValue: Self.number(bytes, 4, 4))
        identifier = Self.number(bytes, 8, 8)
        node = Self.number(bytes, 16, 8)
        body = Array(bytes.dropFirst(Self.headerSize))
    }

    /// A number of the body; 0 where it is cut short.
    func number(at offset: Int, size: Int) -> UInt64 { Self.number(body[...], offset, size) }

    /// Where a read begins.
    var offset: UInt64 { number(at: 8, size: 8) }

    /// How many bytes a read asks for.
    var count: Int { Int(min(number(at: 16, size: 4), 1 << 22)) }

    /// The body as a name that ends with a zero.
    var name: [UInt8] { Array(body.prefix { $0 != 0 }) }

    private static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ size: Int) -> UInt64 {
        guard bytes.count >= offset + size else { return 0 }
        let start = bytes.startIndex + offset
        return bytes[start..<(start + size)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
