/// Characters written as escapes within a text: percent, HTML entities, backslashes, quoted-printable.
enum Escapes {
    /// The text with its escapes decoded once; nil where it has none.
    ///
    /// One pass, and never longer than what it reads.
    static func decode(_ text: TracedText, seen: inout Set<Decoding>) -> TracedText? {
        let scalars = text.scalars
        guard mayHave(scalars) || scalars.contains(0x3C) else { return nil }
        var result = TracedText()
        result.reserve(text.count)
        var said = TracedText()
        var changed = false
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == 0x25 || scalar == 0x3D, let end = bytes(text, at: index, sign: scalar, into: &result) {
                seen.insert(scalar == 0x25 ? .percent : .quotedPrintable)
                changed = true
                index = end
                continue
            }
            if scalar == 0x26, let (value, end) = entity(scalars, at: index) {
                seen.insert(.entity)
                changed = true
                result.append(value, from: text, index, end - 1)
                index = end
                continue
            }
            if scalar == 0x3C, let end = InlineTags.end(scalars, at: index) {
                seen.insert(.entity)
                changed = true
                InlineTags.append(text, index..<end, to: &said)
                index = end
                continue
            }
            if scalar == 0x5C, let (value, end) = backslash(scalars, at: index) {
                seen.insert(.backslash)
                changed = true
                result.append(value, from: text, index, end - 1)
                index = end
                continue
            }
            result.append(text, at: index)
            index += 1
        }
        result.append(contentsOf: said, 0..<said.count)
        return changed ? result : nil
    }

    /// Whether a sign that begins an escape is among some scalars.
    static func mayHave(_ scalars: [UInt32]) -> Bool {
        scalars.contains { $0 == 0x25 || $0 == 0x26 || $0 == 0x5C || $0 == 0x3D }
    }

    static func hexDigit(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x30...0x39: scalar - 0x30
        case 0x41...0x46: scalar - 0x37
        case 0x61...0x66: scalar - 0x57
        default: nil
        }
    }

    /// A run of `%41` or `=41`.
    ///
    /// Quoted-printable is taken for such only from three in a row.
    private static func bytes(
        _ text: TracedText,
        at index: Int,
        sign: UInt32,
        into result: inout TracedText
    ) -> Int? {
        let scalars = text.scalars
        var bytes: [UInt8] = []
        var starts: [Int32] = []
        var ends: [Int32] = []
        var place = index
        while place + 2 < scalars.count, scalars[place] == sign, let high = hexDigit(scalars[place + 1]),
            let low = hexDigit(scalars[place + 2])
        {
            bytes.append(UInt8(truncatingIfNeeded: high << 4 | low))
            starts.append(min(text.starts[place], text.starts[place + 2]))
            ends.append(max(text.ends[place], text.ends[place + 2]))
            place += 3
        }
        guard bytes.count >= (sign == 0x25 ? 1 : 3) else { return nil }
        let decoded = TracedText(bytes, starts: starts, ends: ends)
        guard !decoded.scalars.contains(where: { $0 == 0xFFFD || $0 < 9 }) else { return nil }
        result.append(contentsOf: decoded, 0..<decoded.count)
        return place
    }

    private static func entity(_ scalars: [UInt32], at index: Int) -> (UInt32, Int)? {
        let limit = min(scalars.count, index + 12)
        guard index + 2 < limit else { return nil }
        if scalars[index + 1] == 0x23 {
            var place = index + 2
            let isHex = place < limit && scalars[place] | 0x20 == 0x78
            if isHex { place += 1 }
            var value: UInt32 = 0
            let first = place
            while place < limit, let digit = hexDigit(scalars[place]), isHex || digit < 10 {
                value = value &* (isHex ? 16 : 10) &+ digit
                guard value <= 0x10FFFF else { return nil }
                place += 1
            }
            guard place > first, value >= 9, Unicode.Scalar(value) != nil else { return nil }
            return (value, place < scalars.count && scalars[place] == 0x3B ? place + 1 : place)
        }
        var place = index + 1
        var name = ""
        while place < limit, Letters.isASCIILetter(scalars[place]), let letter = Unicode.Scalar(scalars[place]) {
            name.unicodeScalars.append(letter)
            place += 1
        }
        guard place < scalars.count, scalars[place] == 0x3B, let value = names[name] else { return nil }
        return (value, place + 1)
    }

    private static let names: [String: UInt32] = [
        "amp": 0x26, "lt": 0x3C, "gt": 0x3E, "quot": 0x22, "apos": 0x27, "nbsp": 0x20, "excl": 0x21, "num": 0x23,
        "colon": 0x3A, "semi": 0x3B, "comma": 0x2C, "period": 0x2E, "lpar": 0x28, "rpar": 0x29, "sol": 0x2F,
        "bsol": 0x5C, "lsqb": 0x5B, "rsqb": 0x5D, "lbrack": 0x5B, "rbrack": 0x5D, "lbrace": 0x7B, "rbrace": 0x7D,
        "vert": 0x7C, "verbar": 0x7C, "equals": 0x3D, "quest": 0x3F, "commat": 0x40, "dollar": 0x24, "percnt": 0x25,
        "ast": 0x2A, "plus": 0x2B, "hyphen": 0x2D, "lowbar": 0x5F, "grave": 0x60, "Hat": 0x5E, "Tab": 9,
        "NewLine": 10, "shy": 0xAD, "zwnj": 0x200C, "zwj": 0x200D,
    ]

    /// `\x41`, `\u0041`, `\u{41}`, `\U00000041`, `\N`-free; and octal from three digits.
    private static func backslash(_ scalars: [UInt32], at index: Int) -> (UInt32, Int)? {
        guard index + 3 < scalars.count else { return nil }
        let kind = scalars[index + 1]
        func hex(_ first: Int, _ count: Int) -> UInt32? {
            guard first + count <= scalars.count else { return nil }
            var value: UInt32 = 0
            for place in first..<first + count {
                guard let digit = hexDigit(scalars[place]) else { return nil }
                value = value << 4 | digit
            }
            return value
        }
        switch kind {
        case 0x78:  // x
            guard let value = hex(index + 2, 2), value >= 9 else { return nil }
            return (value, index + 4)
        case 0x75:  // u
            if scalars[index + 2] == 0x7B {
                var place = index + 3
                var value: UInt32 = 0
                while place < min(scalars.count, index + 9), let digit = hexDigit(scalars[place]) {
                    value = value << 4 | digit
                    place += 1
                }
                guard place > index + 3, place < scalars.count, scalars[place] == 0x7D, value >= 9,
                    Unicode.Scalar(value) != nil
                else { return nil }
                return (value, place + 1)
            }
            guard let value = hex(index + 2, 4), value >= 9 else { return nil }
            if (0xD800...0xDBFF).contains(value), index + 11 < scalars.count, scalars[index + 6] == 0x5C,
                scalars[index + 7] == 0x75, let low = hex(index + 8, 4), (0xDC00...0xDFFF).contains(low)
            {
                return (0x10000 + (value - 0xD800) << 10 + (low - 0xDC00), index + 12)
            }
            return Unicode.Scalar(value) == nil ? nil : (value, index + 6)
        case 0x55:  // U
            guard let value = hex(index + 2, 8), value >= 9, Unicode.Scalar(value) != nil else { return nil }
            return (value, index + 10)
        case 0x30...0x37:
            let digits = scalars[index + 1..<index + 4]
            guard digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x37 }) else { return nil }
            let value = digits.reduce(0) { $0 << 3 | ($1 - 0x30) }
            return value >= 32 && value < 127 ? (value, index + 4) : nil
        default: return nil
        }
    }
}
