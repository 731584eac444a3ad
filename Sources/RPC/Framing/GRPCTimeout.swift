import NIOCore

/// The value of `grpc-timeout`: at most eight digits and a unit (gRPC over HTTP/2, "Timeout").
enum GRPCTimeout {
    /// Reads a value; nil where it is not one.
    static func parse(_ text: String) -> TimeAmount? {
        let bytes = text.utf8
        guard let unit = bytes.last, (2...9).contains(bytes.count) else { return nil }
        var value: Int64 = 0
        for digit in bytes.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        // 99,999,999 hours are more nanoseconds than there are.
        let nanoseconds: Int64
        switch unit {
        case UInt8(ascii: "H"): nanoseconds = 3_600_000_000_000
        case UInt8(ascii: "M"): nanoseconds = 60_000_000_000
        case UInt8(ascii: "S"): nanoseconds = 1_000_000_000
        case UInt8(ascii: "m"): nanoseconds = 1_000_000
        case UInt8(ascii: "u"): nanoseconds = 1_000
        case UInt8(ascii: "n"): nanoseconds = 1
        default: return nil
        }
        let (product, overflow) = value.multipliedReportingOverflow(by: nanoseconds)
        // Half of the range, so that a deadline can be computed from it.
        return .nanoseconds(overflow ? .max / 2 : min(product, .max / 2))
    }

    /// Writes a value, in the finest unit that eight digits can hold, rounded up.
    static func format(_ timeout: TimeAmount) -> String {
        var value = max(0, timeout.nanoseconds)
        for (unit, divisor) in [("n", Int64(1)), ("u", 1_000), ("m", 1_000), ("S", 1_000), ("M", 60), ("H", 60)] {
            value = value / divisor + (value % divisor == 0 ? 0 : 1)
            if value <= 99_999_999 { return "\(value)\(unit)" }
        }
        return "99999999H"
    }
}
