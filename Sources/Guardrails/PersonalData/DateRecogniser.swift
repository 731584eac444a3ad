/// Dates and times.
enum DateRecogniser {
    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ].map { Array($0.utf8) }
    private static let days = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ].map { Array($0.utf8) }

    private static let ordinals = ["st", "nd", "rd", "th"].map { Array($0.utf8) }
    private static let of = Array("of ".utf8)

    /// Where a date or a time in digits ends: `2024-05-01T10:00:00Z`, `5/1/2024`, `01.05.24`, `10:30 pm`, `5 May 2024`.
    static func numericEnd(_ reader: inout UnitReader, from start: Int) -> Int? {
        var index = start
        let first = number(&reader, &index, most: 4)
        let separator = reader[index]
        switch separator {
        case UInt8(ascii: ":"): return time(&reader, start).flatMap { bounded($0, &reader) }
        case UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."):
            let digits = index - start
            index += 1
            let secondStart = index
            let second = number(&reader, &index, most: 2)
            if index == secondStart, digits <= 2, (1...31).contains(first) {
                return separator == UInt8(ascii: "/") ? nil : withName(&reader, index, after: separator)
            }
            guard index > secondStart, reader[index] == separator else { return nil }
            index += 1
            let thirdStart = index
            let third = number(&reader, &index, most: 4)
            let last = index - thirdStart
            if digits == 4 {
                guard (1900...2100).contains(first), (1...12).contains(second), (1...31).contains(third), last <= 2
                else { return nil }
            } else {
                guard digits <= 2, last == 4 ? (1900...2100).contains(third) : last == 2,
                    (1...31).contains(first), (1...31).contains(second), first <= 12 || second <= 12
                else { return nil }
            }
            var end = index
            if reader[index] == UInt8(ascii: "T") || reader[index] == 0x20,
                UnitClass.isDigit(reader[index + 1]), let after = time(&reader, index + 1)
            {
                end = after
            }
            return bounded(end, &reader)
        default:
            if index - start == 4, SecretRecogniser.isIdeograph(separator) {
                return eastern(&reader, index, year: first)
            }
            guard index - start <= 2, (1...31).contains(first) else { return nil }
            if UnitClass.isLetter(separator) {
                for ending in ordinals where reader.hasCaseless(ending, at: index) {
                    index += 2
                    break
                }
            }
            guard reader[index] == 0x20 else { return nil }
            index += 1
            guard UnitClass.isLetter(reader[index]) else { return nil }
            if reader.hasCaseless(of, at: index) { index += 3 }
            if mayBegin(reader[index], reader[index + 1]), let month = name(&reader, index, of: months, least: 3) {
                return year(&reader, after: month) ?? bounded(month, &reader)
            }
            return foreign(&reader, index)
        }
    }

    /// What follows a day and a sign: `-May-1984`, `. Mai 1984`.
    private static func withName(_ reader: inout UnitReader, _ start: Int, after separator: UInt8) -> Int? {
        if separator == UInt8(ascii: ".") { return reader[start] == 0x20 ? foreign(&reader, start + 1) : nil }
        guard mayBegin(reader[start], reader[start + 1]), let month = name(&reader, start, of: months, least: 3),
            reader[month] == separator
        else { return nil }
        var index = month + 1
        let digits = index
        let value = number(&reader, &index, most: 4)
        guard index - digits == 2 || index - digits == 4 && (1900...2100).contains(value) else { return nil }
        return bounded(index, &reader)
    }

    /// A month by its name in German, French, Spanish, Portuguese or Italian, and a year: `mayo de 1984`.
    private static func foreign(_ reader: inout UnitReader, _ start: Int) -> Int? {
        var index = start
        if reader.hasCaseless(de, at: index) { index += 3 }
        let first = UnitClass.lowercased(reader[index])
        guard UnitClass.isLetter(first) else { return nil }
        for name in foreignMonths[Int(first - 0x61)] where reader.hasCaseless(name, at: index) {
            index += name.count
            guard reader[index] == 0x20 else { return nil }
            if reader.hasCaseless(de, at: index + 1) { index += 3 }
            return year(&reader, after: index)
        }
        return nil
    }

    private static let de = Array("de ".utf8)

    /// The names that are not English, as units, by their first letter; what begins others stands behind them.
    private static let foreignMonths: [[[UInt8]]] = {
        var table = [[[UInt8]]](repeating: [], count: 26)
        let names = """
            januar februar märz april mai juni juli august september oktober november dezember janvier février mars \
            avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio \
            agosto septiembre octubre noviembre diciembre janeiro fevereiro março maio junho julho setembro outubro \
            novembro dezembro gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
            """
        for name in Set(names.split(separator: " ")).sorted(by: { ($0.count, $0) > ($1.count, $1) }) {
            let units = ContextWords.units(name)
            table[Int(units[0] - 0x61)].append(units)
        }
        return table
    }()

    /// `年5月17日` behind a year, with or without spaces.
    private static func eastern(_ reader: inout UnitReader, _ start: Int, year: Int) -> Int? {
        guard (1900...2100).contains(year) else { return nil }
        var index = start + 1
        for most in [12, 31] {
            if reader[index] == 0x20 { index += 1 }
            guard UnitClass.isDigit(reader[index]), (1...most).contains(number(&reader, &index, most: 2)),
                SecretRecogniser.isIdeograph(reader[index])
            else { return nil }
            index += 1
        }
        return index
    }

    /// Where a date ends that starts with a name: `May 5, 2024`, `Sunday`.
    static func namedEnd(_ reader: inout UnitReader, from start: Int) -> Int? {
        // Names of days and months are written with a capital, so most words are passed over at once.
        guard UnitClass.isUpper(reader[start]), mayBegin(reader[start], reader[start + 1]) else { return nil }
        if let day = name(&reader, start, of: days, least: 6) { return bounded(day, &reader) }
        guard var index = name(&reader, start, of: months, least: 3) else { return nil }
        if reader[index] == UInt8(ascii: ".") { index += 1 }
        guard reader[index] == 0x20 else { return nil }
        index += 1
        let digits = index
        let value = number(&reader, &index, most: 4)
        guard index > digits else { return nil }
        if index - digits == 4 { return (1900...2100).contains(value) ? bounded(index, &reader) : nil }
        guard index - digits <= 2, (1...31).contains(value) else { return nil }
        if UnitClass.isLetter(reader[index]), UnitClass.isLetter(reader[index + 1]) { index += 2 }
        return year(&reader, after: index) ?? bounded(index, &reader)
    }

    /// Whether the name of a day or a month may begin with two letters.
    private static func mayBegin(_ first: UInt8, _ second: UInt8) -> Bool {
        switch (first | 0x20, second | 0x20) {
        case (UInt8(ascii: "j"), UInt8(ascii: "a")), (UInt8(ascii: "j"), UInt8(ascii: "u")),
            (UInt8(ascii: "f"), UInt8(ascii: "e")), (UInt8(ascii: "f"), UInt8(ascii: "r")),
            (UInt8(ascii: "m"), UInt8(ascii: "a")), (UInt8(ascii: "m"), UInt8(ascii: "o")),
            (UInt8(ascii: "a"), UInt8(ascii: "p")), (UInt8(ascii: "a"), UInt8(ascii: "u")),
            (UInt8(ascii: "s"), UInt8(ascii: "a")), (UInt8(ascii: "s"), UInt8(ascii: "e")),
            (UInt8(ascii: "s"), UInt8(ascii: "u")), (UInt8(ascii: "o"), UInt8(ascii: "c")),
            (UInt8(ascii: "n"), UInt8(ascii: "o")), (UInt8(ascii: "d"), UInt8(ascii: "e")),
            (UInt8(ascii: "t"), UInt8(ascii: "u")), (UInt8(ascii: "t"), UInt8(ascii: "h")),
            (UInt8(ascii: "w"), UInt8(ascii: "e")):
            true
        default: false
        }
    }

    private static func year(_ reader: inout UnitReader, after end: Int) -> Int? {
        var index = end
        if reader[index] == UInt8(ascii: ",") { index += 1 }
        guard reader[index] == 0x20 else { return nil }
        index += 1
        let digits = index
        let value = number(&reader, &index, most: 4)
        guard index - digits == 4, (1900...2100).contains(value) else { return nil }
        return bounded(index, &reader)
    }

    private static func time(_ reader: inout UnitReader, _ start: Int) -> Int? {
        var index = start
        let hour = number(&reader, &index, most: 2)
        guard index > start, hour < 25, reader[index] == UInt8(ascii: ":") else { return nil }
        index += 1
        let minutes = index
        guard number(&reader, &index, most: 2) < 60, index == minutes + 2 else { return nil }
        if reader[index] == UInt8(ascii: ":"), UnitClass.isDigit(reader[index + 1]) {
            index += 1
            let seconds = index
            guard number(&reader, &index, most: 2) < 61, index == seconds + 2 else { return nil }
            if reader[index] == UInt8(ascii: "."), UnitClass.isDigit(reader[index + 1]) {
                index += 1
                _ = number(&reader, &index, most: 9)
            }
        }
        let end = index
        switch reader[index] {
        case UInt8(ascii: "Z"): return index + 1
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            index += 1
            let zone = index
            _ = number(&reader, &index, most: 4)
            if index == zone + 4 { return index }
            guard index == zone + 2, reader[index] == UInt8(ascii: ":") else { return end }
            index += 1
            _ = number(&reader, &index, most: 2)
            return index == zone + 5 ? index : end
        case 0x20: index += 1
        default: break
        }
        let half = UnitClass.lowercased(reader[index])
        if half == UInt8(ascii: "a") || half == UInt8(ascii: "p"),
            UnitClass.lowercased(reader[index + 1]) == UInt8(ascii: "m"), !UnitClass.isWord(reader[index + 2])
        {
            return index + 2
        }
        return end
    }

    private static func number(_ reader: inout UnitReader, _ index: inout Int, most: Int) -> Int {
        var value = 0
        let start = index
        while index < start + most, UnitClass.isDigit(reader[index]) {
            value = value * 10 + Int(reader[index] - 0x30)
            index += 1
        }
        return value
    }

    /// Where a name of a list ends, or one of its beginnings of at least so many letters.
    private static func name(_ reader: inout UnitReader, _ start: Int, of names: [[UInt8]], least: Int) -> Int? {
        let first = UnitClass.lowercased(reader[start])
        for name in names where name[0] == first {
            var count = 1
            while count < name.count, UnitClass.lowercased(reader[start + count]) == name[count] { count += 1 }
            if count == name.count || (count == least || count == 4 && least == 3),
                !UnitClass.isLetter(reader[start + count])
            {
                return start + count
            }
        }
        return nil
    }

    private static func bounded(_ end: Int, _ reader: inout UnitReader) -> Int? {
        let next = reader[end]
        if UnitClass.isWord(next) { return nil }
        if next == UInt8(ascii: "-") || next == UInt8(ascii: "/") || next == UInt8(ascii: "."),
            UnitClass.isDigit(reader[end + 1])
        {
            return nil
        }
        return end
    }
}
