/// Numbers for names, so that detectors keep a few bytes where a name has a hundred.
///
/// The numbers follow from the order in which names were first seen. Names past the limit share the number 0, and so do those
/// that one caller brings past its share, so that nobody fills the table for everybody.
struct NameTable: Sendable {
    private var numbers: [String: UInt32] = [:]
    private(set) var names: [String] = ["other"]
    /// How many times a name found no room.
    private(set) var refused: UInt64 = 0
    let limit: Int
    /// How many names each caller brought, by the caller's number.
    private var brought: [UInt32: UInt32] = [:]
    /// Bytes of all names.
    private var bytes = 0
    /// The names that were asked for last, by how long they are: most of a log names the same few, and comparing costs less
    /// than hashing.
    private var recent = [(name: String, number: UInt32)?](repeating: nil, count: 16)

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// Who brings the names of callers that proved no identity: all of them together.
    static let nobody = UInt32.max

    /// The most names that one caller brings.
    private var share: UInt32 { UInt32(clamping: max(limit / 32, 16)) }

    /// The number of a name, which a caller of a number or ``nobody`` brought, or, where that is nil, somebody who proved it.
    mutating func number(of name: String, for caller: UInt32?) -> UInt32 {
        let place = name.utf8.count % recent.count
        if let last = recent[place], last.name == name { return last.number }
        let name = name.utf8.count <= Self.maximumLength ? name : Self.cut(name)
        if let known = numbers[name] {
            recent[place] = (names[Int(known)], known)
            return known
        }
        guard names.count < limit, bytes + name.utf8.count <= Self.maximumBytes,
            caller.map({ brought[$0, default: 0] < share }) ?? true
        else {
            refused += 1
            return 0
        }
        if let caller { brought[caller, default: 0] += 1 }
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
    func existing(_ name: String) -> UInt32? {
        numbers[name.utf8.count <= Self.maximumLength ? name : Self.cut(name)]
    }

    subscript(number: UInt32) -> String { Int(number) < names.count ? names[Int(number)] : names[0] }

    /// The most bytes of all names together: whoever makes up names fills no more.
    static let maximumBytes = 128 << 20
    /// The most bytes of a name that are kept.
    static let maximumLength = 2_048

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(limit))
        writer.write(refused)
        writer.write(names)
        writer.write(UInt64(brought.count))
        for (caller, count) in brought.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(caller))
            writer.write(UInt64(count))
        }
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
        for _ in 0..<(try reader.count(of: 2)) {
            brought[UInt32(clamping: try reader.number())] = UInt32(clamping: try reader.number())
        }
    }
}
