/// A set of small numbers, a bit for each.
struct Bits: Hashable, Sendable {
    private var words: [UInt64] = []

    init() {}

    func contains(_ number: UInt32) -> Bool {
        let word = Int(number >> 6)
        return word < words.count && words[word] >> UInt64(number & 63) & 1 == 1
    }

    mutating func insert(_ number: UInt32) {
        let word = Int(number >> 6)
        if word >= words.count {
            words.reserveCapacity(word + 1)
            words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
        }
        words[word] |= 1 << UInt64(number & 63)
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(words.count))
        for word in words { writer.write(word) }
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        for _ in 0..<(try reader.count(of: 1)) { words.append(try reader.number()) }
    }
}
