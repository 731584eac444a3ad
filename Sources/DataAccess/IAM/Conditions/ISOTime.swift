/// Reads times as policies write them: `2026-11-25`, `2026-11-25T10:30Z`, `2026-11-25T10:30:15.250+01:00`.
enum ISOTime {
    /// Milliseconds since 1970, or nil for anything else.
    static func milliseconds(_ text: String) -> Int64? {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), (1...12).contains(month), (1...daysIn(month, of: year)).contains(day)
        else { return nil }
        let days = Int64(daysSince1970(year, month, day))
        guard !scanner.rest.isEmpty else { return days * 86_400_000 }
        guard scanner.take("T") || scanner.take("t"), let hour = scanner.digits(2), scanner.take(":"),
            let minute = scanner.digits(2), hour < 24, minute < 60
        else { return nil }
        var milliseconds = Int64(hour * 60 + minute) * 60_000
        if scanner.take(":") {
            guard let second = scanner.digits(2), second < 60 else { return nil }
            milliseconds += Int64(second) * 1000
            if scanner.take(".") {
                let fraction = scanner.rest.prefix { (0x30...0x39).contains($0) }
                guard (1...9).contains(fraction.count) else { return nil }
                let padded = Array(fraction.prefix(3)) + [UInt8](repeating: 0x30, count: max(0, 3 - fraction.count))
                milliseconds += padded.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
                scanner.rest = scanner.rest.dropFirst(fraction.count)
            }
        }
        let local = days * 86_400_000 + milliseconds
        if scanner.rest.isEmpty || scanner.take("Z") || scanner.take("z") {
            return scanner.rest.isEmpty ? local : nil
        }
        let sign: Int64 = scanner.take("+") ? -1 : scanner.take("-") ? 1 : 0
        guard sign != 0, let hours = scanner.digits(2), scanner.take(":"), let minutes = scanner.digits(2), hours < 24,
            minutes < 60, scanner.rest.isEmpty
        else { return nil }
        return local + sign * Int64(hours * 60 + minutes) * 60_000
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func digits(_ count: Int) -> Int? {
            let digits = rest.prefix(count)
            guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            rest = rest.dropFirst(count)
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }

        mutating func take(_ text: Character) -> Bool {
            guard let byte = rest.first, byte == text.asciiValue else { return false }
            rest = rest.dropFirst()
            return true
        }
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let before = year - 1
        let years = before * 365 + before / 4 - before / 100 + before / 400
        let months = (1..<month).reduce(0) { $0 + daysIn($1, of: year) }
        return years + months + day - 719_163
    }
}
