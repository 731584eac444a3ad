/// Dates, times and lengths of time (RFC 3339).
enum DateFormats {
    static func isDateTime(_ text: String) -> Bool {
        let bytes = text.utf8[...]
        guard bytes.count > 11 else { return false }
        let separator = bytes[bytes.index(bytes.startIndex, offsetBy: 10)]
        return separator | 0x20 == UInt8(ascii: "t") && isDate(bytes.prefix(10)) && isTime(bytes.dropFirst(11))
    }

    static func isDate(_ text: Substring.UTF8View.SubSequence) -> Bool {
        let bytes = Array(text)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            (1...12).contains(month), day >= 1
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return day <= lengths[month - 1]
    }

    static func isTime(_ text: Substring.UTF8View.SubSequence) -> Bool {
        let bytes = Array(text)
        guard bytes.count >= 9, bytes[2] == UInt8(ascii: ":"), bytes[5] == UInt8(ascii: ":"),
            let hour = number(bytes[0..<2]), let minute = number(bytes[3..<5]), let second = number(bytes[6..<8]),
            hour < 24, minute < 60, second <= 60
        else { return false }
        var at = 8
        if bytes[at] == UInt8(ascii: ".") {
            let start = at + 1
            at = start
            while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 { at += 1 }
            guard at > start, at < bytes.count else { return false }
        }
        var shift = 0
        switch bytes[at] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): guard at + 1 == bytes.count else { return false }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard bytes.count == at + 6, bytes[at + 3] == UInt8(ascii: ":"), let hours = number(bytes[at + 1..<at + 3]),
                let minutes = number(bytes[at + 4..<at + 6]), hours < 24, minutes < 60
            else { return false }
            shift = (bytes[at] == UInt8(ascii: "+") ? -1 : 1) * (hours * 60 + minutes)
        default: return false
        }
        // A leap second is the last of a day in UTC.
        let universal = (hour * 60 + minute + shift + 2880) % 1440
        return second < 60 || universal == 1439
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    /// RFC 3339, appendix A: weeks alone, or units in falling order with none left out between.
    static func isDuration(_ text: String) -> Bool {
        guard text.hasPrefix("P") else { return false }
        let body = text.dropFirst()
        if body.hasSuffix("W") { return isRun(body, of: "W") }
        let parts = body.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].isEmpty || isRun(parts[0], of: "YMD") else { return false }
        guard parts.count == 2 else { return !parts[0].isEmpty }
        return isRun(parts[1], of: "HMS")
    }

    private static func isRun(_ text: Substring, of units: String) -> Bool {
        var rest = text.utf8[...]
        let order = Array(units.utf8)
        var last = -1
        while !rest.isEmpty {
            let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
            rest = rest.dropFirst(digits.count)
            guard !digits.isEmpty, let unit = rest.popFirst(), let place = order.firstIndex(of: unit) else {
                return false
            }
            guard last < 0 ? true : place == last + 1 else { return false }
            last = place
        }
        return last >= 0
    }
}
