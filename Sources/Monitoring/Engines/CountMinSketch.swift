/// How often each of many things was seen, never too low and rarely much too high: count-min (Cormode, Muthukrishnan 2005).
public struct CountMinSketch: Hashable, Sendable {
    private let width: Int
    private let depth: Int
    private var counts: [UInt64]
    /// Everything that was added.
    public private(set) var total: UInt64 = 0

    /// An empty sketch: an estimate is too high by more than 2.7 ÷ width of the total with a chance of e^-depth.
    public init(width: Int = 1_024, depth: Int = 4) {
        self.width = min(max(width, 16), 1 << 20)
        self.depth = min(max(depth, 1), 8)
        self.counts = Array(repeating: 0, count: self.width * self.depth)
    }

    /// Adds to a thing's count.
    public mutating func add(_ hash: UInt64, _ amount: UInt64 = 1) {
        total &+= amount
        for row in 0..<depth { counts[place(hash, row)] &+= amount }
    }

    /// A thing's count, or more.
    public func estimate(_ hash: UInt64) -> UInt64 {
        var least = UInt64.max
        for row in 0..<depth { least = min(least, counts[place(hash, row)]) }
        return least
    }

    private func place(_ hash: UInt64, _ row: Int) -> Int {
        row * width + Int(StableHash.of(hash, UInt64(row)) % UInt64(width))
    }

    /// Takes in what another sketch of the same shape has counted.
    public mutating func merge(_ other: CountMinSketch) {
        precondition(width == other.width && depth == other.depth, "sketches of different shape do not merge")
        total &+= other.total
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(width))
        writer.write(UInt64(depth))
        writer.write(total)
        for count in counts { writer.write(count) }
    }

    init(from reader: inout StateReader) throws(MonitoringError) {
        self.init(width: Int(clamping: try reader.number()), depth: Int(clamping: try reader.number()))
        total = try reader.number()
        for index in counts.indices { counts[index] = try reader.number() }
    }
}
