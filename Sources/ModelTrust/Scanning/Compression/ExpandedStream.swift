/// The bytes that a compressed input expands to, read in order; going back begins anew.
final class ExpandedStream {
    private static let piece = 1 << 16

    private let input: ScanInput
    private let format: CompressionFormat
    private var decompressor: Decompressor
    /// How much of the input has been taken.
    private(set) var consumed: UInt64 = 0
    /// How much has been expanded.
    private(set) var expanded: UInt64 = 0
    /// What has been expanded and not been given out.
    private var pending: [UInt8] = []
    private var pendingStart = 0
    private var buffer: ArraySlice<UInt8> = []
    private var isAtEnd = false

    init(_ input: ScanInput, _ format: CompressionFormat) throws(ScanStop) {
        self.input = input
        self.format = format
        self.decompressor = try Decompressor(format)
    }

    /// The next bytes, at most so many; none at the end.
    func next(_ limit: Int) throws(ScanStop) -> [UInt8] {
        while !isAtEnd {
            if buffer.isEmpty, consumed < input.size {
                let count = Int(min(UInt64(Self.piece), input.size - consumed))
                buffer = try input.read(at: consumed, count: count)[...]
            }
            let step = try decompressor.step(buffer, limit: limit)
            buffer = buffer.dropFirst(step.consumed)
            consumed += UInt64(step.consumed)
            expanded += UInt64(step.output.count)
            if step.ended {
                try endMember()
            } else if step.consumed == 0, step.output.isEmpty {
                throw ScanStop(rule: "compression-broken", offset: consumed, message: "the compressed bytes end early")
            }
            if !step.output.isEmpty { return step.output }
        }
        return []
    }

    /// The bytes at an offset; cheap only where offsets grow.
    func read(at offset: UInt64, count: Int) throws(ScanStop) -> [UInt8] {
        let start = expanded - UInt64(pending.count - pendingStart)
        if offset < start { try rewind() }
        var position = expanded - UInt64(pending.count - pendingStart)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            if pendingStart == pending.count {
                pending = try next(Self.piece)
                pendingStart = 0
                if pending.isEmpty { break }
            }
            let available = UInt64(pending.count - pendingStart)
            if position < offset {
                let skipped = min(available, offset - position)
                pendingStart += Int(skipped)
                position += skipped
                continue
            }
            let taken = min(Int(available), count - bytes.count)
            bytes.append(contentsOf: pending[pendingStart..<(pendingStart + taken)])
            pendingStart += taken
            position += UInt64(taken)
        }
        return bytes
    }

    private func rewind() throws(ScanStop) {
        decompressor = try Decompressor(format)
        (consumed, expanded, pending, pendingStart, buffer, isAtEnd) = (0, 0, [], 0, [], false)
    }

    /// Python's gzip, bz2 and lzma modules go on with a stream that follows; zlib and deflate end.
    private func endMember() throws(ScanStop) {
        guard consumed < input.size, [.gzip, .bzip2, .xz].contains(format) else {
            isAtEnd = true
            return
        }
        let head = try input.read(at: consumed, count: Int(min(6, input.size - consumed)))
        guard CompressionFormat.recognise(head) == format else {
            isAtEnd = true
            return
        }
        decompressor = try Decompressor(format)
    }
}
