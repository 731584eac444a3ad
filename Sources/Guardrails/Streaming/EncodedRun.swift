import RegularExpressions

/// Text that stands for other text: base64 and hexadecimal.
enum EncodedRun {
    static let units: UnitSet = {
        var set = UnitSet(0x30...0x39, 0x41...0x5A, 0x61...0x7A)
        for unit in "+/=_-".utf8 { set.insert(unit...unit) }
        return set
    }()

    /// Where a run has become longer than may be: letters and digits of both kinds, without a word's hyphens.
    static func end(_ reader: inout UnitReader, from start: Int) -> Int? {
        var index = start
        var kinds: UInt8 = 0
        while index <= start + OutputPolicy.longestEncodedRun {
            let unit = reader[index]
            guard units.contains(unit), unit != UInt8(ascii: "-") || index > start else { return nil }
            kinds |= UnitClass.isDigit(unit) ? 1 : UnitClass.isLetter(unit) ? 2 : 0
            index += 1
        }
        return kinds == 3 ? index : nil
    }

    /// What a run may stand for.
    static func decodings(of run: [UInt8]) -> [[UInt8]] {
        var decodings: [[UInt8]] = []
        if run.allSatisfy(UnitClass.isHex) {
            decodings.append(
                stride(from: 0, to: run.count - 1, by: 2).map { nibble(run[$0]) << 4 | nibble(run[$0 + 1]) }
            )
        }
        var bits: UInt32 = 0
        var count = 0
        var bytes: [UInt8] = []
        for unit in run {
            guard let value = sextet(unit) else { break }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        decodings.append(bytes)
        return decodings
    }

    private static func nibble(_ unit: UInt8) -> UInt8 {
        UnitClass.isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x61 + 10
    }

    private static func sextet(_ unit: UInt8) -> UInt8? {
        switch unit {
        case 0x41...0x5A: unit - 0x41
        case 0x61...0x7A: unit - 0x61 + 26
        case 0x30...0x39: unit - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
