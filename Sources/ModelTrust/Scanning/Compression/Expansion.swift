/// Makes an input of what a compressed one expands to, within the limits of the scan.
enum Expansion {
    /// What is kept in memory: larger ones are expanded anew as they are read.
    private static let kept: UInt64 = 16 << 20
    /// How many times larger than its compressed bytes something may be, beyond the first mebibyte.
    ///
    /// Weights compress little, text ten times; more than a hundred times is what a bomb does.
    static let ratio: UInt64 = 100
    /// What it costs to begin with a stream, in steps.
    private static let beginning = 64

    /// Expands all of it once, to know its size and that it is whole.
    ///
    /// - Returns: the expanded input, its CRC-32, and how many of the compressed bytes were taken.
    static func expand(
        _ input: ScanInput,
        _ format: CompressionFormat,
        path: String,
        _ context: ScanContext
    ) throws(ScanStop) -> (input: ScanInput, crc: UInt32, consumed: UInt64) {
        try context.budget.step(beginning)
        let stream = try ExpandedStream(input, format)
        var crc = CRC32()
        var bytes: [UInt8] = []
        while true {
            let piece = try stream.next(1 << 16)
            if piece.isEmpty { break }
            try context.budget.expand(UInt64(piece.count))
            guard stream.expanded <= 1 << 20 + stream.consumed.multipliedReportingOverflow(by: ratio).partialValue
            else {
                throw ScanStop(
                    rule: "limit-ratio",
                    message: "it expands to more than \(ratio) times its size, as a bomb does"
                )
            }
            crc.update(piece)
            if stream.expanded <= kept { bytes += piece } else { bytes = [] }
        }
        let size = stream.expanded
        let expanded: ScanInput
        if size <= kept {
            expanded = ScanInput(path: path, bytes: bytes)
        } else {
            let again = try ExpandedStream(input, format)
            expanded = ScanInput(path: path, size: size, goesBack: false) { (offset, count) throws(ScanStop) in
                let before = again.expanded
                let bytes = try again.read(at: offset, count: count)
                // Whoever reads to and fro pays for each time.
                try context.budget.expand(again.expanded >= before ? again.expanded - before : again.expanded)
                return bytes
            }
        }
        expanded.folder = input.folder
        return (expanded, crc.value, stream.consumed)
    }
}
