/// Follows the chunked coding strictly (RFC 9112 §7.1).
///
/// Chunk sizes are 1 to 8 hexadecimal digits. Extensions and trailers are checked, bounded and dropped: they mean
/// nothing to a recipient that does not know them, and servers differ in how they read them.
struct ChunkScanner: Sendable {
    private enum State: Sendable {
        case size(UInt64, digits: Int)
        case extensions(UInt64)
        case sizeLineFeed(UInt64)
        case data(UInt64)
        case dataCarriageReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case lastLineFeed
        case end
    }

    private var state = State.size(0, digits: 0)
    /// The bytes of extensions and trailers so far, over the whole body.
    private var extra = 0
    private let keepsFraming: Bool
    private let limits: HTTP1Limits

    /// With `keepsFraming`, sizes and line ends are passed on with the content.
    init(keepsFraming: Bool, limits: HTTP1Limits) {
        self.keepsFraming = keepsFraming
        self.limits = limits
    }

    /// Looks at the bytes that came, when so many more bytes of content are allowed.
    mutating func next(_ bytes: Span<UInt8>, limit: UInt64) throws(HTTP1Refusal) -> BodyScanner.Step {
        var step = BodyScanner.Step(forward: 0, drop: 0, content: 0, isEnd: false)
        var index = 0
        // Bytes to keep follow one another until one is dropped; then the step ends before the next one to keep.
        while index < bytes.count {
            if case .data(let remaining) = state {
                guard step.drop == 0 else { return step }
                let count = min(Int(remaining), bytes.count - index)
                step.forward += count
                step.content += count
                index += count
                state = remaining == UInt64(count) ? .dataCarriageReturn : .data(remaining - UInt64(count))
                continue
            }
            let byte = bytes[index]
            let isKept = keepsFraming && keeps(byte)
            guard !isKept || step.drop == 0 else { return step }
            try advance(byte, limit: limit - UInt64(step.content))
            index += 1
            if isKept { step.forward += 1 } else { step.drop += 1 }
            if case .end = state {
                step.isEnd = true
                return step
            }
        }
        return step
    }

    /// Whether a byte of framing goes on: all but extensions and trailers.
    private func keeps(_ byte: UInt8) -> Bool {
        switch state {
        case .size: byte != UInt8(ascii: ";")
        case .extensions, .trailerStart: byte == UInt8(ascii: "\r")
        case .trailerName, .trailerValue, .trailerLineFeed: false
        default: true
        }
    }

    private mutating func advance(_ byte: UInt8, limit: UInt64) throws(HTTP1Refusal) {
        switch state {
        case .size(let size, let digits):
            if let digit = ByteClass.hexValue(byte) {
                guard digits < 8 else { throw HTTP1Refusal(.badChunk) }
                state = .size(size << 4 | UInt64(digit), digits: digits + 1)
                return
            }
            guard digits > 0 else { throw HTTP1Refusal(.badChunk) }
            guard size <= limit else { throw HTTP1Refusal(.bodyTooLarge) }
            switch byte {
            case UInt8(ascii: "\r"): state = .sizeLineFeed(size)
            case UInt8(ascii: ";"): state = .extensions(size)
            default: throw HTTP1Refusal(.badChunk)
            }
        case .extensions(let size):
            if byte == UInt8(ascii: "\r") {
                state = .sizeLineFeed(size)
                return
            }
            try count(.badChunk)
            guard ByteClass.isFieldValue(byte) else { throw HTTP1Refusal(.badChunk) }
        case .sizeLineFeed(let size):
            try expect(UInt8(ascii: "\n"), byte)
            state = size == 0 ? .trailerStart : .data(size)
        case .dataCarriageReturn:
            try expect(UInt8(ascii: "\r"), byte)
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(UInt8(ascii: "\n"), byte)
            state = .size(0, digits: 0)
        case .trailerStart:
            if byte == UInt8(ascii: "\r") {
                state = .lastLineFeed
                return
            }
            try count(.badTrailer)
            guard ByteClass.isToken(byte) else { throw HTTP1Refusal(.badTrailer) }
            state = .trailerName
        case .trailerName:
            try count(.badTrailer)
            if byte == UInt8(ascii: ":") {
                state = .trailerValue
                return
            }
            guard ByteClass.isToken(byte) else { throw HTTP1Refusal(.badTrailer) }
        case .trailerValue:
            try count(.badTrailer)
            if byte == UInt8(ascii: "\r") {
                state = .trailerLineFeed
                return
            }
            guard ByteClass.isFieldValue(byte) else { throw HTTP1Refusal(.badTrailer) }
        case .trailerLineFeed:
            guard byte == UInt8(ascii: "\n") else { throw HTTP1Refusal(.badTrailer) }
            state = .trailerStart
        case .lastLineFeed:
            guard byte == UInt8(ascii: "\n") else { throw HTTP1Refusal(.badTrailer) }
            state = .end
        case .data, .end: throw HTTP1Refusal(.badChunk)
        }
    }

    private func expect(_ expected: UInt8, _ byte: UInt8) throws(HTTP1Refusal) {
        guard byte == expected else { throw HTTP1Refusal(.badChunk) }
    }

    private mutating func count(_ code: HTTP1Refusal.Code) throws(HTTP1Refusal) {
        extra += 1
        guard extra <= limits.chunkExtraBytes else { throw HTTP1Refusal(code) }
    }
}
