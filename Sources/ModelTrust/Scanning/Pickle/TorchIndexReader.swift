/// Reads whole numbers out of a storage, a window at a time.
struct TorchIndexReader {
    /// How many elements are read at once, and how many of them beyond those that are asked for.
    static let (window, beyond) = (8192, 256)
    /// Elements that are so far apart are read one by one.
    private static let far = 512

    private let input: ScanInput
    private let start: UInt64
    private let width: Int
    private let count: Int
    private var bytes: [UInt8] = []
    /// The elements that have been read.
    private var elements = 0..<0

    /// Of the little-endian numbers of 4 or 8 bytes that begin there.
    init(_ input: ScanInput, at start: UInt64, width: Int, count: Int) {
        self.input = input
        self.start = start
        self.width = width
        self.count = count
    }

    /// Adds elements to what is known of them, which has been found to lie within the storage; takes what that costs from
    /// what may be read.
    mutating func add(
        _ number: Int,
        from first: Int,
        by stride: Int,
        to summary: inout IndexSummary,
        _ allowance: inout TorchIndexAllowance
    ) throws(ScanStop) {
        try allowance.take(number: number)
        for index in 0..<number {
            let element = first + index * stride
            if !elements.contains(element) {
                let needed = stride >= Self.far ? 1 : (number - 1 - index) * stride + 1 + Self.beyond
                try read(from: element, min(needed, Self.window), &allowance)
            }
            summary.add(value(at: (element - elements.lowerBound) * width))
        }
    }

    private mutating func read(
        from element: Int,
        _ wanted: Int,
        _ allowance: inout TorchIndexAllowance
    ) throws(ScanStop) {
        let end = min(element + wanted, count)
        try allowance.take(bytes: (end - element) * width)
        bytes = try input.read(at: start + UInt64(element * width), count: (end - element) * width)
        elements = element..<end
    }

    private func value(at place: Int) -> Int {
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(bytes[place + index]) << UInt64(8 * index) }
        return width == 8 ? Int(Int64(bitPattern: value)) : Int(Int32(truncatingIfNeeded: value))
    }
}

/// How much of indices one file may have read.
///
/// Storages may be shared, and read in any order, so that a few bytes could be read again and again.
struct TorchIndexAllowance {
    /// What the reading of one run costs beside its elements.
    private static let run = 64
    /// What reading a few bytes costs.
    private static let piece = 4096
    private static let free = 1 << 25

    private var left: Int
    private let context: ScanContext

    init(fileOf size: UInt64, _ context: ScanContext) {
        left = Self.free + 16 * Int(min(size, 1 << 50))
        self.context = context
    }

    mutating func take(number: Int) throws(ScanStop) {
        let (cost, overflows) = number.multipliedReportingOverflow(by: 8)
        guard !overflows, cost <= left - Self.run else { throw Self.exhausted }
        left -= cost + Self.run
    }

    mutating func take(bytes: Int) throws(ScanStop) {
        guard UInt64(bytes) <= context.budget.contents, bytes + Self.piece <= left else { throw Self.exhausted }
        left -= bytes + Self.piece
        context.budget.contents -= UInt64(bytes)
    }

    private static let exhausted = ScanStop(
        rule: "limit-contents",
        message: "the indices of its sparse tensors are more than are looked through; save them in files of their own"
    )
}
