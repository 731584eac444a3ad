import Foundation

/// Counts different things in little memory: HyperLogLog (Flajolet and others, 2007), exact while there are few.
///
/// Two sketches of the same precision merge into the sketch of both, so that a fleet's nodes can be counted together.
public struct HyperLogLog: Hashable, Sendable {
    /// The logarithm of the number of registers, 4 to 14: the error is about 1.04 ÷ √2^precision.
    public let precision: Int
    /// Hashes, in order, while they are few.
    private var few: [UInt64] = []
    /// Registers, once they are many; empty until then.
    private var registers: [UInt8] = []

    /// An empty sketch.
    public init(precision: Int) {
        self.precision = min(max(precision, 4), 14)
    }

    /// So many hashes are kept one by one.
    private var limit: Int { max(1 << (precision - 3), 8) }

    /// Adds a thing by its hash.
    ///
    /// - Returns: whether the sketch changed: the thing is new then, for certain.
    @discardableResult
    public mutating func insert(_ hash: UInt64) -> Bool {
        guard registers.isEmpty else { return raise(hash) }
        var (low, high) = (0, few.count)
        while low < high {
            let middle = (low + high) / 2
            if few[middle] < hash { low = middle + 1 } else { high = middle }
        }
        if low < few.count, few[low] == hash { return false }
        few.insert(hash, at: low)
        if few.count > limit { spread() }
        return true
    }

    private mutating func spread() {
        registers = [UInt8](repeating: 0, count: 1 << precision)
        for hash in few { raise(hash) }
        few = []
    }

    @discardableResult
    private mutating func raise(_ hash: UInt64) -> Bool {
        let register = Int(hash >> UInt64(64 - precision))
        let rank = UInt8((hash << UInt64(precision) | 1 << UInt64(precision - 1)).leadingZeroBitCount + 1)
        guard rank > registers[register] else { return false }
        registers[register] = rank
        return true
    }

    /// How many different things there are, about.
    public var estimate: Double {
        guard !registers.isEmpty else { return Double(few.count) }
        let count = Double(registers.count)
        var sum = 0.0
        var zeros = 0
        for rank in registers {
            sum += 1 / Double(UInt64(1) << UInt64(rank))
            if rank == 0 { zeros += 1 }
        }
        let alpha =
            switch precision {
            case 4: 0.673
            case 5: 0.697
            case 6: 0.709
            default: 0.7213 / (1 + 1.079 / count)
            }
        let raw = alpha * count * count / sum
        // Small numbers are counted by the registers that are still empty.
        return raw <= 2.5 * count && zeros > 0 ? count * log(count / Double(zeros)) : raw
    }

    /// Takes in what another sketch of the same precision has seen.
    public mutating func merge(_ other: HyperLogLog) {
        precondition(precision == other.precision, "sketches of different precision do not merge")
        if other.registers.isEmpty {
            for hash in other.few { insert(hash) }
        } else {
            if registers.isEmpty { spread() }
            for index in registers.indices { registers[index] = max(registers[index], other.registers[index]) }
        }
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(precision))
        writer.write(UInt64(few.count))
        for hash in few { writer.write(hash) }
        writer.write(registers)
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        self.init(precision: Int(clamping: try reader.number()))
        for _ in 0..<(try reader.count(of: 1)) { few.append(try reader.number()) }
        registers = try reader.raw()
        guard registers.isEmpty || registers.count == 1 << precision, few.count <= limit else {
            throw reader.damaged("a sketch")
        }
    }
}
