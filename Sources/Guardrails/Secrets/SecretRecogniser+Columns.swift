import RegularExpressions

/// The column of a table in which a secret was found, so that those of the rows below are found too.
struct SecretColumn: Sendable {
    /// Where the secret begins.
    let place: Int
    /// What parts the cells of the table: a space where they are set below each other.
    let separator: UInt8
    /// How many separators stand before the cell; how far from the beginning of its line it is where they are spaces.
    let number: Int
    let isPassword: Bool

    /// The same, once so many units before it are kept no more.
    func moved(by dropped: Int) -> SecretColumn {
        SecretColumn(place: place - dropped, separator: separator, number: number, isPassword: isPassword)
    }
}

/// What was found of heads of columns of secrets up to a place.
struct ColumnHeads {
    var upTo = 0
    /// Where the last line begins, and where the last head ends that stands on a line before it; 0 where there is none.
    var line = 0
    var last = 0
}

/// Secrets in columns of tables whose heads say what they are: in Markdown, parted by commas, semicolons or tabs, or
/// set below each other.
extension SecretRecogniser {
    /// The secret that is a cell of a table.
    ///
    /// The head is looked for where text is looked back at; further down, the secret of a row above stands for it.
    func cell(_ reader: inout UnitReader, _ start: Int) -> Match? {
        var index = start
        while index > start - 2, Self.isQuote(reader.before(index)) || reader.before(index) == UInt8(ascii: "*") {
            index -= 1
        }
        let first = index
        while index > first - 40, reader.before(index) == 0x20 { index -= 1 }
        var separator = reader.before(index)
        guard Self.parts(separator) || separator == 0x0A || first - index > 1, index > 0, isBelowHead(&reader, start)
        else { return nil }
        if separator == 0x0A {
            guard let next = self.separator(&reader, after: start) else { return nil }
            separator = next
        } else if !Self.parts(separator) {
            separator = 0x20
        }
        guard let (row, number) = row(reader, start, first, separator) else { return nil }
        let column: SecretColumn
        if let last = reader.column, last.separator == separator, last.number == number,
            last.place >= start - Self.lookBack, last.place < row, isWhole(reader, from: last.place, to: row)
        {
            column = SecretColumn(place: start, separator: separator, number: number, isPassword: last.isPassword)
        } else if let isPassword = head(&reader, start, above: row, separator, number) {
            column = SecretColumn(place: start, separator: separator, number: number, isPassword: isPassword)
        } else {
            return nil
        }
        var end = start
        while end < start + 200, !Self.endsCell(reader[end], separator) { end += 1 }
        guard end - start >= (column.isPassword ? 6 : 16) else { return nil }
        let name = Name(isGeneric: true, isPassword: column.isPassword, isHead: true)
        guard !DocumentedKeys.contains(&reader, start, end), isRandom(&reader, start, end, name),
            column.isPassword || isDense(&reader, start, end, mayBeHex: true)
        else { return nil }
        reader.found = column
        return Match(secrets.index(.generic), start, end, tail: end == start + 200 ? .units(Self.values) : nil)
    }

    /// How far back heads are looked for: as far as units are kept.
    private static let lookBack = 190

    private static func parts(_ unit: UInt8) -> Bool {
        unit == UInt8(ascii: ",") || unit == UInt8(ascii: "|") || unit == UInt8(ascii: ";") || unit == 0x09
    }

    /// What parts the first cell of a row from the next one, where there is one.
    private func separator(_ reader: inout UnitReader, after start: Int) -> UInt8? {
        var index = start
        while index < start + 200, reader[index] > 0x20, !Self.parts(reader[index]), !Self.isQuote(reader[index]) {
            index += 1
        }
        if Self.isQuote(reader[index]) { index += 1 }
        let end = index
        while index < end + 20, reader[index] == 0x20 { index += 1 }
        return Self.parts(reader[index]) ? reader[index] : nil
    }

    private static func endsCell(_ unit: UInt8, _ separator: UInt8) -> Bool {
        unit == separator || unit <= 0x20 || isQuote(unit) || unit == TextUnits.other
    }

    /// Whether what may be the head of such a column stands on a line above, within reach, or a secret of one does.
    private func isBelowHead(_ reader: inout UnitReader, _ start: Int) -> Bool {
        if let column = reader.column, column.place >= start - Self.lookBack { return true }
        let notes = reader.notes
        // Places come in their order, so that each unit is looked at once; but names look ahead.
        if start < notes.heads.upTo { notes.heads = ColumnHeads() }
        let lowest = start - Self.lookBack
        var index = max(notes.heads.upTo, lowest, 0)
        while index < start {
            index += 1
            if reader.before(index) == 0x0A {
                if let head = Self.heads.end(before: index - 1, after: max(notes.heads.line, lowest), in: reader) {
                    notes.heads.last = head
                }
                notes.heads.line = index
            }
        }
        notes.heads.upTo = start
        return notes.heads.last >= max(lowest, 1)
    }

    /// What heads end with.
    private static let heads = ContextWords(
        (SecretTable.generic + SecretTable.passwords + [
            "passwords", "secrets", "key", "keys", "密码", "密碼", "パスワード", "비밀번호",
        ])
        .joined(separator: ",")
    )

    /// Where the row begins that a cell is in, and the cell's number in it; nil where that is too far away.
    private func row(
        _ reader: borrowing UnitReader,
        _ start: Int,
        _ cell: Int,
        _ separator: UInt8
    ) -> (start: Int, number: Int)? {
        var index = cell
        var number = 0
        var isQuoted = false
        while index > start - Self.lookBack, index > 0 {
            let unit = reader.before(index)
            if unit == 0x0A { break }
            if unit == UInt8(ascii: "\"") { isQuoted.toggle() } else if unit == separator, !isQuoted { number += 1 }
            index -= 1
        }
        guard index == 0 || reader.before(index) == 0x0A else { return nil }
        return (index, separator == 0x20 ? cell - index : number)
    }

    /// Whether no line is empty between two places.
    private func isWhole(_ reader: borrowing UnitReader, from first: Int, to last: Int) -> Bool {
        var index = last
        while index > first + 1 {
            if reader.before(index) == 0x0A, reader.before(index - 1) == 0x0A { return false }
            index -= 1
        }
        return true
    }

    /// Whether the head of a column says that passwords stand below it; nil where it says of no secrets.
    private func head(
        _ reader: inout UnitReader,
        _ start: Int,
        above row: Int,
        _ separator: UInt8,
        _ number: Int
    ) -> Bool? {
        let lowest = max(0, start - Self.lookBack)
        var end = row - 1
        while end > lowest {
            var line = end
            while line > lowest, reader.before(line) != 0x0A { line -= 1 }
            // What is empty parts tables, and what begins before is not seen whole.
            guard line < end, line == 0 || reader.before(line) == 0x0A else { return nil }
            guard let cell = cell(reader, line..<end, separator, number) else { return nil }
            if let isPassword = isHead(&reader, cell) { return isPassword }
            end = line - 1
        }
        return nil
    }

    /// The cell with a number of a line.
    private func cell(
        _ reader: borrowing UnitReader,
        _ line: Range<Int>,
        _ separator: UInt8,
        _ number: Int
    ) -> Range<Int>? {
        var start = line.lowerBound
        if separator == 0x20 {
            start += number
            guard start < line.upperBound, reader.before(start + 1) != 0x20,
                number < 2 || reader.before(start) == 0x20 && reader.before(start - 1) == 0x20
            else {
                // A line of hyphens, or one that is shorter.
                return start..<start
            }
        } else {
            var count = 0
            while count < number {
                guard start < line.upperBound else { return nil }
                if reader.before(start + 1) == separator { count += 1 }
                start += 1
            }
        }
        var end = start
        while end < line.upperBound, reader.before(end + 1) != separator || separator == 0x20 {
            if separator == 0x20, reader.before(end + 1) == 0x20, reader.before(end + 2) == 0x20 { break }
            end += 1
        }
        return start..<end
    }

    /// Whether a cell is the head of a column of passwords, or of other secrets; nil where it is none.
    private func isHead(_ reader: inout UnitReader, _ cell: Range<Int>) -> Bool? {
        var end = cell.upperBound
        while end > cell.lowerBound, Self.surrounds(reader.before(end)) { end -= 1 }
        var start = cell.lowerBound
        while start < end, Self.surrounds(reader.before(start + 1)) { start += 1 }
        guard end - start >= 2, end - start <= 40 else { return nil }
        for place in start..<end {
            let unit = reader.before(place + 1)
            guard
                UnitClass.isWord(unit) && !UnitClass.isDigit(unit) || unit >= 0x80 || unit == 0x20
                    || unit == UInt8(ascii: "-")
                    || unit == UInt8(ascii: ".")
            else { return nil }
        }
        if Self.eastern.stand(before: end, in: reader, reach: 10, within: true) { return true }
        let word = Self.word(reader, before: end)
        guard word.lowerBound >= start, !word.isEmpty, Self.heads.end(before: end, after: end - 1, in: reader) != nil
        else {
            return nil
        }
        let name = name(&reader, word.lowerBound, word.upperBound)
        if name.isPassword { return !Self.ends(reader, word, with: "key") && !Self.ends(reader, word, with: "keys") }
        if name.isGeneric, !name.isBare { return false }
        guard Self.is(reader, word, "key") || Self.is(reader, word, "keys"), word.lowerBound > start else { return nil }
        let first = Self.word(reader, before: word.lowerBound - 1)
        return Self.keys.contains { Self.is(reader, first, $0) } ? false : nil
    }

    /// What stands around the text of a head.
    private static func surrounds(_ unit: UInt8) -> Bool {
        unit == 0x20 || isQuote(unit) || unit == UInt8(ascii: "*") || unit == 0x0D
    }
}
