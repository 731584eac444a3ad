/// Numbers for names, so that detectors keep a few bytes where a name has a hundred.
///
/// The numbers follow from the order in which names were first seen. Names past the limit share the number 0.
struct NameTable: Sendable {
    private var numbers: [String: UInt32] = [:]
    private(set) var names: [String] = ["other"]
    /// How many times a name found no room.
    private(set) var refused: UInt64 = 0
    let limit: Int
    /// Bytes of all names.
    private var bytes = 0

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// The number of a name.
    mutating func number(of name: String) -> UInt32 {
        let name = name.utf8.count <= Self.maximumLength ? name : Self.cut(name)
        if let known = numbers[name] { return known }
        guard names.count < limit, bytes + name.utf8.count <= Self.maximumBytes else {
            refused += 1
            return 0
        }
        bytes += name.utf8.count
        let number = UInt32(names.count)
        // A name of a record may be part of a larger text: it is copied, so that only its own bytes are kept.
        let own = String(decoding: Array(name.utf8), as: UTF8.self)
        names.append(own)
        numbers[own] = number
        return number
    }

    private static func cut(_ name: String) -> String {
        String(decoding: Array(name.utf8.prefix(maximumLength)), as: UTF8.self)
    }

    /// The number of a name, if it has one.
    func existing(_ name: String) -> UInt32? { numbers[name] }

    subscript(number: UInt32) -> String { Int(number) < names.count ? names[Int(number)] : names[0] }

    /// The most bytes of all names together: whoever makes up names fills no more.
    static let maximumBytes = 128 << 20
    /// The most bytes of a name that are kept.
    static let maximumLength = 2_048

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(limit))
        writer.write(refused)
        writer.write(names)
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        self.init(limit: Int(clamping: try reader.number()))
        refused = try reader.number()
        names = try reader.strings()
        guard !names.isEmpty, names.count <= limit else { throw reader.damaged("the table of names") }
        for (number, name) in names.enumerated().dropFirst() {
            numbers[name] = UInt32(number)
            bytes += name.utf8.count
        }
    }
}
