/// An answer to the kernel: little-endian numbers and bytes behind one another (linux/fuse.h).
struct FUSEReply {
    private(set) var body: [UInt8] = []

    /// Adds a number of 2, 4 or 8 bytes.
    mutating func add(_ value: some FixedWidthInteger) {
        for index in 0..<(value.bitWidth / 8) { body.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    /// Adds bytes.
    mutating func add(bytes: [UInt8]) { body += bytes }

    /// Adds zeros.
    mutating func skip(_ count: Int) { body += [UInt8](repeating: 0, count: count) }

    /// The answer with its header; the error is 0 or an errno.
    static func message(to identifier: UInt64, error: Int32, body: [UInt8] = []) -> [UInt8] {
        header(to: identifier, error: error, count: body.count) + body
    }

    /// The header of an answer whose body has so many bytes.
    static func header(to identifier: UInt64, error: Int32, count: Int) -> [UInt8] {
        var reply = FUSEReply()
        reply.add(UInt32(16 + count))
        reply.add(-error)
        reply.add(identifier)
        return reply.body
    }
}
