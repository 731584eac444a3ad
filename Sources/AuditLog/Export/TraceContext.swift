import ZeroTrust

/// The W3C trace context of a request, as sinks want it.
struct TraceContext {
    /// The trace; that of the `traceparent`, or, without one, the request's id.
    let trace: [UInt8]
    /// The request's own span: the random half of its id.
    let span: [UInt8]
    /// The caller's span; nil without a `traceparent`.
    let parent: [UInt8]?
    /// The flags of the `traceparent`.
    let flags: UInt8

    init(_ id: RequestID, traceparent: String?) {
        let bytes = id.bytes
        span = Array(bytes[8...])
        let parts = traceparent?.split(separator: "-", omittingEmptySubsequences: false) ?? []
        if parts.count >= 4, let trace = Self.hex(parts[1], count: 16), let parent = Self.hex(parts[2], count: 8),
            let flags = Self.hex(parts[3], count: 1)
        {
            (self.trace, self.parent, self.flags) = (trace, parent, flags[0])
        } else {
            (self.trace, self.parent, self.flags) = (bytes, nil, 0)
        }
    }

    private static func hex(_ text: Substring, count: Int) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 2 * count else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digit(digits[index]), let low = digit(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
