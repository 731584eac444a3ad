/// Reads a pickle's bytes in order, a piece of the input at a time.
struct PickleReader {
    /// The longest line of a text opcode.
    private static let longestLine = 1 << 20
    private static let piece = 1 << 16

    let input: ScanInput
    /// How many bytes were passed over unread.
    private(set) var passedOver: UInt64 = 0
    private var buffer: [UInt8] = []
    /// Where the buffer begins in the input.
    private var base: UInt64
    private var position = 0

    init(_ input: ScanInput, at offset: UInt64 = 0) {
        self.input = input
        self.base = offset
    }

    /// The offset of the next byte.
    var offset: UInt64 { base + UInt64(position) }

    /// How many bytes are left.
    var remaining: UInt64 { input.size > offset ? input.size - offset : 0 }

    mutating func byte() throws(ScanStop) -> UInt8 {
        if position == buffer.count { try refill() }
        let byte = buffer[position]
        position += 1
        return byte
    }

    /// A little-endian number of up to eight bytes.
    mutating func number(_ bytes: Int) throws(ScanStop) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<bytes { value |= UInt64(try byte()) << UInt64(8 * index) }
        return value
    }

    /// The first bytes of a run of so many, which is passed over whole.
    mutating func run(_ count: UInt64, keeping limit: Int) throws(ScanStop) -> [UInt8] {
        guard count <= remaining else { throw Self.truncated(offset) }
        let kept = Int(min(count, UInt64(limit)))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(kept)
        while bytes.count < kept {
            if position == buffer.count { try refill() }
            let count = min(kept - bytes.count, buffer.count - position)
            bytes.append(contentsOf: buffer[position..<(position + count)])
            position += count
        }
        try skip(count - UInt64(kept))
        return bytes
    }

    /// Passes over bytes.
    mutating func skip(_ count: UInt64) throws(ScanStop) {
        guard count <= remaining else { throw Self.truncated(offset) }
        passedOver += count
        if count <= UInt64(buffer.count - position) {
            position += Int(count)
        } else {
            base = offset + count
            buffer = []
            position = 0
        }
    }

    /// The bytes up to a line feed, which is passed over and left out.
    ///
    /// Python's slower unpickler, which joblib and dill build on, takes a last line without one as well, and cuts off its
    /// last byte.
    mutating func line(orRest: Bool = false) throws(ScanStop) -> [UInt8] {
        let start = offset
        var line: [UInt8] = []
        while true {
            if orRest, remaining == 0 { return line.dropLast() }
            if position == buffer.count { try refill() }
            let end = buffer[position...].firstIndex(of: 0x0a)
            let part = buffer[position..<(end ?? buffer.count)]
            guard line.count + part.count <= Self.longestLine else {
                throw ScanStop(rule: "limit-steps", offset: start, message: "a line of it does not end")
            }
            line += part
            position += part.count
            guard end != nil else { continue }
            position += 1
            return line
        }
    }

    /// The first bytes of a line that may be of any length, its last byte, and how many it has without its line feed.
    mutating func longLine(keeping limit: Int) throws(ScanStop) -> (beginning: [UInt8], last: UInt8?, count: Int) {
        var (beginning, last, count): ([UInt8], UInt8?, Int) = ([], nil, 0)
        while true {
            if position == buffer.count { try refill() }
            let rest = buffer[position...]
            let part = rest.prefix { $0 != 0x0a }
            beginning += part.prefix(limit - beginning.count)
            last = part.last ?? last
            count += part.count
            position += part.count
            guard part.count < rest.count else { continue }
            position += 1
            return (beginning, last, count)
        }
    }

    private mutating func refill() throws(ScanStop) {
        guard remaining > 0 else { throw Self.truncated(offset) }
        let next = offset
        buffer = try input.read(at: next, count: Int(min(UInt64(Self.piece), remaining)))
        base = next
        position = 0
    }

    private static func truncated(_ offset: UInt64) -> ScanStop {
        ScanStop(rule: "pickle-truncated", offset: offset, message: "the pickle ends before it is complete")
    }
}
