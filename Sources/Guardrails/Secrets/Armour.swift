/// What may stand in an armoured key: base64, headers, line ends, also written as `\n`, and what quotes its lines in
/// programs, mails, links and markup.
enum Armour {
    @inline(__always)
    static func contains(_ unit: UInt8) -> Bool {
        if UnitClass.isAlphanumeric(unit) || UnitClass.isSpace(unit) { return true }
        switch unit {
        case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ","),
            UInt8(ascii: "\\"), UInt8(ascii: "."), UInt8(ascii: "-"):
            return true
        default: return isJoint(unit)
        }
    }

    /// `"…" +`, `> …`, `%0A`, `&#10;`, `<br>`.
    @inline(__always)
    static func isJoint(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ">"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "#"), UInt8(ascii: ";"), UInt8(ascii: "<"):
            true
        default: false
        }
    }
}
