/// What a unit is.
enum UnitClass {
    static let digit: UInt8 = 1
    static let upper: UInt8 = 2
    static let lower: UInt8 = 4
    /// A letter beyond ASCII.
    static let foreign: UInt8 = 8
    static let underscore: UInt8 = 16
    /// `.`, `-`, `+`, `%`: what may stand in the middle of an address, a host or a name of a setting.
    static let joint: UInt8 = 32
    /// A symbol that something may start with.
    static let opening: UInt8 = 64

    static let letter = upper | lower
    static let alphanumeric = letter | digit
    static let word = alphanumeric | underscore | foreign

    /// For each unit, what it is.
    static let table: [UInt8] = (0...255).map { (unit: UInt8) -> UInt8 in
        switch unit {
        case 0x30...0x39: digit
        case 0x41...0x5A: upper
        case 0x61...0x7A: lower
        case TextUnits.letter, TextUnits.named: foreign
        case UInt8(ascii: "_"): underscore
        case UInt8(ascii: "."), UInt8(ascii: "%"): joint
        case UInt8(ascii: "-"), UInt8(ascii: "+"): joint | opening
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "<"), UInt8(ascii: ":"),
            UInt8(ascii: "~"):
            opening
        default: 0
        }
    }

    /// ``table``, to be read for each unit.
    static let kinds = PlainTable(table)

    @inline(__always)
    static func isDigit(_ unit: UInt8) -> Bool { unit &- 0x30 < 10 }
    @inline(__always)
    static func isUpper(_ unit: UInt8) -> Bool { unit &- 0x41 < 26 }
    @inline(__always)
    static func isLetter(_ unit: UInt8) -> Bool { (unit | 0x20) &- 0x61 < 26 }
    @inline(__always)
    static func isAlphanumeric(_ unit: UInt8) -> Bool { isDigit(unit) || isLetter(unit) }
    @inline(__always)
    static func isHex(_ unit: UInt8) -> Bool { isDigit(unit) || (unit | 0x20) &- 0x61 < 6 }
    @inline(__always)
    static func isSpace(_ unit: UInt8) -> Bool { unit == 0x20 || unit &- 0x09 < 5 }
    @inline(__always)
    static func lowercased(_ unit: UInt8) -> UInt8 { isUpper(unit) ? unit | 0x20 : unit }
    /// Whether a number or a name would go on with the unit.
    @inline(__always)
    static func isWord(_ unit: UInt8) -> Bool {
        isAlphanumeric(unit) || unit == UInt8(ascii: "_") || isForeign(unit)
    }
    /// Whether a unit is a letter beyond ASCII.
    @inline(__always)
    static func isForeign(_ unit: UInt8) -> Bool {
        unit == TextUnits.letter || unit &- TextUnits.named.lowerBound < UInt8(TextUnits.named.count)
    }
}
