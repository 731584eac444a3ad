import Glibc

/// A moment, as nanoseconds since 1970-01-01 00:00:00 UTC; it prints as RFC 3339 with nine decimals.
///
/// ```swift
/// Timestamp(nanoseconds: 1_795_300_801_000_000_042).description  // "2026-11-21T22:40:01.000000042Z"
/// ```
public struct Timestamp: Hashable, Sendable {
    /// Nanoseconds since the epoch; negative before it.
    public let nanoseconds: Int64

    /// A moment so many nanoseconds after the epoch.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The system's clock now.
    public static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Milliseconds since the epoch, rounded down, as a UUID of version 7 carries them.
    public var milliseconds: UInt64 { UInt64(clamping: nanoseconds / 1_000_000) }

    /// The moment rounded down to a whole second.
    public var wholeSecond: Timestamp {
        let rest = nanoseconds % 1_000_000_000
        return Timestamp(nanoseconds: nanoseconds - (rest < 0 ? rest + 1_000_000_000 : rest))
    }

    /// Parses what ``description`` prints: `YYYY-MM-DDThh:mm:ss`, a point and one to nine digits where there are any,
    /// and `Z`.
    ///
    /// Returns nil for anything else, and for years before 1970 or after 2261.
    public init?(_ text: some StringProtocol) {
        self.init(utf8: Array(text.utf8)[...])
    }

    /// Parses the same from the text's bytes, for readers that look at many records: it allocates nothing.
    public init?(utf8 text: ArraySlice<UInt8>) {
        var bytes = text
        guard bytes.count <= 30, bytes.popLast() == UInt8(ascii: "Z") else { return nil }
        func number(_ digits: Int, then separator: Character?) -> Int? {
            guard bytes.count >= digits else { return nil }
            var value = 0
            for byte in bytes.prefix(digits) {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            bytes = bytes.dropFirst(digits)
            if let separator {
                guard bytes.popFirst() == separator.asciiValue else { return nil }
            }
            return value
        }
        guard let year = number(4, then: "-"), let month = number(2, then: "-"), let day = number(2, then: "T"),
            let hour = number(2, then: ":"), let minute = number(2, then: ":"), let second = number(2, then: nil),
            (1970...2261).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 60
        else { return nil }
        var fraction = 0
        if !bytes.isEmpty {
            guard bytes.popFirst() == UInt8(ascii: "."), (1...9).contains(bytes.count) else { return nil }
            let digits = bytes.count
            guard let value = number(digits, then: nil) else { return nil }
            fraction = value
            for _ in digits..<9 { fraction *= 10 }
        }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.civil(days) == (year, month, day) else { return nil }
        let seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        self.nanoseconds = seconds * 1_000_000_000 + Int64(fraction)
    }

    /// Appends the text's 30 ASCII bytes.
    ///
    /// This is for writers that must not allocate.
    public func append(to output: inout OutputRawSpan) {
        let second = wholeSecond.nanoseconds / 1_000_000_000
        let fraction = Int(nanoseconds - second * 1_000_000_000)
        let day = second >= 0 ? second / 86_400 : (second - 86_399) / 86_400
        let clock = Int(second - day * 86_400)
        let (year, month, date) = Self.civil(Int(day))
        Self.append(pair: year / 100, to: &output)
        Self.append(pair: year % 100, then: "-", to: &output)
        Self.append(pair: month, then: "-", to: &output)
        Self.append(pair: date, then: "T", to: &output)
        Self.append(pair: clock / 3_600, then: ":", to: &output)
        Self.append(pair: clock / 60 % 60, then: ":", to: &output)
        Self.append(pair: clock % 60, then: ".", to: &output)
        output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / 100_000_000))
        Self.append(pair: fraction / 1_000_000 % 100, to: &output)
        Self.append(pair: fraction / 10_000 % 100, to: &output)
        Self.append(pair: fraction / 100 % 100, to: &output)
        Self.append(pair: fraction % 100, then: "Z", to: &output)
    }

    /// Appends two digits, and a mark behind them.
    private static func append(pair value: Int, then mark: Unicode.Scalar? = nil, to output: inout OutputRawSpan) {
        let value = UInt16(truncatingIfNeeded: value)
        // The first digit in the low byte; an integer has no padding, so that both bytes are initialised.
        let digits = 0x3030 &+ value / 10 % 10 &+ (value % 10) << 8
        unsafe output.append(digits.littleEndian, as: UInt16.self)
        if let mark { output.append(UInt8(ascii: mark)) }
    }

    /// Days since the epoch of a date in the Gregorian calendar; years are counted from March, so that the leap day
    /// comes last.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date of a day since the epoch: the inverse of ``days(year:month:day:)``.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let index = (5 * dayOfYear + 2) / 153
        let month = index < 10 ? index + 3 : index - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * index + 2) / 5 + 1)
    }
}

extension Timestamp: CustomStringConvertible {
    /// The moment in RFC 3339, UTC, with nine decimals: always 30 characters for years of four digits.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 30) { buffer in
            var output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
            append(to: &output)
            return output.byteCount
        }
    }
}
