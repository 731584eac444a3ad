/// Reads what a ``StateWriter`` wrote, and never more than is there.
struct StateReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    /// What to throw where something is not what it should be.
    func damaged(_ what: String) -> MonitoringError {
        MonitoringError(
            .state,
            "the monitor's state is damaged at byte \(offset) (\(what)); remove the file, and it is rebuilt from the log"
        )
    }

    mutating func number() throws(MonitoringError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count, shift < 64 {
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw damaged("a number")
    }

    mutating func signed() throws(MonitoringError) -> Int64 {
        let value = try number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func double() throws(MonitoringError) -> Double { Double(bitPattern: try fixed(8)) }

    mutating func float() throws(MonitoringError) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: try fixed(4)))
    }

    mutating func string() throws(MonitoringError) -> String {
        String(decoding: try raw()[...], as: UTF8.self)
    }

    mutating func strings() throws(MonitoringError) -> [String] {
        var texts: [String] = []
        for _ in 0..<(try count(of: 1)) { texts.append(try string()) }
        return texts
    }

    mutating func raw() throws(MonitoringError) -> [UInt8] {
        let length = try count(of: 1)
        defer { offset += length }
        return Array(bytes[offset..<(offset + length)])
    }

    /// How many things of at least so many bytes follow; never more than there is room for.
    mutating func count(of size: Int) throws(MonitoringError) -> Int {
        let count = try number()
        guard count <= UInt64((bytes.count - offset) / size) else { throw damaged("a count of \(count)") }
        return Int(count)
    }

    private mutating func fixed(_ count: Int) throws(MonitoringError) -> UInt64 {
        guard bytes.count - offset >= count else { throw damaged("a number of \(count) bytes") }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += count
        return value
    }
}
