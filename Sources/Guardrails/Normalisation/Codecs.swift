/// Binary-to-text codes read out of a run of scalars, with the place of each byte.
///
/// Each takes one pass and gives no more bytes than it reads scalars.
enum Codecs {
    struct Decoded {
        var bytes: [UInt8] = []
        var starts: [Int32] = []
        var ends: [Int32] = []

        /// Adds a byte that some scalars, from the first to the last, stand for.
        ///
        /// Their text may run backwards.
        mutating func append(_ byte: UInt8, from text: TracedText, _ first: Int, _ last: Int) {
            bytes.append(byte)
            starts.append(min(text.starts[first], text.starts[last]))
            ends.append(max(text.ends[first], text.ends[last]))
        }

        /// Without the zero bytes of ASCII in UTF-16, as shells encode their commands; what it is where it is not that.
        var narrowed: Self {
            guard bytes.count >= 12, bytes.count % 2 == 0 else { return self }
            for zero in 0...1 {
                let isWide = bytes.indices.allSatisfy { (bytes[$0] == 0) == ($0 % 2 == zero) }
                guard isWide else { continue }
                let kept = bytes.indices.filter { $0 % 2 != zero }
                return Self(bytes: kept.map { bytes[$0] }, starts: kept.map { starts[$0] }, ends: kept.map { ends[$0] })
            }
            return self
        }

        var text: TracedText { TracedText(bytes, starts: starts, ends: ends) }
    }

    static func base64Digit(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x41...0x5A: scalar - 0x41
        case 0x61...0x7A: scalar - 0x47
        case 0x30...0x39: scalar + 4
        case 0x2B, 0x2D: 62
        case 0x2F, 0x5F: 63
        default: nil
        }
    }

    static func base32Digit(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x41...0x5A: scalar - 0x41
        case 0x61...0x7A: scalar - 0x61
        case 0x32...0x37: scalar - 0x18
        default: nil
        }
    }

    /// Digits of some bits each, the first the highest; scalars that are none are passed over, `=` ends.
    static func bits(
        _ text: TracedText,
        _ places: [Int],
        width: UInt32,
        digit: (UInt32) -> UInt32?
    ) -> Decoded {
        var decoded = Decoded()
        var held: UInt32 = 0
        var count: UInt32 = 0
        var start = -1
        for place in places {
            guard let value = digit(text.scalars[place]) else { continue }
            if start < 0 { start = place }
            held = held << width | value
            count += width
            if count >= 8 {
                count -= 8
                decoded.append(UInt8(truncatingIfNeeded: held >> count), from: text, start, place)
                held &= (1 << count) - 1
                start = count > 0 ? place : -1
            }
        }
        return decoded
    }

    /// Four bytes in five digits.
    ///
    /// `alphabet` gives a digit's value.
    static func base85(_ text: TracedText, _ range: Range<Int>, digit: (UInt32) -> UInt32?) -> Decoded? {
        var decoded = Decoded()
        var group: [UInt32] = []
        var index = range.lowerBound
        var start = index
        func flush(_ end: Int, padded: Int) -> Bool {
            var value: UInt64 = 0
            for digit in group { value = value * 85 + UInt64(digit) }
            guard value <= 0xFFFF_FFFF else { return false }
            for byte in 0..<(4 - padded) {
                let shift = UInt64(24 - 8 * byte)
                decoded.append(UInt8(truncatingIfNeeded: value >> shift), from: text, start, end)
            }
            group.removeAll(keepingCapacity: true)
            return true
        }
        while index < range.upperBound {
            guard let value = digit(text.scalars[index]) else { return nil }
            if group.isEmpty { start = index }
            group.append(value)
            if group.count == 5, !flush(index, padded: 0) { return nil }
            index += 1
        }
        if group.count == 1 { return nil }
        if group.count > 1 {
            let padding = 5 - group.count
            group.append(contentsOf: repeatElement(84, count: padding))
            if !flush(range.upperBound - 1, padded: padding) { return nil }
        }
        return decoded
    }

    static func ascii85Digit(_ scalar: UInt32) -> UInt32? { scalar >= 0x21 && scalar <= 0x75 ? scalar - 0x21 : nil }
    static func rfc1924Digit(_ scalar: UInt32) -> UInt32? { scalar < 128 ? rfc1924[Int(scalar)] : nil }
    static func z85Digit(_ scalar: UInt32) -> UInt32? { scalar < 128 ? z85[Int(scalar)] : nil }

    private static let letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    private static let rfc1924 = values(letters + "!#$%&()*+-;<=>?@^_`{|}~")
    private static let z85 = values(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + ".-:+=^!/*?&<>()[]{}@%$#"
    )
    private static let base58 = values("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")

    private static func values(_ alphabet: String) -> [UInt32?] {
        var table = [UInt32?](repeating: nil, count: 128)
        for (value, byte) in alphabet.utf8.enumerated() { table[Int(byte)] = UInt32(value) }
        return table
    }

    /// A number in base 58.
    ///
    /// Its cost is the square of its length, so that longer ones than 256 digits are not read.
    static func base58(_ text: TracedText, _ range: Range<Int>) -> Decoded? {
        guard range.count <= 256 else { return nil }
        var bytes: [UInt8] = []
        for index in range {
            let scalar = text.scalars[index]
            guard scalar < 128, let digit = base58[Int(scalar)] else { return nil }
            var carry = digit
            for place in bytes.indices {
                carry += UInt32(bytes[place]) * 58
                bytes[place] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            while carry > 0 {
                bytes.append(UInt8(truncatingIfNeeded: carry))
                carry >>= 8
            }
        }
        var decoded = Decoded()
        for byte in bytes.reversed() { decoded.append(byte, from: text, range.lowerBound, range.upperBound - 1) }
        return decoded
    }

    /// Letters from dots and dashes; nil where one group is no letter.
    static func morse(_ text: TracedText, _ range: Range<Int>) -> TracedText? {
        var result = TracedText()
        var group = ""
        var first = range.lowerBound
        func close(_ end: Int) -> Bool {
            guard !group.isEmpty else { return true }
            guard let letter = morseLetters[group]?.unicodeScalars.first else { return false }
            result.append(letter.value, from: text, first, end - 1)
            group = ""
            return true
        }
        for index in range {
            let scalar = text.scalars[index]
            switch scalar {
            case 0x2E, 0xB7, 0x2D, 0x2212, 0x2013:
                if group.isEmpty { first = index }
                group.append(scalar == 0x2E || scalar == 0xB7 ? "." : "-")
                if group.utf8.count > 6 { return nil }
            case 0x2F, 0x7C, 10:
                guard close(index) else { return nil }
                result.append(0x20, text.starts[index], text.ends[index])
            default:
                guard close(index) else { return nil }
                // Two or more spaces part words as a stroke does.
                if index > range.lowerBound, Letters.isSpace(text.scalars[index - 1]) {
                    result.append(0x20, text.starts[index], text.ends[index])
                }
            }
        }
        return close(range.upperBound) ? result : nil
    }

    private static let morseLetters: [String: String] = {
        let letters = [
            ".-", "-...", "-.-.", "-..", ".", "..-.", "--.", "....", "..", ".---", "-.-", ".-..", "--", "-.", "---",
            ".--.", "--.-", ".-.", "...", "-", "..-", "...-", ".--", "-..-", "-.--", "--..",
        ]
        let digits = [
            "-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----.",
        ]
        var table: [String: String] = [
            ".-.-.-": ".", "--..--": ",", "..--..": "?", ".----.": "'", "-.-.--": "!", "-..-.": "/", "---...": ":",
            "-....-": "-", ".-..-.": "\"", "-.--.": "(", "-.--.-": ")", "-...-": "=", ".--.-.": "@", "..--.-": "_",
            "-.-.-.": ";", ".-...": "&", ".-.-.": "+",
        ]
        for (index, code) in letters.enumerated() {
            table[code] = Unicode.Scalar(UInt32(0x61 + index)).map { String($0) }
        }
        for (index, code) in digits.enumerated() { table[code] = String(index) }
        return table
    }()
}
